// A pairing whose other side is made by hand: what each side of ours refuses, step by step.
import { expect, test } from 'vitest'
import { type Bytes, fromB64, random, toB64 } from '../crypto/bytes.ts'
import { type Care, readTerms, signCare, termFields } from '../crypto/care.ts'
import type { Keys } from '../crypto/keys.ts'
import {
  commitToPair,
  newReveal,
  openChannel,
  openFromOther,
  openMessage,
  pairTranscript,
  readReveal,
  revealFields,
  sealMessage,
  sealToOther,
} from '../crypto/pairing.ts'
import { type PatientLink, signLink } from '../crypto/patient-link.ts'
import { newKeys } from '../crypto/testing.ts'
import type { CareTermsInput } from './vault-care-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, codeOf, patientOf } from './vault-world.ts'

const world = await clinic()
const { clinicId } = world
const empty = () => createVault(memoryStorage())
const son: CareTermsInput = { role: 'carer', relation: 'son', name: 'Noel Lind', end: { kind: 'open' } }

/** The new device's side, until it saw the code. What it says next is up to the test. */
async function beside(keys: Keys) {
  const own = await patientOf(world)
  const { patientId } = own.handle
  const secret = await own.vault.newPairSecret()
  const first = await own.vault.pairShow({ secret, role: 'own', patientId })
  const { relay } = first
  const channel = await openChannel(fromB64(secret))
  const mine = newReveal('new', keys.public)
  const second = toB64(await sealMessage(channel, 2, revealFields(mine)))
  const third = await own.vault.pairReveal({ relay, body: second })
  const theirs = readReveal(await openMessage(channel, 3, fromB64(third.body), 4), mine)
  const [commitment] = (await openMessage(channel, 1, fromB64(first.body), 1)) as [Bytes]
  const transcript = await pairTranscript(relay, commitment, [theirs, mine])
  /** What was said after the code, opened as whoever holds these keys opens it. */
  const heard = (seq: number, body: string, length: number) =>
    openFromOther(channel, transcript, { seq, bytes: fromB64(body), keys: keys.dh }, length)
  const answer = async (half: Bytes) =>
    toB64(await sealToOther(channel, transcript, { seq: 5, to: theirs.keys.dh }, [crypto.randomUUID(), half, 'phone']))
  const link: PatientLink = { clinicId, patientId, from: theirs.keys, to: keys.public }
  return { own, relay, secret, second, heard, answer, link }
}

/** The first device's side, as somebody who lets our new device in says it. */
async function before(fresh = empty()) {
  const keys = await newKeys()
  const secret = await fresh.newPairSecret()
  const channel = await openChannel(fromB64(secret))
  const { relay } = channel
  const mine = newReveal('own', keys.public)
  const commitment = await commitToPair(relay, mine)
  const first = toB64(await sealMessage(channel, 1, [commitment]))
  const second = await fresh.pairRead({ secret, role: 'new', body: first })
  const theirs = readReveal(await openMessage(channel, 2, fromB64(second.body), 4), mine)
  const third = toB64(await sealMessage(channel, 3, revealFields(mine)))
  const transcript = await pairTranscript(relay, commitment, [mine, theirs])
  const say = async (seq: number, fields: Parameters<typeof sealToOther>[3]) =>
    toB64(await sealToOther(channel, transcript, { seq, to: theirs.keys.dh }, fields))
  const patientId = crypto.randomUUID()
  const link: PatientLink = { clinicId, patientId, from: keys.public, to: theirs.keys }
  const vouch = (half: Bytes, terms: Parameters<typeof termFields>[0] | null = null) =>
    say(4, [clinicId, patientId, random(32), half, [], terms && termFields(terms)])
  return { fresh, keys, relay, third, link, vouch, say }
}

// Defence: the `letGo` of whatever was refused. Without it a relay tries again and again at one secret.
test('attack 18: after a message that was refused the true one comes too late', async () => {
  const { fresh, relay, third } = await before()
  const altered = fromB64(third)
  altered[altered.length - 1]! ^= 1
  expect(await codeOf(fresh.pairSee({ relay, body: toB64(altered) }))).toBe('BAD_ENVELOPE')
  expect(await codeOf(fresh.pairSee({ relay, body: third }))).toBe('BAD_INVITATION')
})

// Defence: `heard`, which pairSee asks too: whoever may answer twice has two codes to choose from.
test('attack 18: a second reveal to one commitment is refused', async () => {
  const { fresh, relay, third } = await before()
  expect((await fresh.pairSee({ relay, body: third })).code).toMatch(/^\d{4} \d{4}$/)
  expect(await codeOf(fresh.pairSee({ relay, body: third }))).toBe('BAD_INVITATION')
})

// Defence: the side, which `step` asks first; and it does not end what is under way.
test('attack 18: each side says its own part, and nothing of the other’s', async () => {
  const { own, relay, answer, link } = await beside(await newKeys())
  const body = await answer(random(64))
  for (const wrong of [
    own.vault.pairAccept({ relay, body, name: '' }),
    own.vault.pairEnd({ relay, body }),
    own.vault.pairKeep({ relay }),
  ])
    expect(await codeOf(wrong)).toBe('BAD_INVITATION')
  expect((await own.vault.pairVouch({ relay })).body).toMatch(/./)
  const { fresh, relay: at, third, vouch, keys } = await before()
  await fresh.pairSee({ relay: at, body: third })
  for (const wrong of [
    fresh.pairVouch({ relay: at }),
    fresh.pairFinish({ relay: at, body }),
    fresh.pairDone({ relay: at }),
  ])
    expect(await codeOf(wrong)).toBe('BAD_INVITATION')
  expect(await codeOf(fresh.pairAccept({ relay: at, body: await vouch(random(64)), name: '' }))).toBe('BAD_SIGNATURE')
  expect(link.to).not.toEqual(keys.public)
})

// Defences: checkHalf and checkCareHalf in pairAccept. Without them a device would sign that somebody let it in who never did.
test('attack 18: a new device takes nobody’s word that did not sign it with the key that was compared', async () => {
  const asked = { ...son, careId: crypto.randomUUID(), since: new Date().toISOString() }
  for (const terms of [null, readTerms(termFields(asked))]) {
    const other = await newKeys()
    const half = async (at: Awaited<ReturnType<typeof before>>, by: Keys) => {
      const care: Care | null = terms && { ...at.link, terms }
      return care ? signCare(care, by.sign.privateKey) : signLink(at.link, by.sign.privateKey)
    }
    const bad = await before()
    await bad.fresh.pairSee({ relay: bad.relay, body: bad.third })
    const forged = await bad.vouch(await half(bad, other), terms)
    expect(await codeOf(bad.fresh.pairAccept({ relay: bad.relay, body: forged, name: '' }))).toBe('BAD_SIGNATURE')
    const good = await before()
    await good.fresh.pairSee({ relay: good.relay, body: good.third })
    const body = await good.vouch(await half(good, good.keys), terms)
    expect((await good.fresh.pairAccept({ relay: good.relay, body, name: '' })).body).toMatch(/./)
  }
})

// Defences: checkHalf and checkCareHalf in pairFinish. Without them somebody else's key, named and not held, would be filed.
test('attack 18: a device lets in no key whose holder did not sign', async () => {
  for (const care of [undefined, son]) {
    const [keys, other] = [await newKeys(), await newKeys()]
    const at = await beside(keys)
    const fourth = await at.own.vault.pairVouch({ relay: at.relay, ...(care && { care }) })
    const fields = await at.heard(4, fourth.body, 6)
    const terms = care ? readTerms(fields[5] as unknown[]) : null
    const half = (by: Keys) =>
      terms ? signCare({ ...at.link, terms }, by.sign.privateKey) : signLink(at.link, by.sign.privateKey)
    const forged = await at.answer(await half(other))
    expect(await codeOf(at.own.vault.pairFinish({ relay: at.relay, body: forged }))).toBe('BAD_SIGNATURE')
    const { patientId } = at.own.handle
    expect(await codeOf(at.own.vault.handOn({ patientId, records: [], to: [toB64(keys.public.dh)] }))).toBe(
      'NOT_VOUCHED',
    )
  }
})

// Defences: `usable` in pairKeep, `half` in pairDone.
test('attack 18: nothing is kept, nor said to be handed over, before the codes and the records', async () => {
  const at = await before()
  await at.fresh.pairSee({ relay: at.relay, body: at.third })
  const body = await at.vouch(await signLink(at.link, at.keys.sign.privateKey))
  await at.fresh.pairAccept({ relay: at.relay, body, name: '' })
  expect(await codeOf(at.fresh.pairKeep({ relay: at.relay }))).toBe('BAD_INVITATION')
  expect(await at.fresh.patients()).toEqual([])
  const { own, relay } = await beside(await newKeys())
  expect(await codeOf(own.vault.pairDone({ relay }))).toBe('BAD_INVITATION')
})

// Defence: the question of pairKeep for each link. The other side names appointments as it likes.
test('attack 18: a link that a device has already is not replaced by one that the other side names', async () => {
  const fresh = empty()
  const mine = await fresh.createPatient({ clinicId, patientId: crypto.randomUUID(), home: 'stored' })
  const [here, further] = [crypto.randomUUID(), crypto.randomUUID()]
  await fresh.bindAppointment({ appointmentId: here, patientId: mine.patientId, linkSecret: 'mine' })
  const { link, keys, relay, third, say } = await before(fresh)
  await fresh.pairSee({ relay, body: third })
  const half = await signLink(link, keys.sign.privateKey)
  const links = [
    [here, 'theirs'],
    [further, 'theirs'],
  ]
  await fresh.pairAccept({
    ...{ relay, name: '' },
    body: await say(4, [clinicId, link.patientId, random(32), half, links, null]),
  })
  await fresh.pairEnd({ relay, body: await say(6, [half]) })
  await fresh.pairKeep({ relay })
  expect(await fresh.appointment(here)).toMatchObject({ patient: mine, linkSecret: 'mine' })
  expect(await fresh.appointment(further)).toMatchObject({ linkSecret: 'theirs' })
})
