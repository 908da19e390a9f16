import { beforeAll, describe, expect, test } from 'vitest'
import { equal, random, toB64, utf8 } from './bytes.ts'
import { decodeArray, encode, type Cbor } from './cbor.ts'
import type { Chain } from './chain.ts'
import {
  checkEmergencyKey,
  combineShares,
  type EmergencyKey,
  escrowOf,
  makeEmergencyKey,
  openOwnShare,
} from './emergency.ts'
import {
  addReaders,
  answerRequest,
  checkRequest,
  openAnswer,
  openReason,
  requestCode,
  sealReason,
  signRequest,
} from './emergency-request.ts'
import { generateDeviceKeys, importSecret, type Keys, rawPublic } from './keys.ts'
import { openRecord, regrantRecord, sealRecord } from './record.ts'
import { adding, codeOf, flip, newKeys, OWNER, say, signerOf, testClinic, type TestClinic } from './testing.ts'
import type { SealedShare } from './types.ts'

const [PATIENT, OTHER] = ['patient-1', 'patient-2']
const [DOCTOR, SECOND] = ['doctor-1', 'second-1']

let world: TestClinic
let chain: Chain
let doctor: Keys
let second: Keys
beforeAll(async () => {
  world = await testClinic()
  ;[doctor, second] = await Promise.all([newKeys(), newKeys()])
  await say(
    world.clinicId,
    world.statements,
    adding(DOCTOR, doctor, ['practitioner'], ['clinical', 'desk']),
    signerOf(world.owner),
  )
  chain = await say(
    world.clinicId,
    world.statements,
    adding(SECOND, second, ['admin'], ['desk', 'officers']),
    signerOf(world.owner),
  )
})

const own = (memberId: string, keys: Keys) => ({ memberId, pair: keys.dh, public: keys.public.dh })
const signer = (memberId: string, keys: Keys) => ({ memberId, ...signerOf(keys) })
const shareOf = (shares: SealedShare[], memberId: string) => shares.find((each) => each.memberId === memberId)!

async function made(patientId = PATIENT, epoch = 1) {
  const { statement, shares } = await makeEmergencyKey(chain, { patientId, epoch }, signerOf(doctor))
  const key = await checkEmergencyKey(chain, patientId, statement)
  const first = await openOwnShare(key, shareOf(shares, OWNER), own(OWNER, world.owner))
  const other = await openOwnShare(key, shareOf(shares, SECOND), own(SECOND, second))
  return { key, statement, shares, first, other }
}

async function asked(key: EmergencyKey, by = signer(OWNER, world.owner)) {
  const oneTime = (await crypto.subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
  const place = { clinicId: chain.clinicId, patientId: key.patientId, requestId: 'request-1' }
  const { reason, hash } = await sealReason(place, 'unconscious in the ER', [second.public.dh, world.owner.public.dh])
  const bytes = await signRequest(
    { ...place, epoch: key.epoch, key: key.public, recordId: null, oneTime: await rawPublic(oneTime), reason: hash },
    by,
  )
  return { bytes, oneTime, reason, request: await checkRequest(chain, bytes) }
}

/** A record of the doctor's about this patient, granted to the clinic and then to this emergency key. */
async function escrowed(key: EmergencyKey, patientId = key.patientId) {
  const header = {
    ...{ type: 'note' as const, clinicId: chain.clinicId, patientId, recordId: 'note-1', revision: 1, previous: null },
    ...{ chainHead: chain.head, schema: 1, managing: 'clinical' as const },
  }
  const author = { sign: doctor.sign.privateKey, keys: doctor.public }
  const sealed = await sealRecord(header, { text: 'allergic to latex' }, [world.recipient('clinical')], author)
  const member = chain.members.find((each) => each.memberId === DOCTOR)!
  const reader = { ...world.reader(['clinical']), chain }
  const grant = await regrantRecord(sealed, reader, escrowOf(key), { sign: doctor.sign.privateKey, member })
  return { ...sealed, grants: [grant] }
}
const readerWith = (pair: CryptoKeyPair) => ({
  chain,
  trustPatient: () => null,
  keysFor: ({ kind }: { kind: string }) => (kind === 'escrow' ? pair : null),
})

describe('attack 22: shares of an emergency key', () => {
  test('attack 22: two officers’ shares open that patient’s record', async () => {
    const { key, first, other } = await made()
    const pair = await combineShares(key, [first, other])
    expect((await openRecord(await escrowed(key), readerWith(pair))).content).toEqual({ text: 'allergic to latex' })
  })

  // Defence: the comparison with the statement's key in combineShares, and a threshold of two in split.
  test('attack 22: one share alone opens nothing, whatever is put beside it', async () => {
    const { key, first, shares } = await made()
    const made2 = await made(OTHER)
    for (const guess of [first, random(first.length), made2.other, made2.first, flip(first, 3)])
      expect(await codeOf(combineShares(key, [first, guess]))).toBe('NOT_VOUCHED')
    // Nor is it a secret by itself.
    const record = await escrowed(key)
    const { pair } = await importSecret('X25519', first.slice(0, 32))
    expect(await codeOf(openRecord(record, readerWith(pair)))).toBe('NOT_FOR_YOU')
    // And nobody opens another officer's.
    const theirs = { ...own(OWNER, second), public: second.public.dh }
    expect(await codeOf(openOwnShare(key, shareOf(shares, OWNER), theirs))).toBe('NOT_FOR_YOU')
    expect(await codeOf(openOwnShare(key, { ...shareOf(shares, OWNER), memberId: SECOND }, own(SECOND, second)))).toBe(
      'BAD_ENVELOPE',
    )
  })

  test('attack 22: two shares open no other patient, and no other epoch', async () => {
    const [mine, theirs, later] = [await made(), await made(OTHER), await made(PATIENT, 2)]
    const pair = await combineShares(mine.key, [mine.first, mine.other])
    for (const { key } of [theirs, later])
      expect(await codeOf(openRecord(await escrowed(key), readerWith(pair)))).toBe('NOT_FOR_YOU')
    expect(await codeOf(combineShares(theirs.key, [mine.first, mine.other]))).toBe('NOT_VOUCHED')
    expect(await codeOf(combineShares(later.key, [mine.first, mine.other]))).toBe('NOT_VOUCHED')
    // Nor is a record granted to another patient's key.
    expect(await codeOf(escrowed(theirs.key, PATIENT))).toBe('NOT_VOUCHED')
  })
})

describe('a statement of an emergency key', () => {
  test('with one officer there is none', async () => {
    const alone = await testClinic('clinic-2')
    const attempt = makeEmergencyKey(alone.chain, { patientId: PATIENT, epoch: 1 }, signerOf(alone.owner))
    expect(await codeOf(attempt)).toBe('NO_KEY')
  })

  // Defence: the clinical check and the signature in checkEmergencyKey.
  test('made by no clinical member, altered, or for another patient: refused', async () => {
    const { statement } = await made()
    expect(await codeOf(checkEmergencyKey(chain, OTHER, statement))).toBe('BAD_ENVELOPE')
    const byAdmin = await makeEmergencyKey(chain, { patientId: PATIENT, epoch: 1 }, signerOf(second))
    expect(await codeOf(checkEmergencyKey(chain, PATIENT, byAdmin.statement))).toBe('NOT_VOUCHED')
    const fields = decodeArray(statement, 9) as Cbor[]
    const swapped = fields.with(4, (await generateDeviceKeys()).public.dh)
    expect(await codeOf(checkEmergencyKey(chain, PATIENT, encode(swapped)))).toBe('BAD_SIGNATURE')
    expect(await codeOf(checkEmergencyKey(world.chain, PATIENT, statement))).toBe('CHAIN_SHORTER')
  })

  // Defence: sameOfficers and `maker.until` in checkEmergencyKey.
  test('out of date once an officer joins or leaves, or its maker does', async () => {
    const { statement } = await made()
    const after = async (entry: Parameters<typeof say>[2]) => {
      const grown = await say(chain.clinicId, [...world.statements], entry, signerOf(world.owner))
      return (await checkEmergencyKey(grown, PATIENT, statement)).current
    }
    expect((await checkEmergencyKey(chain, PATIENT, statement)).current).toBe(true)
    expect(await after(adding('third-1', await newKeys(), ['admin'], ['desk', 'officers']))).toBe(false)
    expect(await after({ kind: 'member-removed', memberId: SECOND })).toBe(false)
    expect(await after({ kind: 'member-removed', memberId: DOCTOR })).toBe(false)
    expect(await after(adding('desk-2', await newKeys(), ['frontdesk'], ['desk']))).toBe(true)
  })
})

describe('attack 22: a request and its answer', () => {
  test('the second officer’s share reaches the first one’s browser, and both see the same code', async () => {
    const { key, first, other } = await made()
    const { bytes, request, oneTime } = await asked(key)
    const seen = await checkRequest(chain, bytes)
    expect(requestCode(seen.hash)).toBe(requestCode(request.hash))
    const answer = await answerRequest(seen, key, other, signer(SECOND, second))
    const { share, officer } = await openAnswer(chain, request, key, oneTime, answer)
    expect(officer.memberId).toBe(SECOND)
    expect(equal(share, other)).toBe(true)
    await combineShares(key, [first, share])
  })

  // Defence: 'nobody answers themselves' in answerRequest, and 'no second officer' in openAnswer.
  test('attack 22: one officer is not two', async () => {
    const { key, first } = await made()
    const { request, oneTime } = await asked(key)
    expect(await codeOf(answerRequest(request, key, first, signer(OWNER, world.owner)))).toBe('NOT_VOUCHED')
    const stranger = { ...request, officer: { ...request.officer, keys: second.public } }
    const self = await answerRequest(stranger, key, first, signer(OWNER, world.owner))
    expect(await codeOf(openAnswer(chain, request, key, oneTime, self))).toBe('NOT_VOUCHED')
  })

  // Defence: officerBy, asked at both ends.
  test('attack 22: neither a doctor nor a stranger asks or answers', async () => {
    const { key, other } = await made()
    expect(await codeOf(asked(key, signer(DOCTOR, doctor)))).toBe('NOT_VOUCHED')
    expect(await codeOf(asked(key, signer('nobody', await newKeys())))).toBe('NOT_VOUCHED')
    const { request, oneTime } = await asked(key)
    const answer = await answerRequest(request, key, other, signer(DOCTOR, doctor))
    expect(await codeOf(openAnswer(chain, request, key, oneTime, answer))).toBe('NOT_VOUCHED')
  })

  // Defence: currentMembers in checkRequest and in openAnswer, whatever else says that the key is out of date.
  test('attack 22: an officer who has left neither asks nor answers, and what they once asked is still told', async () => {
    const { key, other } = await made()
    const { request, oneTime } = await asked(key)
    const answer = await answerRequest(request, key, other, signer(SECOND, second))
    const theirs = await asked(key, signer(SECOND, second))
    const leaving = { kind: 'member-removed', memberId: SECOND } as const
    const grown = await say(chain.clinicId, [...world.statements], leaving, signerOf(world.owner))
    expect(await codeOf(openAnswer(chain, request, key, oneTime, answer))).toBe('accepted')
    expect(await codeOf(openAnswer(grown, request, key, oneTime, answer))).toBe('NOT_VOUCHED')
    expect(await codeOf(checkRequest(grown, theirs.bytes))).toBe('NOT_VOUCHED')
    expect((await checkRequest(grown, theirs.bytes, true)).officer.memberId).toBe(SECOND)
  })

  // Defence: the signatures, the request's hash in the answer, checkSameKey.
  test('attack 22: another one-time key, another request’s answer, another patient’s or an old key: refused', async () => {
    const { key, other } = await made()
    const theirs = await made(OTHER)
    const { bytes, request, oneTime } = await asked(key)
    const fields = decodeArray(bytes, 11) as Cbor[]
    const swapped = encode(fields.with(7, (await generateDeviceKeys()).public.dh))
    expect(await codeOf(checkRequest(chain, swapped))).toBe('BAD_SIGNATURE')
    const answer = await answerRequest(request, key, other, signer(SECOND, second))
    const again = await asked(key)
    expect(await codeOf(openAnswer(chain, again.request, key, again.oneTime, answer))).toBe('BAD_ENVELOPE')
    expect(await codeOf(answerRequest(request, theirs.key, other, signer(SECOND, second)))).toBe('NOT_VOUCHED')
    const stale = { ...key, current: false }
    expect(await codeOf(answerRequest(request, stale, other, signer(SECOND, second)))).toBe('NOT_VOUCHED')
    expect(await codeOf(openAnswer(chain, request, stale, oneTime, answer))).toBe('NOT_VOUCHED')
    const altered = encode((decodeArray(answer, 6) as Cbor[]).with(3, random(49)))
    expect(await codeOf(openAnswer(chain, request, key, oneTime, altered))).toBe('BAD_SIGNATURE')
  })
})

describe('the reason', () => {
  test('opens for the officers, later for the patient, and for nobody else', async () => {
    const { key } = await made()
    const { request, reason } = await asked(key)
    expect(await openReason(request, reason, own(SECOND, second))).toBe('unconscious in the ER')
    const patient = await generateDeviceKeys()
    const theirs = { pair: patient.dh, public: patient.public.dh }
    expect(await codeOf(openReason(request, reason, theirs))).toBe('NOT_FOR_YOU')
    const more = await addReaders(request, reason, own(SECOND, second), [patient.public.dh, patient.public.dh])
    expect(await openReason(request, more, theirs)).toBe('unconscious in the ER')
    expect(await codeOf(openReason(request, more, own(DOCTOR, doctor)))).toBe('NOT_FOR_YOU')
    expect(toB64(more)).not.toContain(toB64(utf8('unconscious')).slice(0, 12))
  })

  // Defence: the hash in the request.
  test('is the one that the request was signed with', async () => {
    const { key } = await made()
    const { request } = await asked(key)
    const place = { clinicId: chain.clinicId, patientId: PATIENT, requestId: 'request-1' }
    const { reason } = await sealReason(place, 'a routine check', [second.public.dh])
    expect(await codeOf(openReason(request, reason, own(SECOND, second)))).toBe('BAD_ENVELOPE')
  })
})
