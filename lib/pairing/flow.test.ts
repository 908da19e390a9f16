import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { anyone, at } from '../booking/testing.ts'
import { testDb } from '../server/testing.ts'
import { post, read } from './flow.ts'
import { PAIR_SECONDS } from './rules.ts'

testDb()
const b64 = (length: number) => randomBytes(length).toString('base64url')
const relayOf = () => b64(16)
const say = (relay: string, seq: number, body = b64(60), now = new Date()) =>
  post(anyone, { relay, seq, body }, at(now))
const after = (seconds: number) => new Date(Date.now() + seconds * 1000)

test('messages of a pairing come out as they went in, each in its place', async () => {
  const relay = relayOf()
  const [one, two] = [b64(60), b64(60)]
  expect((await say(relay, 1, one)).ok).toBe(true)
  expect(await read(anyone, { relay, seq: 1 }, at())).toEqual({ ok: true, value: { body: one } })
  expect(await read(anyone, { relay, seq: 2 }, at())).toEqual({ ok: true, value: { body: null } })
  expect((await say(relay, 2, two)).ok).toBe(true)
  // Sent again, for its answer was lost.
  expect((await say(relay, 2, two)).ok).toBe(true)
  expect(await read(anyone, { relay, seq: 2 }, at())).toEqual({ ok: true, value: { body: two } })
})

// Defence: the primary key of pair_message, and the comparison in `post`.
test('attack 18: a code that was read is read by nobody else, nor shown twice', async () => {
  const relay = relayOf()
  await say(relay, 1)
  const answers = await Promise.all(Array.from({ length: 8 }, () => say(relay, 2)))
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
  expect(answers.filter(({ ok }) => !ok)).toEqual(Array(7).fill({ ok: false, code: 'PROOF_USED' }))
  expect(await say(relay, 1)).toEqual({ ok: false, code: 'PROOF_USED' })
})

// Defence: the comparisons of expiresAt in `post` and `read`.
test('attack 18: after five minutes a code is nobody’s, and a later message does not make it live longer', async () => {
  const relay = relayOf()
  await say(relay, 1)
  expect((await say(relay, 2, b64(60), after(PAIR_SECONDS - 5))).ok).toBe(true)
  const late = after(PAIR_SECONDS + 5)
  expect(await say(relay, 3, b64(60), late)).toEqual({ ok: false, code: 'LINK_EXPIRED' })
  expect(await read(anyone, { relay, seq: 2 }, at(late))).toEqual({ ok: false, code: 'LINK_EXPIRED' })
  expect(await say(relayOf(), 2)).toEqual({ ok: false, code: 'LINK_EXPIRED' })
  // The next pairing of anybody sweeps it away.
  await say(relayOf(), 1, b64(60), late)
  expect(await read(anyone, { relay, seq: 1 }, at())).toEqual({ ok: false, code: 'LINK_EXPIRED' })
})

// Defence: `limit` in `post`. Only the first message counts: whoever has begun may go on.
test('attack 18: whoever begins many pairings from one address is stopped', async () => {
  const from = at(new Date(), '203.0.113.7')
  const begin = (relay = relayOf()) => post(anyone, { relay, seq: 1, body: b64(60) }, from)
  const relay = relayOf()
  expect((await begin(relay)).ok).toBe(true)
  const rest = await Promise.all(Array.from({ length: 60 }, () => begin()))
  expect(rest.filter(({ ok }) => !ok)).toMatchObject([{ code: 'TOO_MANY' }])
  expect((await post(anyone, { relay, seq: 2, body: b64(60) }, from)).ok).toBe(true)
})
