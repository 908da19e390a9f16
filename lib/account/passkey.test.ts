// Passkeys at the server's doors: what it takes for one, and what it opens by one.
import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import * as signInFlow from '../access/flow-sign-in'
import { at, must, openTestClinic, type TestStaff } from '../access/testing'
import { env } from '../server/env'
import { testDb } from '../server/testing'
import * as flow from './flow'
import * as kits from './flow-kit'
import * as passkeys from './flow-passkey'
import { challengeSeconds } from './rules'
import { type Shown, softKey } from './soft-key'
import { prove } from './testing'

const { admin } = testDb()
const publicActor = { kind: 'public' } as const
const late = () => at(new Date(Date.now() + (challengeSeconds + 1) * 1000))
type SoftKey = ReturnType<typeof softKey>

let owner: TestStaff
let other: TestStaff
beforeAll(async () => {
  owner = (await openTestClinic()).owner
  other = (await openTestClinic()).owner
}, 60_000)

const challenged = (options: Record<string, unknown>): Shown => ({
  ...{ origin: env().APP_ORIGIN, challenge: String(options.challenge) },
})
async function making({ actor }: TestStaff) {
  const { state, options } = must(await passkeys.passkeyOptions(actor, {}, at()))
  return { state, shown: challenged(options) }
}
const filed = async (staff: TestStaff, state: string, response: ReturnType<SoftKey['make']>, more: object = {}) => ({
  ...{ proof: (await prove(staff)).proof, state, response, id: randomUUID(), wrapped: 'AAAA', label: 'Laptop' },
  ...more,
})
async function add(staff: TestStaff) {
  const key = softKey()
  const { state, shown } = await making(staff)
  const input = await filed(staff, state, key.make(shown))
  must(await passkeys.addPasskey(staff.actor, input, at()))
  return { key, id: input.id }
}
async function starting() {
  const { state, options } = must(await passkeys.startPasskey(publicActor, {}, at()))
  return { state, shown: challenged(options) }
}
const finish = (state: string, response: ReturnType<SoftKey['show']>, when = at()) =>
  passkeys.finishPasskey(publicActor, { state, response }, when)

// Defences, line by line, in addPasskey (flow-passkey.ts): what verifyRegistrationResponse is told to expect, the subject of the
// challenge, takeOwnProof and takeChallenge, and saveWrap's answer.
it('attack 14: one is added by its own member, who was asked for it here and has just proved who they are', async () => {
  const key = softKey()
  const { state, shown } = await making(owner)
  const good = key.make(shown)
  const refused = async (code: string, response: typeof good, more: object = {}, staff = owner, when = at()) =>
    expect(await passkeys.addPasskey(staff.actor, await filed(staff, state, response, more), when)).toMatchObject({
      code,
    })
  await refused(
    'BAD_PROOF',
    key.make({ ...shown, origin: 'https://evil.example', rpId: new URL(shown.origin).hostname }),
  )
  await refused('BAD_PROOF', key.make({ ...shown, rpId: 'evil.example' }))
  await refused('BAD_PROOF', key.make({ ...shown, challenge: 'AAAA' }))
  await refused('BAD_PROOF', key.make({ ...shown, asked: false }))
  await refused('PROOF_USED', good, {}, other)
  await refused('PROOF_USED', good, {}, owner, late())
  await refused('PROOF_USED', good, { proof: 'A'.repeat(43) })
  await refused('PROOF_USED', good, { proof: (await prove(other)).proof })
  await refused('PROOF_USED', good, { state: (await starting()).state })
  expect(must(await flow.loadAccount(owner.actor, {}, at())).wraps).toEqual([])
  must(await passkeys.addPasskey(owner.actor, await filed(owner, state, good), at()))
  await refused('PROOF_USED', good)
  // The same authenticator's key for a second account.
  const theirs = await making(other)
  const twin = await filed(other, theirs.state, key.make(theirs.shown))
  expect(await passkeys.addPasskey(other.actor, twin, at())).toMatchObject({ code: 'STALE' })
})

// Defences, line by line, in finishPasskey (flow-passkey.ts): as above, and `status` in findAccount (store.ts).
it('attack 14: one opens a session where it was asked for, once, and nothing without a finger, a face or a PIN', async () => {
  const { key, id } = await add(other)
  const { state, shown } = await starting()
  for (const wrong of [
    { ...shown, origin: 'https://evil.example', rpId: new URL(shown.origin).hostname },
    { ...shown, rpId: 'evil.example' },
    { ...shown, challenge: 'AAAA' },
    { ...shown, asked: false },
  ])
    expect(await finish(state, key.show(wrong))).toMatchObject({ code: 'BAD_PROOF' })
  // Another key under this one's name.
  const forged = { ...softKey().show(shown), id: key.show(shown).id }
  expect(await finish(state, { ...forged, rawId: forged.id })).toMatchObject({ code: 'BAD_PROOF' })
  expect(await finish(state, softKey().show(shown))).toMatchObject({ code: 'PASSKEY_UNKNOWN' })
  expect(await finish(state, key.show(shown), late())).toMatchObject({ code: 'PROOF_USED' })
  const made = await making(other)
  expect(await finish(made.state, key.show(made.shown))).toMatchObject({ code: 'PROOF_USED' })
  const { proof, further } = must(await finish(state, key.show({ ...shown, counter: 7 })))
  expect(further).toMatchObject({ id, kind: 'passkey' })
  expect(await finish(state, key.show({ ...shown, counter: 8 }))).toMatchObject({ code: 'PROOF_USED' })
  const session = await signInFlow.openSession(proof, 'Chrome/1 Linux', new Date())
  expect((await signInFlow.findStaff(session!.sessionId, new Date()))?.memberId).toBe(other.actor.memberId)
  // Defence: markUsed's counter. A copy of the authenticator that lags behind is none.
  const again = await starting()
  expect(await finish(again.state, key.show({ ...again.shown, counter: 7 }))).toMatchObject({ code: 'BAD_PROOF' })
  must(await finish(again.state, key.show({ ...again.shown, counter: 9 })))
  await admin(`UPDATE member SET status = 'removed' WHERE id = $1`, [other.actor.memberId])
  const gone = await starting()
  expect(await finish(gone.state, key.show({ ...gone.shown, counter: 10 }))).toMatchObject({ code: 'PASSKEY_UNKNOWN' })
  await admin(`UPDATE member SET status = 'active' WHERE id = $1`, [other.actor.memberId])
  must(await kits.removeWrap(other.actor, { id }))
  const off = await starting()
  expect(await finish(off.state, key.show({ ...off.shown, counter: 10 }))).toMatchObject({ code: 'PASSKEY_UNKNOWN' })
})
