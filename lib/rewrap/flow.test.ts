// Passing records on after somebody left, with real vaults and a real database.
import { beforeAll, describe, expect, test } from 'vitest'
import { must } from '../access/testing.ts'
import * as access from '../access/flow.ts'
import type { StaffActor } from '../access/rules.ts'
import { passOnRecords, type Progress } from '../browser/rewrap.ts'
import type { Vault } from '../browser/vault-api.ts'
import type { StoredRecord } from '../record/rules.ts'
import { listRecords } from '../record/store.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { passOn } from './flow.ts'
import { batchSize, leaseSeconds, type RewrapContract } from './rules.ts'
import { leavingWorld } from './testing.ts'

const { admin } = testDb()
type World = Awaited<ReturnType<typeof leavingWorld>>
type Next = RewrapContract['rewrap/next']
const nothing: Next['in'] = { begins: false, done: [], failed: [] }

/** The clock of the server: leases run out when a test says so. */
let now = new Date()
const later = (seconds: number) => (now = new Date(now.getTime() + seconds * 1000))

/** A member's browser that passes records on: what it handed in, and how often it asked. */
function browser(world: World, { vault, actor }: { vault: Vault; actor: StaffActor }) {
  const handedIn: string[] = []
  const seen: Progress[] = []
  let requests = 0
  let chainLength = 0
  const stop = new AbortController()
  const twice = Promise.withResolvers<void>()
  const reload = async () => {
    const chain = must(await access.loadChain(null, { clinicId: world.clinicId }))
    chainLength = (await vault.loadChain(chain)).length
    return true
  }
  /** `dies` after so many answers: in the middle of what it works on then. `before` each question but the first: waited for. */
  const run = ({ dies = Infinity, before }: { dies?: number; before?: Promise<void> } = {}) =>
    passOnRecords({
      ask: async (input) => {
        requests += 1
        if (requests > 1) await before
        const answer = await passOn(actor, input, { now })
        if (answer.ok) handedIn.push(...input.done.map((each) => `${each.recordId}.${each.revision}`))
        if (requests === 2) twice.resolve()
        if (requests >= dies) stop.abort()
        return answer
      },
      keys: vault,
      chainLength: () => chainLength,
      reload,
      show: (progress) => seen.push(progress),
      signal: stop.signal,
    })
  return { run, reload, handedIn, seen, requests: () => requests, twice: twice.promise }
}

const list = (world: World, patientId: string, actor = world.owner.actor): Promise<StoredRecord[]> =>
  inClinic(world.clinicId, (tx) => listRecords(tx, actor, { patientIds: [patientId] }))
/** How many grants there are to groups, by epoch. */
const grantsBy = async (world: World) =>
  Object.fromEntries(
    (
      await admin<{ name: string; count: number }>(
        `SELECT recipient_id || ' ' || epoch AS name, count(*)::int AS count FROM record_grant
         WHERE clinic_id = $1 AND recipient_kind = 'group' GROUP BY 1`,
        [world.clinicId],
      )
    ).map(({ name, count }) => [name, count]),
  )

describe('five hundred records and more, two browsers, one of which dies in the middle', () => {
  const COUNT = batchSize * 3 + 50
  let world: World
  let patientId: string
  let before: StoredRecord[]
  beforeAll(async () => {
    world = await leavingWorld(admin)
    patientId = (await world.write(COUNT)).patientId
    await world.write(5, 'identity')
    before = await list(world, patientId)
    await browser(world, world.leaves).reload()
    await world.remove(world.leaves.memberId)
    await world.rotate()
  })

  // Defences: the lease in leaseBatch, `FOR UPDATE … SKIP LOCKED`, and the unique key of a grant.
  test('each is passed on once, whoever does it, and none is lost', async () => {
    const one = browser(world, await world.browserOf(world.owner.email))
    const two = browser(world, await world.browserOf(world.stays.email))
    await Promise.all([one.reload(), two.reload()])
    // The other goes on once this one holds two batches: one of them is in its hands when it dies.
    const [died, waits] = await Promise.all([one.run({ dies: 3 }), two.run({ before: one.twice })])
    expect(died).toBeNull()
    expect(one.handedIn.length).toBeGreaterThan(0)
    const half = new Set([...one.handedIn, ...two.handedIn])
    expect(half.size).toBeLessThan(COUNT + 5)
    // What the dead one held is the other's when its minute is over, and not before.
    expect(waits).toBe(leaseSeconds * 1000)
    later(leaseSeconds - 1)
    expect(must(await passOn(world.stays.actor, nothing, { now })).records).toEqual([])
    later(1)
    expect(await two.run()).toBeNull()

    const all = [...one.handedIn, ...two.handedIn]
    expect(all.length).toBe(COUNT + 5)
    expect(new Set(all).size).toBe(COUNT + 5)
    expect(await grantsBy(world)).toEqual({ 'clinical 2': COUNT + 5, 'desk 2': 5 })
    expect(two.seen.at(-1)).toMatchObject({ left: 0, failed: 0 })

    const fresh = await world.browserOf(world.stays.email)
    const after = await list(world, patientId)
    expect(after.length).toBe(COUNT)
    const opened = await fresh.vault.open(after, { patientId })
    expect(opened.filter((each) => !each.ok)).toEqual([])
  })

  // Defence: dropSuperseded in `save`. Without it the old grants stay beside the new ones.
  test('attack 15: no grant is left that the key of the member who left opens', async () => {
    const { epochGrants } = must(await access.loadMe(world.stays.actor))
    expect(epochGrants.map(({ group, epoch }) => `${group} ${epoch}`).sort()).toEqual([
      ...['clinical 1', 'clinical 2', 'desk 1', 'desk 2'],
    ])
    const { vault } = world.leaves
    const opensTo = async (records: StoredRecord[]) =>
      new Set((await vault.open(records, { patientId })).map((each) => (each.ok ? 'opened' : each.code)))
    // With what they had copied, they read on; with what there is now, they do not.
    expect(await opensTo(before)).toEqual(new Set(['opened']))
    expect(await opensTo(await list(world, patientId))).toEqual(new Set(['NOT_FOR_YOU']))
  })

  test('what was handed in comes again: nothing changes', async () => {
    const again = { ...nothing, begins: true }
    expect(must(await passOn(world.stays.actor, again, { now }))).toMatchObject({ records: [], left: 0, waitMs: null })
  })
})

describe('what cannot be passed on', () => {
  test('is left alone, counted, and not asked for again', async () => {
    const world = await leavingWorld(admin)
    const { patientId, records } = await world.write(6)
    const [forged, regranted, ...rest] = records
    await admin(
      'UPDATE record SET ciphertext = set_byte(ciphertext, 5, get_byte(ciphertext, 5) # 1) WHERE record_id = $1',
      [forged!.meta.recordId],
    )
    // One whose grant was put in by somebody who may not: of another record, inside its own outer layer even.
    await admin(
      'UPDATE record_grant SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) WHERE record_id = $1',
      [regranted!.meta.recordId],
    )
    await world.remove(world.leaves.memberId)
    await world.rotate()
    const one = browser(world, world.stays)
    await one.reload()
    expect(await one.run()).toBeNull()
    expect(one.handedIn.length).toBe(rest.length)
    expect(one.seen.at(-1)).toEqual({ left: 0, total: 5, failed: 2 })
    const asked = one.requests()
    expect(await one.run()).toBeNull()
    expect(one.requests()).toBe(asked + 1)
    expect((await list(world, patientId)).length).toBe(6)
    expect(await grantsBy(world)).toEqual({ 'clinical 1': 2, 'clinical 2': 4 })
  })

  // Defence: isCurrent in `save`.
  test('attack 15: what is sealed to an epoch that somebody took along is refused, and its record keeps what it has', async () => {
    const world = await leavingWorld(admin)
    await world.write(3)
    await world.remove(world.leaves.memberId)
    await world.rotate()
    const { vault, actor } = await world.browserOf(world.stays.email)
    const { records } = must(await passOn(actor, { ...nothing, begins: true }, { now }))
    const made = await vault.rewrap(records)
    await world.remove(world.desk.memberId)
    const late = { ...nothing, ...made }
    // The desk's key is stale: nothing is taken or given until its next epoch is there.
    expect(await passOn(actor, late, { now })).toMatchObject({ ok: true, value: { records: [] } })
    expect(await grantsBy(world)).toEqual({ 'clinical 1': 3 })
    await world.rotate(['desk'])
    const forged = made.done.map((each) => ({
      ...each,
      grants: each.grants.map((grant) => ({ ...grant, recipient: { ...grant.recipient, epoch: 1 } })),
    }))
    expect(await passOn(actor, { ...nothing, done: forged }, { now })).toMatchObject({ ok: false, code: 'STALE_EPOCH' })
    expect(await passOn(actor, late, { now })).toMatchObject({ ok: true })
    expect(await grantsBy(world)).toEqual({ 'clinical 2': 3 })
  })

  test('is not lost: who hands in too little keeps what there was', async () => {
    const world = await leavingWorld(admin)
    await world.write(1, 'identity')
    await world.remove(world.leaves.memberId)
    await world.rotate()
    const { vault, actor } = await world.browserOf(world.stays.email)
    const { records } = must(await passOn(actor, { ...nothing, begins: true }, { now }))
    const { done } = await vault.rewrap(records)
    const less = done.map((each) => ({ ...each, grants: each.grants.filter((to) => to.recipient.id === 'desk') }))
    const answer = must(await passOn(actor, { ...nothing, done: less }, { now }))
    expect(answer).toMatchObject({ records: [], left: 0, failed: 1 })
    expect(await grantsBy(world)).toEqual({ 'clinical 1': 1, 'desk 2': 1 })
  })
})

test('the desk passes on the desk’s records and is shown no other', async () => {
  const world = await leavingWorld(admin)
  await world.write(2, 'identity')
  await world.write(2, 'note')
  await world.remove(world.leaves.memberId)
  await world.rotate()
  const desk = browser(world, await world.browserOf(world.desk.email))
  await desk.reload()
  expect(await desk.run()).toBeNull()
  expect(desk.handedIn.length).toBe(2)
  expect(await grantsBy(world)).toEqual({ 'clinical 1': 2, 'clinical 2': 2, 'desk 2': 2 })
  // Defence: heldBy in `save`. What the desk was not given it does not replace.
  const notes = await world.write(1, 'note')
  await world.remove(world.stays.memberId)
  await world.rotate()
  const { vault, actor } = await world.browserOf(world.owner.email)
  const { records } = must(await passOn(actor, { ...nothing, begins: true }, { now }))
  const made = await vault.rewrap(records.filter(({ meta }) => meta.patientId === notes.patientId))
  expect(made.done.length).toBe(1)
  const asDesk = must(await passOn(world.desk.actor, { ...nothing, ...made }, { now }))
  expect(asDesk.records.length).toBe(0)
  expect(await grantsBy(world)).toMatchObject({ 'clinical 2': 3 })
  const { passed, refused } = {
    passed: await passOn(actor, { ...nothing, ...made }, { now }),
    refused: await passOn(world.stays.actor, { ...nothing, begins: true }, { now }),
  }
  expect(must(passed).left).toBe(4)
  expect(must(refused).records).toEqual([])
  expect(await grantsBy(world)).toMatchObject({ 'clinical 3': 1 })
  // Who has left passes nothing on, whatever they may still ask.
  expect(must(await passOn(world.leaves.actor, { ...nothing, begins: true }, { now })).records).toEqual([])
})
