import { expect, test } from 'vitest'
import { type Cbor, encode } from './cbor.ts'
import { newKeys, codeOf } from './testing.ts'
import {
  checkPairReveal,
  commitToPair,
  newPairSecret,
  newReveal,
  type PairReveal,
  openChannel,
  openMessage,
  openFromOther,
  pairCode,
  pairTranscript,
  readReveal,
  revealFields,
  sealMessage,
  sealToOther,
} from './pairing.ts'
import { checkLink, encodeLink, linkedTo, MOST_LINKS, type PatientLink, signLink } from './patient-link.ts'

const ids = { clinicId: 'clinic-1', patientId: 'p1' }
const [a, b, c] = await Promise.all([newKeys(), newKeys(), newKeys()])
const linkOf = (from: typeof a, to: typeof a): PatientLink => ({ ...ids, from: from.public, to: to.public })
async function linked(from: typeof a, to: typeof a, link = linkOf(from, to)) {
  const halves = { from: await signLink(link, from.sign.privateKey), to: await signLink(link, to.sign.privateKey) }
  return encodeLink(link, halves)
}

test('a pairing’s channel is known by its secret alone, and says nothing of it', async () => {
  const secret = newPairSecret()
  const [one, two, other] = await Promise.all([openChannel(secret), openChannel(secret), openChannel(newPairSecret())])
  expect(two.relay).toBe(one.relay)
  expect(other.relay).not.toBe(one.relay)
  expect(one.relay).not.toContain(Buffer.from(secret).toString('base64url').slice(0, 8))
  const sealed = await sealMessage(one, 2, ['new', 'x'])
  expect(await openMessage(two, 2, sealed, 2)).toEqual(['new', 'x'])
  expect(await codeOf(openMessage(other, 2, sealed, 2))).toBe('BAD_ENVELOPE')
  expect(await codeOf(openChannel(secret.slice(1)))).toBe('BAD_INVITATION')
})

// Defence: the AAD of sealMessage and openMessage, and GCM's own tag.
test('attack 18: a relay’s message that was altered, moved or cut opens nowhere', async () => {
  const channel = await openChannel(newPairSecret())
  const sealed = await sealMessage(channel, 2, ['new', 'x'])
  for (let at = 0; at < sealed.length; at++) {
    const altered = sealed.slice()
    altered[at]! ^= 1
    expect(await codeOf(openMessage(channel, 2, altered, 2)), `byte ${at}`).toBe('BAD_ENVELOPE')
  }
  expect(await codeOf(openMessage(channel, 3, sealed, 2))).toBe('BAD_ENVELOPE')
  expect(await codeOf(openMessage(channel, 2, sealed.slice(0, -1), 2))).toBe('BAD_ENVELOPE')
  expect(await codeOf(openMessage(channel, 2, new Uint8Array(0), 2))).toBe('BAD_ENVELOPE')
})

// Defence: checkPairReveal, and the commitment inside the code.
test('attack 18: keys changed after the commitment are refused, and a device in between shows another code', async () => {
  const { relay } = await openChannel(newPairSecret())
  const [mine, theirs] = [newReveal('own', a.public), newReveal('new', b.public)]
  const commitment = await commitToPair(relay, mine)
  await checkPairReveal(relay, commitment, mine)
  expect(await codeOf(checkPairReveal(relay, commitment, { ...mine, keys: c.public }))).toBe('BAD_COMMITMENT')
  expect(await codeOf(checkPairReveal(relay, commitment, { ...mine, random: theirs.random }))).toBe('BAD_COMMITMENT')
  const codeFor = async (reveals: PairReveal[]) => pairCode(await pairTranscript(relay, commitment, reveals))
  const code = await codeFor([mine, theirs])
  expect(code).toMatch(/^\d{4} \d{4}$/)
  expect(await codeFor([theirs, mine])).toBe(code)
  const between = newReveal('new', c.public)
  expect(await codeFor([mine, between])).not.toBe(code)
})

// Defence: hpkeSeal in sealToOther, with the transcript in its info.
test('attack 18: what follows the codes opens with the other side’s key, after the same words, in its place, and with nothing else', async () => {
  const channel = await openChannel(newPairSecret())
  const transcriptOf = async (fresh: PairReveal) => {
    const mine = newReveal('own', a.public)
    return pairTranscript(channel.relay, await commitToPair(channel.relay, mine), [mine, fresh])
  }
  const transcript = await transcriptOf(newReveal('new', b.public))
  const bytes = await sealToOther(channel, transcript, { seq: 4, to: b.public.dh }, ['clinic', 'link'])
  expect(await openFromOther(channel, transcript, { seq: 4, bytes, keys: b.dh }, 2)).toEqual(['clinic', 'link'])
  const heard = Buffer.from(encode((await openMessage(channel, 4, bytes, 2)) as Cbor[]))
  expect(heard.includes('clinic')).toBe(false)
  const other = await transcriptOf(newReveal('new', b.public))
  const bare = await sealMessage(channel, 4, ['clinic', 'link'])
  const elsewhere = await openChannel(newPairSecret())
  for (const open of [
    () => openFromOther(channel, transcript, { seq: 4, bytes, keys: c.dh }, 2),
    () => openFromOther(channel, other, { seq: 4, bytes, keys: b.dh }, 2),
    () => openFromOther(channel, transcript, { seq: 5, bytes, keys: b.dh }, 2),
    () => openFromOther(elsewhere, transcript, { seq: 4, bytes, keys: b.dh }, 2),
    () => openFromOther(channel, transcript, { seq: 4, bytes: bare, keys: b.dh }, 2),
  ])
    expect(await codeOf(open())).toBe('BAD_ENVELOPE')
})

test('a side’s own keys or role, answered back to it, are no second device', () => {
  const mine = newReveal('own', a.public)
  expect(readReveal(revealFields(newReveal('new', b.public)), mine).keys).toEqual(b.public)
  for (const wrong of [newReveal('own', b.public), newReveal('new', a.public)])
    expect(() => readReveal(revealFields(wrong), mine)).toThrow('BAD_ENVELOPE')
})

// Defence: both checkHalf lines of checkLink.
test('attack 7: a link counts when both keys signed it, for this patient of this clinic', async () => {
  const good = await linked(a, b)
  expect(await checkLink(ids.clinicId, ids.patientId, good)).toMatchObject({ from: a.public, to: b.public })
  expect(await codeOf(checkLink(ids.clinicId, 'p2', good))).toBe('BAD_ENVELOPE')
  expect(await codeOf(checkLink('clinic-2', ids.patientId, good))).toBe('BAD_ENVELOPE')
  const link = linkOf(a, b)
  const [mine, theirs] = await Promise.all([a, b].map((keys) => signLink(link, keys.sign.privateKey)))
  for (const halves of [
    { from: mine!, to: mine! },
    { from: theirs!, to: theirs! },
    { from: theirs!, to: mine! },
  ])
    expect(await codeOf(checkLink(ids.clinicId, ids.patientId, encodeLink(link, halves)))).toBe('BAD_SIGNATURE')
  expect(await codeOf(checkLink(ids.clinicId, ids.patientId, await linked(a, a)))).toBe('BAD_ENVELOPE')
})

test('belief goes along so many links and no further', async () => {
  const devices = await Promise.all(Array.from({ length: MOST_LINKS + 2 }, newKeys))
  const links = devices.slice(1).map((to, index) => linkOf(devices[index]!, to))
  const reached = linkedTo(devices[0]!.public, links)
  expect(reached.map(({ hops }) => hops)).toEqual([1, 2, 3, 4])
  expect(linkedTo(devices.at(-1)!.public, links)).toHaveLength(MOST_LINKS)
  expect(linkedTo(a.public, links)).toEqual([])
})
