import { beforeAll, describe, expect, test } from 'vitest'
import { type Bytes, concat, derive, fromB64, random, sha256, toB64, utf8 } from './bytes.ts'
import { encode, type Cbor } from './cbor.ts'
import {
  CHUNK,
  encodeHeader,
  type Envelope,
  type Header,
  openBody,
  parseHeader,
  sealBody,
  verifyEnvelope,
} from './envelope.ts'
import { type Keys } from './keys.ts'
import { openRecord, type Reader, regrantRecord, sealRecord } from './record.ts'
import { signBytes, signedBytes } from './sign.ts'
import { codeOf, flip, newKeys, OWNER, testClinic, type TestClinic } from './testing.ts'
import type { Recipient, Sealed } from './types.ts'

let world: TestClinic
let patient: Keys
let reader: Reader
let header: Header
const ids = { clinicId: 'clinic-1', patientId: 'patient-1', recordId: 'record-1' }

beforeAll(async () => {
  world = await testClinic()
  patient = await newKeys()
  reader = { ...world.reader(['desk', 'clinical']), trustPatient: () => 'first-use' }
  const rest = { revision: 1, previous: null, chainHead: world.chain.head, schema: 1 }
  header = { ...ids, ...rest, type: 'note', author: world.owner.public, managing: 'clinical' }
})

const author = () => ({ sign: world.owner.sign.privateKey, keys: world.owner.public })
const toPatient = (): Recipient => ({ kind: 'patient', id: 'patient-1', key: toB64(patient.public.dh), epoch: 0 })
const sealNote = (change: Partial<Header> = {}, content: unknown = { text: 'rest and tea' }) =>
  sealRecord({ ...header, ...change }, content, [world.recipient('clinical'), toPatient()], author())
const seal = (body: Bytes, change: Partial<Header> = {}) =>
  sealBody({ ...header, ...change }, body, world.owner.sign.privateKey)

describe('an envelope', () => {
  test('opens to what was sealed, for each recipient', async () => {
    const sealed = await sealNote()
    const opened = await openRecord(sealed, reader)
    expect(opened.content).toEqual({ text: 'rest and tea' })
    expect(opened.author).toMatchObject({ kind: 'member', member: { memberId: OWNER } })
    const device = { ...reader, keysFor: ({ kind }: Recipient) => (kind === 'patient' ? patient.dh : null) }
    expect((await openRecord(sealed, device)).content).toEqual({ text: 'rest and tea' })
    expect(await codeOf(openRecord(sealed, world.reader(['desk'])))).toBe('NOT_FOR_YOU')
  })

  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])('holds a body of %i bytes', async (length) => {
    const body = new Uint8Array(length).map((_, index) => index * 31)
    const { envelope, dek } = await seal(body)
    expect(await openBody(envelope, dek)).toEqual(body)
  })

  test('two seals of one content share no key, commitment or ciphertext', async () => {
    const [a, b] = [await seal(utf8('same')), await seal(utf8('same'))]
    expect(a.dek).not.toEqual(b.dek)
    expect(a.envelope.commit).not.toEqual(b.envelope.commit)
    expect(a.envelope.ciphertext).not.toEqual(b.envelope.ciphertext)
  })

  test('chunks cannot be dropped, swapped or appended, signature aside', async () => {
    const { envelope, dek } = await seal(new Uint8Array(2 * CHUNK + 5).map((_, index) => index >> 9))
    const size = CHUNK + 16
    const [a, b, c] = [0, 1, 2].map((index) => envelope.ciphertext.slice(index * size, (index + 1) * size))
    for (const pieces of [[a!], [a!, b!], [b!, a!, c!], [a!, b!, c!, c!], [a!, b!, c!, new Uint8Array(16)]]) {
      const ciphertext = concat(...pieces)
      expect(await codeOf(openBody({ ...envelope, ciphertext }, dek))).toBe('BAD_ENVELOPE')
    }
  })
})

describe('a header', () => {
  const fields = () =>
    [
      1,
      1,
      'note',
      ...Object.values(ids),
      1,
      null,
      header.author.sign,
      header.author.dh,
      header.chainHead,
      1,
      'clinical',
    ] as Cbor[]
  const changed = (index: number, value: Cbor) => encode(fields().with(index, value))

  test('parses back to what was encoded', () => {
    expect(parseHeader(encodeHeader(header))).toEqual(header)
    expect(encode(fields())).toEqual(encodeHeader(header))
  })

  test.each([
    ['version 2', 0, 2],
    ['suite 2', 1, 2],
    ['an unknown type', 2, 'letter'],
    ['an unknown group', 12, 'billing'],
  ])('with %s is unsupported', async (_, index, value) => {
    expect(await codeOf(() => parseHeader(changed(index, value)))).toBe('UNSUPPORTED')
  })

  test('with a field more or less is unsupported', async () => {
    expect(await codeOf(() => parseHeader(encode([...fields(), 'more'])))).toBe('UNSUPPORTED')
    expect(await codeOf(() => parseHeader(encode(fields().slice(0, 12))))).toBe('UNSUPPORTED')
  })

  test.each([
    ['a revision of zero', 6, 0],
    ['a first revision with a predecessor', 7, new Uint8Array(32)],
    ['a second revision without one', 6, 2],
    ['a short key', 8, new Uint8Array(31)],
    ['text for bytes', 10, 'head'],
    ['an id with a space', 5, 'record 1'],
    ['the managing group of another type', 12, 'desk'],
  ])('with %s is refused', async (_, index, value) => {
    expect(await codeOf(() => parseHeader(changed(index, value)))).toBe('BAD_ENVELOPE')
  })

  test('in any CBOR but the deterministic one is refused', async () => {
    const good = encodeHeader(header)
    const longer = concat(Uint8Array.of(0x98, 13), good.slice(1)) // array length in two bytes
    const open = concat(Uint8Array.of(0x9f), good.slice(1), Uint8Array.of(0xff)) // indefinite length
    const wide = concat(good.slice(0, 1), Uint8Array.of(0x18, 1), good.slice(2)) // version 1 in two bytes
    const float = concat(good.slice(0, 1), Uint8Array.of(0xf9, 0x3c, 0x00), good.slice(2)) // version 1.0
    for (const bytes of [
      longer,
      open,
      wide,
      float,
      concat(good, Uint8Array.of(0)),
      good.slice(0, -1),
      new Uint8Array(0),
    ]) {
      expect(await codeOf(() => parseHeader(bytes))).toBe('BAD_ENVELOPE')
    }
  })
})

describe('attack 8', () => {
  // Defences: parseHeader in envelope.ts, and the author's signature (verifyBytes in verifyEnvelope, same file).
  test('attack 8: every bit of every header field flipped, and of commitment, ciphertext and signature', async () => {
    const sealed = await sealNote()
    for (const part of ['header', 'commit', 'ciphertext', 'signature'] as const) {
      const bytes = fromB64(sealed[part])
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const code = await codeOf(openRecord({ ...sealed, [part]: toB64(flip(bytes, bit)) }, reader))
        expect(code, `${part} bit ${bit}`).toMatch(/^(BAD_ENVELOPE|BAD_SIGNATURE|UNSUPPORTED)$/)
      }
    }
  }, 60_000)

  // Defence: the AAD of every chunk and HKDF's info are H(header) (chunkParams and bodyKey in envelope.ts): a thief who
  // signs again, as a member may, still cannot move a ciphertext under another header.
  test('attack 8: a ciphertext moved under another header and signed anew', async () => {
    const { envelope, dek } = await seal(utf8('for one'))
    const moved = { ...envelope, header: encodeHeader({ ...header, recordId: 'record-2' }) }
    const signed = signedBytes('envelope', [moved.header, moved.commit, await sha256(moved.ciphertext)])
    moved.signature = await signBytes(world.owner.sign.privateKey, signed)
    await verifyEnvelope(moved)
    expect(await codeOf(openBody(moved, dek))).toBe('BAD_COMMITMENT')
    const { commit } = await reseal(moved, dek)
    expect(await codeOf(openBody({ ...moved, commit }, dek))).toBe('BAD_ENVELOPE')
  })

  // Defence: isFiledRight in record.ts.
  test.each([
    ['record', { recordId: 'record-2' }],
    ['patient', { patientId: 'patient-2' }],
    ['clinic', { clinicId: 'clinic-2' }],
    ['revision', { revision: 2 }],
    ['type', { type: 'draft' as const }],
  ])('attack 8: a row moved to another %s', async (_, change) => {
    const sealed = await sealNote()
    expect(await codeOf(openRecord({ ...sealed, meta: { ...sealed.meta, ...change } }, reader))).toBe('BAD_ENVELOPE')
  })

  // Defence: the last line of isFiledRight in record.ts, the header against the reader's own clinic.
  test('attack 8: a whole record, header and row, carried to another clinic', async () => {
    const sealed = await sealNote()
    const other = await testClinic('clinic-2')
    const elsewhere = { ...reader, chain: { ...world.chain, clinicId: other.clinicId } }
    expect(await codeOf(openRecord(sealed, elsewhere))).toBe('BAD_ENVELOPE')
  })

  // Defence: the record hash in grantFields (grant.ts), checked by verifyGrant in grantedKey (record.ts).
  test.each([
    ['record', { recordId: 'record-2' }],
    ['patient', { patientId: 'patient-2' }],
    ['revision', { revision: 2, previous: new Uint8Array(32) }],
  ])('attack 8: a grant moved to another %s', async (_, change) => {
    const [from, to] = [await sealNote(), await sealNote(change)]
    expect(await codeOf(openRecord({ ...to, grants: from.grants }, reader))).toBe('BAD_SIGNATURE')
  })

  // Defence: the AAD of openGrant in grant.ts, for a granter who signs the moved grant anew.
  test('attack 8: a grant moved to another record and signed anew by a member', async () => {
    const [from, to] = [await sealNote(), await sealNote({ recordId: 'record-2' })]
    const { hash } = await verifyEnvelope(envelopeOf(to))
    const grant = from.grants[0]!
    const { kind, id, epoch } = grant.recipient
    const fields = [hash, kind, id, fromB64(grant.recipient.key), epoch, fromB64(grant.enc), fromB64(grant.ct)]
    const signature = toB64(await signBytes(world.owner.sign.privateKey, signedBytes('grant', fields)))
    expect(await codeOf(openRecord({ ...to, grants: [{ ...grant, signature }] }, reader))).toBe('NOT_FOR_YOU')
  })

  // Defence: verifyGrant in grantedKey (record.ts).
  test('attack 8: every bit of a grant flipped', async () => {
    const sealed = await sealNote()
    const grant = sealed.grants[0]!
    for (const part of ['enc', 'ct', 'granter', 'signature'] as const) {
      const bytes = fromB64(grant[part])
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const grants = [{ ...grant, [part]: toB64(flip(bytes, bit)) }]
        expect(await codeOf(openRecord({ ...sealed, grants }, reader)), `${part} bit ${bit}`).toBe('BAD_SIGNATURE')
      }
    }
    for (const recipient of [
      { ...grant.recipient, epoch: 2 },
      { ...grant.recipient, id: 'desk' },
    ]) {
      expect(await codeOf(openRecord({ ...sealed, grants: [{ ...grant, recipient }] }, reader))).toBe('BAD_SIGNATURE')
    }
  }, 60_000)
})

describe('attack 10: who may write', () => {
  // Defence: judgeAuthor in record.ts: neither a member at the cited head nor a believed patient.
  test.each(['prescription', 'consent', 'identity'] as const)(
    'attack 10: a %s signed by a key outside the chain',
    async (type) => {
      const stranger = await newKeys()
      const managing = type === 'identity' ? 'desk' : 'clinical'
      const own = { sign: stranger.sign.privateKey, keys: stranger.public }
      const sealed = await sealRecord({ ...header, type, managing }, {}, [world.recipient('clinical')], own)
      expect(await codeOf(openRecord(sealed, { ...reader, trustPatient: () => null }))).toBe('NOT_VOUCHED')
    },
  )

  // Defence: checkAuthorship in policy.ts.
  test.each(['prescription', 'note', 'recall'] as const)('attack 10: a %s under a patient’s own key', async (type) => {
    const own = { sign: patient.sign.privateKey, keys: patient.public }
    const sealed = await sealRecord({ ...header, type }, { drug: 'opium' }, [world.recipient('clinical')], own)
    expect(await codeOf(openRecord(sealed, reader))).toBe('NOT_VOUCHED')
  })

  // Defence: checkAuthorship in policy.ts.
  test('attack 10: a prescription under the receptionist’s key, a consent under a practitioner’s', async () => {
    const desk = { sign: world.desk.sign.privateKey, keys: world.desk.public }
    const rx = await sealRecord({ ...header, type: 'prescription' }, {}, [world.recipient('clinical')], desk)
    expect(await codeOf(openRecord(rx, reader))).toBe('NOT_VOUCHED')
    const consent = await sealNote({ type: 'consent' })
    expect(await codeOf(openRecord(consent, reader))).toBe('NOT_VOUCHED')
  })

  // Defence: verifyBytes in verifyEnvelope (envelope.ts).
  test('attack 10: a prescription and a consent unsigned, or altered by a byte', async () => {
    const rx = await sealNote({ type: 'prescription' })
    const own = { sign: patient.sign.privateKey, keys: patient.public }
    const consent = await sealRecord({ ...header, type: 'consent' }, {}, [world.recipient('clinical')], own)
    for (const sealed of [rx, consent]) {
      await openRecord(sealed, reader)
      expect(await codeOf(openRecord({ ...sealed, signature: toB64(new Uint8Array(64)) }, reader))).toBe(
        'BAD_SIGNATURE',
      )
      expect(await codeOf(openRecord({ ...sealed, signature: '' }, reader))).toBe('BAD_ENVELOPE')
      const ciphertext = toB64(flip(fromB64(sealed.ciphertext), 77))
      expect(await codeOf(openRecord({ ...sealed, ciphertext }, reader))).toBe('BAD_SIGNATURE')
    }
  })

  test('a grant by somebody outside the managing group is refused', async () => {
    const sealed = await sealNote()
    const { hash } = await verifyEnvelope(envelopeOf(sealed))
    const grant = sealed.grants[0]!
    const { kind, id, epoch } = grant.recipient
    const fields = [hash, kind, id, fromB64(grant.recipient.key), epoch, fromB64(grant.enc), fromB64(grant.ct)]
    const signature = toB64(await signBytes(world.desk.sign.privateKey, signedBytes('grant', fields)))
    const forged = { ...grant, granter: toB64(world.desk.public.sign), signature }
    expect(await codeOf(openRecord({ ...sealed, grants: [forged] }, reader))).toBe('NOT_VOUCHED')
  })

  test('a member of the managing group grants a further recipient; others do not', async () => {
    const own = { sign: patient.sign.privateKey, keys: patient.public }
    const sealed = await sealRecord({ ...header, type: 'reason' }, { why: 'cough' }, [world.recipient('clinical')], own)
    const phone = await newKeys()
    const to: Recipient = { kind: 'patient', id: 'patient-1', key: toB64(phone.public.dh), epoch: 0 }
    const [owner, desk] = [world.chain.members[0]!, world.chain.members[1]!]
    const grant = await regrantRecord(sealed, reader, to, { sign: world.owner.sign.privateKey, member: owner })
    const device = { ...reader, keysFor: ({ key }: Recipient) => (key === to.key ? phone.dh : null) }
    expect((await openRecord({ ...sealed, grants: [grant] }, device)).content).toEqual({ why: 'cough' })
    const byDesk = { sign: world.desk.sign.privateKey, member: desk }
    expect(await codeOf(regrantRecord(sealed, reader, to, byDesk))).toBe('NOT_VOUCHED')
    const other = { ...to, id: 'patient-2' }
    expect(
      await codeOf(regrantRecord(sealed, reader, other, { sign: world.owner.sign.privateKey, member: owner })),
    ).toBe('NOT_VOUCHED')
  })

  test('a record that cites a head which the chain lacks is refused', async () => {
    const sealed = await sealNote({ chainHead: random(32) })
    expect(await codeOf(openRecord(sealed, reader))).toBe('CHAIN_SHORTER')
  })
})

const envelopeOf = (sealed: Sealed): Envelope => ({
  header: fromB64(sealed.header),
  commit: fromB64(sealed.commit),
  ciphertext: fromB64(sealed.ciphertext),
  signature: fromB64(sealed.signature),
})

/** The commitment that a DEK gives under a header. */
async function reseal({ header: bytes }: { header: Bytes }, dek: Bytes) {
  return { commit: (await derive(dek, 'envelope', await sha256(bytes), 64)).slice(32) }
}
