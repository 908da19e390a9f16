import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as base from './reader-base.ts'
import type { Field } from './reader-base.ts'
import * as members from './reader-chain.ts'
import * as reader from './reader.ts'

const { b64, encode, hash } = base
const load = (name: string) => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8'))
const [rekey, chains, epochs, records, bodies, accounts, shares, calls] = [
  'rekey',
  'chain',
  'epochs',
  'records',
  'bodies',
  'accounts',
  'shares',
  'calls',
].map(load)
const chain = members.readChain(chains.clinicId, chains.statements, b64(chains.rootFingerprint))
const text = (bytes: Buffer) => bytes.toString('base64url')
const flipped = (value: string, at: number) => {
  const bytes = b64(value)
  bytes[at]! ^= 1
  return text(bytes)
}

describe('a second reader opens the vectors', () => {
  test('the chain', () => {
    expect(chain.hashes.map(text)).toEqual(chains.hashes)
    expect(text(chain.hashes.at(-1)!)).toBe(chains.head)
    expect(
      chain.members.map(({ memberId, roles, groups, since, until }) => ({ memberId, roles, groups, since, until })),
    ).toEqual(chains.members)
    expect(text(base.publicOf('Ed25519', b64(chains.rootSecret)))).toBe(text(chain.root))
  })

  test('a chain in which somebody has new keys, and the words that were compared', () => {
    const root = b64(rekey.rootFingerprint)
    const read = members.readChain(rekey.clinicId, rekey.statements, root)
    expect(read.hashes.map(text)).toEqual(rekey.hashes)
    expect(
      read.members.map(({ memberId, sign, dh, since, until }) => ({
        ...{ memberId, sign: text(sign), dh: text(dh), since, until },
      })),
    ).toEqual(rekey.members)
    const { memberId, sign, dh } = read.members.at(-1)!
    expect(text(hash('rekey', encode([rekey.clinicId, root, memberId, sign, dh])))).toBe(rekey.fingerprint)
    const fields = base.decode(b64(rekey.approval)) as Field[]
    base.checkSignature(fields[7] as Buffer, 'rekey', fields.slice(0, 8), fields[8] as Buffer)
  })

  test('epoch secrets, directly and through a later epoch', () => {
    for (const grant of epochs.grants) {
      const through: Record<string, number> = { 'desk epoch 2': 2, 'clinical epoch 1': 1 }
      const later = through[grant.opener]
      const secret = later === undefined ? chains.people[grant.opener].dhSecret : epochs.secrets[later].secret
      const scalar = reader.openEpoch(chain, grant, b64(secret))
      expect(epochs.secrets.map((each: { secret: string }) => each.secret)).toContain(text(scalar))
    }
  })

  test('records, for each of their readers', () => {
    let opened = 0
    for (const { sealed, content, recordHash } of records.records) {
      expect(text(reader.checkEnvelope(sealed).hash)).toBe(recordHash)
      for (const grant of sealed.grants) {
        const held = Object.values<{ public: string; secret: string }>(records.readers).find(
          (each) => each.public === grant.recipient.key,
        )!
        expect(reader.openRecord(sealed, chain, b64(held.secret), b64(records.patient.sign))).toEqual(content)
        opened++
      }
    }
    expect(opened).toBe(11)
  })

  test('bodies of none, one and several chunks', () => {
    for (const body of bodies.bodies) {
      expect(text(reader.checkEnvelope(body).hash)).toBe(body.recordHash)
      const opened = reader.openBody(body, b64(body.dek))
      expect(opened.length).toBe(body.length)
      expect(createHash('sha256').update(opened).digest('base64url')).toBe(body.bodyHash)
      expect(opened.every((byte, i) => byte === ((i * 31 + (i >> 8)) & 255))).toBe(true)
    }
  })

  test('an account, an invitation, a vouch', () => {
    const opened = reader.openAccount(
      b64(accounts.exportKey),
      accounts.clinicId,
      accounts.memberId,
      b64(accounts.wrapped),
    )
    const { secrets, pin, invitation, vouch, kit } = accounts
    expect({ sign: text(opened.sign), dh: text(opened.dh), root: text(opened.root!) }).toEqual(secrets)
    const ids: [string, string, string] = [accounts.clinicId, accounts.memberId, kit.wrapId]
    const byKit = reader.openFurther(b64(kit.entropy), 'kit', ids, b64(kit.wrapped))
    expect({ sign: text(byKit.sign), dh: text(byKit.dh), root: text(byKit.root!) }).toEqual(secrets)
    expect({ rootFingerprint: text(opened.rootFingerprint), length: opened.length, head: text(opened.head) }).toEqual(
      pin,
    )
    const { sign, dh } = chains.people.desk
    const fields = [
      accounts.clinicId,
      invitation.invitationId,
      invitation.memberId,
      b64(pin.rootFingerprint),
      b64(sign),
      b64(dh),
      invitation.roles,
      invitation.groups,
    ]
    const held = b64(invitation.secret)
    expect(text(reader.invitationMac(held, fields))).toBe(invitation.mac)
    expect(text(reader.invitationClaim(held, invitation.invitationId))).toBe(invitation.claim)
    const said = reader.checkVouch(chain, b64(vouch.bytes))
    expect([said.patient, text(said.sign), text(said.dh)]).toEqual([vouch.patientId, vouch.keys.sign, vouch.keys.dh])
    expect(said.first!.map(text)).toEqual([vouch.first.sign, vouch.first.dh])
    expect([said.reason, said.by]).toEqual([vouch.reason, 'clinical'])
    expect(reader.deviceCode(chain, vouch.patientId, said.sign, said.dh)).toBe(vouch.code.replaceAll(' ', ''))
  })

  test('a pharmacist’s copy', () => {
    const { rxId, secret, share, rootFingerprint, memberId, prescriberName, issuedAt, prescription } = shares
    const opened = reader.openShare(rxId, b64(secret), b64(share), b64(rootFingerprint))
    expect(opened).toEqual({ member: memberId, name: prescriberName, date: issuedAt, prescription })
  })

  test('the call’s handshake', () => {
    type Side = {
      role: string
      ephemeral: string
      ephemeralSecret: string
      random: string
      commitment: string
      sign: string
      dh: string
    }
    const sides = calls.parties as [Side, Side]
    for (const side of sides) {
      const commitment = hash(
        'call-commitment',
        encode([side.role, calls.callId, b64(side.ephemeral), b64(side.random)]),
      )
      expect(text(commitment)).toBe(side.commitment)
    }
    const rows = (fields: (side: Side) => base.Field[]) =>
      sides.map((side) => encode(fields(side))).sort(Buffer.compare)
    const all = rows((side) => [side.role, b64(side.commitment), b64(side.ephemeral), b64(side.sign), b64(side.dh)])
    const transcript = hash('call-transcript', encode([calls.callId, b64(calls.chainHead), all]))
    expect(text(transcript)).toBe(calls.transcript)
    const code = (hash('call-safety-code', transcript).readBigUInt64BE() % 100000000n).toString().padStart(8, '0')
    expect(`${code.slice(0, 4)} ${code.slice(4)}`).toBe(calls.safetyCode)
    const roster = rows((side) => [side.role, b64(side.ephemeral), b64(side.sign), b64(side.dh)])
    const practitioner = sides[1]
    base.checkSignature(
      b64(practitioner.sign),
      'call-roster',
      [calls.callId, calls.roster.epoch, transcript, roster],
      b64(calls.roster.signature),
    )
    const { epoch, enc, ct, signature, key } = calls.senderKey
    const context = [calls.callId, epoch, b64(sides[0].sign), b64(practitioner.ephemeral), transcript]
    base.checkSignature(b64(sides[0].sign), 'call-sender-key', [...context, b64(enc), b64(ct)], b64(signature))
    const info = Buffer.concat([Buffer.from('curtain/v1/call-sender-key'), transcript])
    expect(text(base.openHpke(b64(practitioner.ephemeralSecret), info, encode(context), b64(enc), b64(ct)))).toBe(key)
    const { frame } = calls
    const numbers = Buffer.alloc(8)
    numbers.writeUInt32BE(frame.epoch, 0)
    numbers.writeUInt32BE(frame.generation, 4)
    const frameKey = base.kdf(
      b64(key),
      'frame',
      Buffer.concat([numbers, b64(frame.transform), Buffer.from(frame.source)]),
      32,
    )
    expect(base.openAead(frameKey, b64(frame.nonce), Buffer.alloc(0), b64(frame.sealed)).toString()).toBe(
      frame.plaintext,
    )
  })
})

describe('a second reader refuses', () => {
  const [{ sealed }] = records.records
  const secret = b64(records.readers.clinical.secret)
  const open = (change: object) => () =>
    reader.openRecord({ ...sealed, ...change }, chain, secret, b64(records.patient.sign))

  test('altered headers, ciphertexts, commitments and grants', () => {
    expect(open({})).not.toThrow()
    for (const part of ['header', 'commit', 'ciphertext', 'signature'] as const) {
      for (let at = 0; at < b64(sealed[part]).length; at++)
        expect(open({ [part]: flipped(sealed[part], at) }), `${part} ${at}`).toThrow()
    }
    const [grant] = sealed.grants
    for (const part of ['enc', 'ct', 'signature', 'granter'] as const) {
      expect(open({ grants: [{ ...grant, [part]: flipped(grant[part], 5) }] }), part).toThrow()
    }
    expect(open({ meta: { ...sealed.meta, patientId: 'another' } })).toThrow('misfiled')
    expect(open({ grants: records.records[1].sealed.grants })).toThrow('bad signature')
  })

  test('a body whose chunks were cut off', () => {
    const body = bodies.bodies.at(-1)
    const ciphertext = text(b64(body.ciphertext).subarray(0, 65552))
    expect(() => reader.openBody({ ...body, ciphertext }, b64(body.dek))).toThrow()
    expect(() => reader.openBody(body, b64(bodies.bodies[0].dek))).toThrow('bad commitment')
  })

  test('a chain cut in the middle, of another root, or altered', () => {
    const root = b64(chains.rootFingerprint)
    expect(() => members.readChain(chains.clinicId, chains.statements.toSpliced(4, 1), root)).toThrow()
    expect(() => members.readChain(chains.clinicId, chains.statements, Buffer.alloc(32))).toThrow('another root')
    const altered = chains.statements.with(4, { ...chains.statements[4], body: flipped(chains.statements[4].body, 90) })
    expect(() => members.readChain(chains.clinicId, altered, root)).toThrow()
  })
})
