// A day's closing on a real database: nothing is posted on a closed day, whoever is quicker, and what was written down is what the
// entries say.
import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it, vi } from 'vitest'
import type { StaffActor } from '../access/rules'
import type { ClosedAccount } from '../invoice/rules'
import { take } from '../payment/desk'
import { clinicWorld, type Waiting } from '../payment/testing'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { addDays } from '../time'
import { close, findClosing, listDays } from './closing'
import { post } from './flow'

vi.setConfig({ testTimeout: 60_000 })
const { admin } = testDb()
const noon = (day: string) => ({ now: new Date(`${day}T11:00:00Z`) })

async function clinic() {
  const world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  const actor: StaffActor = {
    kind: 'staff',
    clinicId,
    memberId,
    sessionId: randomUUID(),
    roles: ['admin', 'frontdesk'],
  }
  /** So much cash, at noon of a day, in a transaction that takes its time. */
  const cash = (at: Waiting, day: string, amountMinor: number, ms = 0) =>
    inClinic(clinicId, async (tx) => {
      const sale = { id: at.paymentId, clinicId, currency: 'eur' }
      await post(tx, sale, [{ kind: 'paid', key: randomUUID(), method: 'cash', amountMinor }], noon(day).now)
      await new Promise((resolve) => setTimeout(resolve, ms))
    })
  const closed = async (day: string) => {
    const found = await findClosing(actor, { day })
    return found.ok ? found.value.accounts : null
  }
  return { world, actor, cash, closed }
}
const told = (rows: readonly ClosedAccount[] | null) =>
  rows?.map(({ account, openingMinor, debitMinor, creditMinor, closingMinor }) => [
    ...[account, openingMinor, debitMinor, creditMinor, closingMinor],
  ])

let one: Awaited<ReturnType<typeof clinic>>
beforeAll(async () => {
  one = await clinic()
}, 60_000)

it('of days that are over, one after the other, each as the entries say', async () => {
  const { world, actor, cash, closed } = one
  const at = await world.waiting({ status: 'booked' })
  await cash(at, '2026-10-01', 1000)
  await cash(at, '2026-10-03', 500)
  await cash(at, '2026-10-05', 70)
  const days = async (today: string) => {
    const found = await listDays(actor, {}, noon(today))
    return found.ok && [found.value.open, found.value.closed.map(({ day }) => day)]
  }
  expect(await days('2026-10-05')).toEqual([['2026-10-01', '2026-10-03'], []])
  // Nor a day before there were books: each day after it would have to be closed, too.
  expect(await close(actor, { day: '2000-01-01' }, noon('2026-10-05'))).toEqual({ ok: false, code: 'WRONG_STATE' })
  // Neither today nor a day to come.
  expect(await close(actor, { day: '2026-10-05' }, noon('2026-10-05'))).toEqual({ ok: false, code: 'WRONG_STATE' })
  expect(await close(actor, { day: '2026-10-03' }, noon('2026-10-05'))).toMatchObject({ ok: true })
  // The first closes all before it; the next is the day after.
  expect(told(await closed('2026-10-03'))).toEqual([
    ['cash', 1000, 500, 0, 1500],
    ['deposits', -1000, 0, 500, -1500],
  ])
  expect(await days('2026-10-06')).toEqual([['2026-10-04', '2026-10-05'], ['2026-10-03']])
  for (const day of ['2026-10-02', '2026-10-05'])
    expect(await close(actor, { day }, noon('2026-10-06'))).toEqual({ ok: false, code: 'WRONG_STATE' })
  await Promise.all([1, 2, 3].map(() => close(actor, { day: '2026-10-04' }, noon('2026-10-06'))))
  await close(actor, { day: '2026-10-05' }, noon('2026-10-06'))
  expect(told(await closed('2026-10-05'))).toEqual([
    ['cash', 1500, 70, 0, 1570],
    ['deposits', -1500, 0, 70, -1570],
  ])
  expect(await days('2026-10-06')).toEqual([[], ['2026-10-05', '2026-10-04', '2026-10-03']])
})

it('a clock that was set back posts, numbers and issues on the first open day', async () => {
  const { world, actor } = one
  const at = await world.waiting({ mode: 'later', payment: 'due', status: 'booked' })
  const input = { appointmentId: at.appointmentId, key: randomUUID(), method: 'cash' as const, amountMinor: 4500 }
  expect(await take(actor, input, noon('2026-10-02'))).toMatchObject({ ok: true })
  const days = await admin<{ day: string }>(
    `SELECT DISTINCT to_char(day, 'YYYY-MM-DD') AS day FROM (SELECT day FROM posting WHERE sale_id = $1
       UNION ALL SELECT day FROM taking WHERE payment_id = $1 UNION ALL SELECT day FROM document WHERE payment_id = $1) d`,
    [at.paymentId],
  )
  expect(days).toEqual([{ day: '2026-10-06' }])
})

// Defence: the triggers and grants of day_closing, and day_is_open on posting.
it('stays as it is, whoever asks, and the database posts nothing on it', async () => {
  const { world, actor, closed } = one
  const before = await closed('2026-10-05')
  const asApp = (sql: string) => inClinic(world.clinicId, (tx) => tx.$executeRawUnsafe(sql))
  for (const sql of [`UPDATE day_closing SET accounts = '[]'`, 'DELETE FROM day_closing', 'TRUNCATE day_closing']) {
    await expect(asApp(sql)).rejects.toThrow(/permission denied/)
    await expect(admin(sql)).rejects.toThrow(/never changed/)
  }
  const at = await world.waiting()
  const late = `INSERT INTO posting (clinic_id, sale_id, cause, currency, day)
    VALUES ('${world.clinicId}', '${at.paymentId}', 'paid/late', 'eur', '2026-10-05')`
  await expect(asApp(late)).rejects.toThrow(/are closed/)
  expect(await closed('2026-10-05')).toEqual(before)
  expect(await findClosing({ ...actor, clinicId: (await clinic()).actor.clinicId }, { day: '2026-10-05' })).toEqual({
    ok: false,
    code: 'NOT_FOUND',
  })
})

// Fails when postingDayIn does not hold the books until its transaction ends, or close does not hold them alone.
it('what is posted while a day is being closed is in its sums, or on a later day: never on it unseen', async () => {
  const { world, actor, cash, closed } = await clinic()
  const visits = await Promise.all(Array.from({ length: 12 }, () => world.waiting({ status: 'booked' })))
  let day = '2026-09-01'
  let both = 0
  let late = 5
  // A round may have all its postings on one side; the closing then comes sooner or later in the next.
  for (let round = 0; round < 6 || (both === 0 && round < 40); round++) {
    // Clocks of the day itself, of slow processes; the closing is asked for in between.
    const posts = visits.map((at, index) => cash(at, day, 100 + index, (index * 7 + round * 5) % 40))
    const closing = new Promise((resolve) => setTimeout(resolve, late)).then(() =>
      close(actor, { day }, noon(addDays(day, 1))),
    )
    await Promise.all([...posts, closing])
    expect(await closing).toMatchObject({ ok: true })
    const sums = await admin<{ account: string; closing: number; on: number }>(
      `SELECT e.account, sum(e.amount_minor)::int AS closing, (sum(e.amount_minor) FILTER (WHERE p.day = $2))::int AS on
       FROM posting p JOIN entry e ON e.posting_id = p.id WHERE p.clinic_id = $1 AND p.day <= $2 GROUP BY 1 ORDER BY 1`,
      [world.clinicId, day],
    )
    const rows = (await closed(day)) ?? []
    expect(rows.map(({ account, closingMinor }) => [account, closingMinor])).toEqual(
      sums.map(({ account, closing: sum }) => [account, sum]),
    )
    const [{ later }] = (await admin<{ later: number }>(
      'SELECT count(*)::int AS later FROM posting WHERE clinic_id = $1 AND day > $2',
      [world.clinicId, day],
    )) as [{ later: number }]
    if (later > 0 && later < visits.length) both += 1
    late = later === 0 ? late / 2 : later === visits.length ? late * 2 + 1 : late + 1
    day = addDays(day, 1)
  }
  // Some rounds had both: postings before the closing, and after.
  expect(both).toBeGreaterThan(0)
})
