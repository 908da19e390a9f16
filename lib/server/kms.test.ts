import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { jwtVerify, SignJWT } from 'jose'
import { directoryKeyStore } from './keystore-dir.ts'
import {
  emailIndex,
  keyedHash,
  opaqueSetup,
  openField,
  patientEmailIndex,
  rewrapField,
  sealField,
  ticketKey,
} from './kms.ts'
import { testEnv } from './testing.ts'

const dir = mkdtempSync(join(tmpdir(), 'kms-'))
beforeAll(() => void Object.assign(process.env, testEnv(dir)))

describe('a sealed field', () => {
  const place = 'member.email|clinic|member'

  it('opens in its own place only, and never as it was when a bit changed', async () => {
    const sealed = await sealField('jane@example.org', place)
    expect(Buffer.from(sealed).toString('latin1')).not.toContain('jane')
    expect(await openField(sealed, place)).toBe('jane@example.org')
    await expect(openField(sealed, 'member.email|clinic|another')).rejects.toThrow()
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed)
      changed[at]! ^= 1
      await expect(openField(changed, place)).rejects.toThrow()
    }
  })

  it("of a patient goes with the patient's outer key, whatever else is kept", async () => {
    const [clinicId, patientId] = ['5f0c5a0e-0000-4000-8000-000000000001', '5f0c5a0e-0000-4000-8000-000000000002']
    const context = `patient.phone|${clinicId}|${patientId}`
    const sealed = await rewrapField(await sealField('+33 1', context), context)
    expect(await openField(sealed, context)).toBe('+33 1')
    await directoryKeyStore(join(dir, 'keystore')).remove({ clinicId, patientId, class: 'identity' })
    await expect(openField(sealed, context)).rejects.toMatchObject({ code: 'FIELD_GONE' })
    // Said to be of the form that has no outer layer, it opens as ciphertext and not as a number.
    sealed[0] = 1
    expect(await openField(sealed, context)).not.toContain('+33')
  })

  it('is another one each time', async () => {
    expect(await sealField('x', place)).not.toEqual(await sealField('x', place))
  })
})

describe('keyed hashes', () => {
  it('find one address however it is spelled, and differ by purpose', async () => {
    expect(await emailIndex(' Jane@Example.ORG ')).toEqual(await emailIndex('jane@example.org'))
    expect(await keyedHash('email', 'a')).not.toEqual(await keyedHash('phone', 'a'))
  })
})

describe('server secrets', () => {
  // Defence: the clinic in patientEmailIndex. By one index for all, a dump tells who is a patient of two clinics.
  it('knows a patient by address within one clinic, and in no other', async () => {
    const [here, there] = ['5f0c5a0e-0000-4000-8000-000000000001', '5f0c5a0e-0000-4000-8000-000000000002']
    expect(await patientEmailIndex(here, ' Jane@Example.ORG ')).toEqual(
      await patientEmailIndex(here, 'jane@example.org'),
    )
    expect(await patientEmailIndex(here, 'jane@example.org')).not.toEqual(
      await patientEmailIndex(there, 'jane@example.org'),
    )
    expect(await patientEmailIndex(here, 'jane@example.org')).not.toEqual(await emailIndex('jane@example.org'))
  })

  it('are made once, also by many who ask at once', async () => {
    expect(new Set(await Promise.all([opaqueSetup(), opaqueSetup(), opaqueSetup()])).size).toBe(1)
    const [one, two] = await Promise.all([ticketKey(), ticketKey()])
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'EdDSA', kid: one.kid }).sign(one.privateKey)
    await expect(jwtVerify(token, two.publicKey)).resolves.toBeTruthy()
    expect(readdirSync(join(dir, 'keys')).sort()).toEqual([
      'index.key',
      'kek.json',
      'opaque.setup',
      'root.key',
      'ticket.jwk',
    ])
  })
})
