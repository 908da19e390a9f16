import { solveChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/web/pbkdf2'
import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import { clinicWorld } from '../payment/testing.ts'
import type { Ctx } from '../server/action.ts'
import { testDb } from '../server/testing.ts'
import { isWorkDone, setWork } from './flood.ts'
import { holdSlot } from './hold.ts'
import { HoldInput, type Work } from './rules.ts'
import { loadSlots } from './slots.ts'

const { admin } = testDb()
const anyone = { kind: 'public' } as const
const at = (now = new Date()) =>
  ({ now, ip: randomUUID(), locale: 'en', requestId: '', userAgent: '', setCookie: () => undefined }) as Ctx
let world: Awaited<ReturnType<typeof clinicWorld>>
beforeAll(async () => {
  world = await clinicWorld(admin)
}, 60_000)

async function workFor(id: string, now = new Date()): Promise<Work> {
  const work = await setWork(anyone, { id }, at(now))
  if (!work.ok) throw new Error(work.code)
  return work.value
}
async function doneFor(work: Work) {
  const solution = await solveChallenge({ challenge: work, deriveKey })
  return { work, solution: solution! }
}

// Defence: isFlooded() and countHold() in holdSlot(). Forty holds by forty addresses; the next, whoever asks, costs work.
it('a hold costs work once a clinic gets more of them than people make, and only then', async () => {
  const { clinicId, serviceId } = world
  const from = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)
  const found = await loadSlots({ clinicId, serviceId, from, days: 5 }, new Date())
  const slots = found.ok ? found.value.slots : []
  const hold = (nth: number, more: object = {}) => {
    const input = { id: randomUUID(), secret: 'x'.repeat(22), clinicId, serviceId, ...slots[nth]!, ...more }
    return holdSlot(anyone, HoldInput.parse(input), at())
  }
  expect(await hold(0)).toMatchObject({ ok: true })
  // Too late for a time that is taken: that holds nothing, and counts for nothing.
  const late = await Promise.all(Array.from({ length: 60 }, () => hold(0)))
  expect(late.filter((answer) => !answer.ok && answer.code === 'SLOT_TAKEN')).toHaveLength(60)
  for (let nth = 1; nth < 40; nth++) expect(await hold(nth)).toMatchObject({ ok: true })
  expect(await hold(40)).toEqual({ ok: false, code: 'WORK_FIRST' })
  const id = randomUUID()
  const done = await doneFor(await workFor(id))
  // Another hold's work is none, and neither is what was made up.
  expect(await hold(40, { done })).toEqual({ ok: false, code: 'WORK_FIRST' })
  const made = { ...done, solution: { ...done.solution, derivedKey: done.solution.derivedKey.replace(/./g, '0') } }
  expect(await hold(40, { id, done: made })).toEqual({ ok: false, code: 'WORK_FIRST' })
  expect(await hold(40, { id, done })).toMatchObject({ ok: true })
  const other = await clinicWorld(admin)
  expect(
    await holdSlot(
      anyone,
      {
        ...HoldInput.parse({ id: randomUUID(), secret: 'x'.repeat(22), clinicId, serviceId, ...slots[41]! }),
        clinicId: other.clinicId,
      },
      at(),
    ),
  ).toEqual({ ok: false, code: 'NOT_FOUND' })
}, 120_000)

// Defence: the signature over the parameters, and the time in them.
it('work that was made easier, or set too long ago, is not done', async () => {
  const id = randomUUID()
  const set = await workFor(id)
  expect(await isWorkDone(await doneFor(set), id)).toBe(true)
  const easy = { ...set, parameters: { ...set.parameters, cost: 1, keyPrefix: '00' } }
  expect(await isWorkDone(await doneFor(easy), id)).toBe(false)
  const old = await workFor(id, new Date(Date.now() - 11 * 60_000))
  expect(await isWorkDone(await doneFor(old), id)).toBe(false)
}, 60_000)
