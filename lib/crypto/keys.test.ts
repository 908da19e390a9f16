import { expect, test } from 'vitest'
import { fromB64, fromB64Slowly, random, toB64, toB64Slowly } from './bytes.ts'
import { decodeArray, encode, type Cbor } from './cbor.ts'
import { checkNewcomer, claimOf, macNewcomer } from './invitation.ts'
import {
  generateDeviceKeys,
  importKeys,
  newAccountSecrets,
  openPin,
  rewrapPin,
  unwrapAccount,
  wrapAccount,
} from './keys.ts'
import { checkPatientVouch, vouchForPatient } from './patient-vouch.ts'
import { codeOf, flip, newKeys, signerOf, testClinic } from './testing.ts'

const owner = { clinicId: 'clinic-1', memberId: 'member-1' }
const pin = { rootFingerprint: random(32), length: 5, head: random(32) }

test('an account opens with its export key and carries root, chain pin and root secret', async () => {
  const exportKey = random(64)
  const secrets = newAccountSecrets(true)
  const wrapped = await wrapAccount(exportKey, owner, secrets, pin)
  const opened = await unwrapAccount(exportKey, owner, wrapped)
  expect(opened.secrets).toEqual(secrets)
  expect(opened.pin).toEqual(pin)
  const [a, b] = await Promise.all([importKeys(secrets), importKeys(opened.secrets)])
  expect(a.public).toEqual(b.public)
  expect(a.sign.privateKey.extractable || a.dh.privateKey.extractable).toBe(false)
})

test('another password, member, clinic or version, and every altered byte, is refused', async () => {
  const exportKey = random(64)
  const wrapped = await wrapAccount(exportKey, owner, newAccountSecrets(false), pin)
  expect(await codeOf(unwrapAccount(random(64), owner, wrapped))).toBe('WRONG_PASSWORD')
  expect(await codeOf(unwrapAccount(exportKey, { ...owner, memberId: 'member-2' }, wrapped))).toBe('WRONG_PASSWORD')
  expect(await codeOf(unwrapAccount(exportKey, { ...owner, clinicId: 'clinic-2' }, wrapped))).toBe('WRONG_PASSWORD')
  const newer = encode((decodeArray(wrapped) as Cbor[]).with(0, 2))
  expect(await codeOf(unwrapAccount(exportKey, owner, newer))).toBe('UNSUPPORTED')
  for (let bit = 0; bit < wrapped.length * 8; bit += 5) {
    expect(await codeOf(unwrapAccount(exportKey, owner, flip(wrapped, bit)))).not.toBe('accepted')
  }
})

test('the pin follows the chain without the secrets being opened', async () => {
  const exportKey = random(64)
  const secrets = newAccountSecrets(false)
  const wrapped = await wrapAccount(exportKey, owner, secrets, pin)
  const { pinKey } = await unwrapAccount(exportKey, owner, wrapped)
  const later = { ...pin, length: 6, head: random(32) }
  const rewrapped = await rewrapPin(wrapped, owner, pinKey, later)
  expect(await openPin(pinKey, owner, rewrapped)).toEqual(later)
  const opened = await unwrapAccount(exportKey, owner, rewrapped)
  expect([opened.pin, opened.secrets]).toEqual([later, secrets])
  // The two halves do not stand in for each other.
  const [version, n1, c1, n2, c2] = decodeArray(wrapped) as Cbor[]
  expect(await codeOf(unwrapAccount(exportKey, owner, encode([version!, n2!, c2!, n1!, c1!])))).toBe('WRONG_PASSWORD')
})

test('device keys are not extractable', async () => {
  const keys = await generateDeviceKeys()
  for (const key of [keys.sign.privateKey, keys.dh.privateKey]) {
    expect(key.extractable).toBe(false)
    await expect(crypto.subtle.exportKey('pkcs8', key)).rejects.toThrow()
  }
})

// Defence: the comparison of MACs in checkNewcomer (invitation.ts).
test('attack 7: a newcomer’s keys swapped by the server before they are vouched for', async () => {
  const secret = random(32)
  const [keys, evil] = [await newKeys(), await newKeys()]
  const rootFingerprint = random(32)
  const desk = { roles: ['frontdesk'], groups: ['desk' as const] }
  const newcomer = { clinicId: 'c', invitationId: 'i', memberId: 'm', rootFingerprint, keys: keys.public, ...desk }
  const mac = await macNewcomer(secret, newcomer)
  expect(await codeOf(checkNewcomer(secret, newcomer, mac))).toBe('accepted')
  expect(toB64(await claimOf(secret, 'i'))).not.toBe(toB64(mac))
  const wrong = [
    { keys: evil.public },
    { keys: { ...keys.public, dh: evil.public.dh } },
    { memberId: 'n' },
    { invitationId: 'j' },
    { clinicId: 'd' },
    { rootFingerprint: random(32) },
    { roles: ['frontdesk', 'practitioner'] },
    { groups: ['clinical' as const, 'desk' as const] },
  ]
  for (const change of wrong)
    expect(await codeOf(checkNewcomer(secret, { ...newcomer, ...change }, mac))).toBe('BAD_INVITATION')
  expect(await codeOf(checkNewcomer(random(32), newcomer, mac))).toBe('BAD_INVITATION')
  expect(await codeOf(checkNewcomer(secret, newcomer, flip(mac, 0)))).toBe('BAD_INVITATION')
})

// Defence: checkPatientVouch in patient-vouch.ts.
test('attack 7: a patient’s key vouched for by nobody who may', async () => {
  const { chain, owner: doctor, desk } = await testClinic()
  const [phone, desktop] = [await newKeys(), await newKeys()]
  const vouch = {
    clinicId: 'clinic-1',
    patientId: 'p1',
    keys: phone.public,
    first: desktop.public,
    reason: 'document' as const,
  }
  const good = await vouchForPatient(chain, vouch, signerOf(doctor))
  expect(await checkPatientVouch(chain, 'p1', good)).toEqual({
    ...{ keys: phone.public, first: desktop.public, reason: 'document', by: 'clinical' },
    ...{ groups: ['clinical', 'desk', 'officers'], signer: doctor.public.sign, left: false },
  })
  const alone = await vouchForPatient(chain, { ...vouch, first: null }, signerOf(doctor))
  expect(await checkPatientVouch(chain, 'p1', alone)).toMatchObject({ first: null, by: 'clinical' })
  expect(await codeOf(checkPatientVouch(chain, 'p2', good))).toBe('BAD_ENVELOPE')
  expect(await codeOf(checkPatientVouch({ ...chain, clinicId: 'clinic-2' }, 'p1', good))).toBe('BAD_ENVELOPE')
  // The desk's word is told apart by who reads it: never taken for a clinical member's.
  const atDesk = await vouchForPatient(chain, vouch, signerOf(desk))
  expect(await checkPatientVouch(chain, 'p1', atDesk)).toMatchObject({ by: 'desk', reason: 'document' })
  expect(await codeOf(checkPatientVouch(chain, 'p1', await vouchForPatient(chain, vouch, signerOf(phone))))).toBe(
    'NOT_VOUCHED',
  )
  const stranger = (await newKeys()).public
  for (const [index, part] of [
    [4, stranger.dh] as const,
    [5, [stranger.sign, stranger.dh]] as const,
    [6, 'video'] as const,
  ]) {
    const swapped = encode((decodeArray(good) as Cbor[]).with(index, part as Cbor))
    expect(await codeOf(checkPatientVouch(chain, 'p1', swapped))).toBe('BAD_SIGNATURE')
  }
  // Defence: isSmallOrder there: a chart whose reader cannot be sealed to could not be written in.
  const none = { ...vouch, keys: { ...phone.public, dh: new Uint8Array(32) } }
  expect(await codeOf(checkPatientVouch(chain, 'p1', await vouchForPatient(chain, none, signerOf(doctor))))).toBe(
    'BAD_ENVELOPE',
  )
  const madeUp = await vouchForPatient(chain, { ...vouch, reason: 'hearsay' as never }, signerOf(doctor))
  expect(await codeOf(checkPatientVouch(chain, 'p1', madeUp))).toBe('BAD_ENVELOPE')
})

// Node has no native one yet, Chromium has: vault.chromium.test.ts holds the two against each other.
test.each([
  ['toB64', toB64, fromB64],
  ['toB64Slowly', toB64Slowly, fromB64Slowly],
])('base64url has one text for each byte string: %s', async (_, to, from) => {
  for (let length = 0; length < 40; length++) {
    const bytes = random(length)
    expect(to(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    expect(from(to(bytes))).toEqual(bytes)
  }
  for (const text of ['A', 'AA==', 'AB', 'A+A_', 'AAA=', 'A A', 'AAÉA', 'AAAAA', ' AAAA', 'AAAA\n']) {
    expect(await codeOf(() => from(text)), text).toBe('BAD_ENVELOPE')
  }
  expect(await codeOf(() => fromB64('AAAA', 2))).toBe('BAD_ENVELOPE')
})
