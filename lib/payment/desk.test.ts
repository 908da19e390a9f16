// Cash and transfers at the desk: one press is one payment, numbers have no gap, and the books follow.
import { randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import type { StaffActor } from '../access/rules'
import { cancelAppointment } from '../booking/cancel'
import { takeNumber } from '../invoice/store'
import type { Ctx } from '../server/action'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { handBack, take } from './desk'
import { booksOf, clinicWorld, factsOf, type Waiting } from './testing'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let desk: StaffActor
beforeAll(async () => {
  world = await clinicWorld(admin, { account: null })
  const { clinicId, memberId } = world
  desk = { kind: 'staff', clinicId, memberId, sessionId: randomUUID(), roles: ['frontdesk'] }
}, 60_000)

const later = () => world.waiting({ mode: 'later', payment: 'due', status: 'booked' })
const now = () => ({ now: new Date() })
const press = ({ appointmentId }: Waiting, key = randomUUID(), method: 'cash' | 'transfer' = 'cash') =>
  take(desk, { appointmentId, key, method, amountMinor: 4500 }, now())

it('one press is one payment with one receipt, however often it is sent', async () => {
  const at = await later()
  const key = randomUUID()
  const answers = await Promise.all([press(at, key), press(at, key), press(at, key)])
  expect(new Set(answers.map((answer) => answer.ok && answer.value.number)).size).toBe(1)
  expect(answers[0]).toMatchObject({ ok: true, value: { number: expect.stringMatching(/^REC-20\d\d-\d{6}$/) } })
  expect(await press(at)).toEqual({ ok: false, code: 'WRONG_STATE' })
  expect(await press(await later(), key)).toEqual({ ok: false, code: 'STALE' })
  expect((await factsOf(admin, at)).payment).toBe('paid')
  expect(await booksOf(admin, at)).toEqual({ cash: 4500, deposits: -4500 })
})

it('not another amount than is owed, and not for what will not take place', async () => {
  const at = await later()
  const { appointmentId } = at
  const half = { appointmentId, key: randomUUID(), method: 'cash' as const, amountMinor: 2000 }
  expect(await take(desk, half, now())).toEqual({ ok: false, code: 'STALE' })
  await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [appointmentId])
  expect(await press(at)).toEqual({ ok: false, code: 'WRONG_STATE' })
  expect(await booksOf(admin, at)).toEqual({})
})

// Defence: runsVisits and isSeen in `locked`.
it('attack 17: who sees one site takes and hands back nothing of another’s', async () => {
  const at = await later()
  const site = randomUUID()
  await admin(`INSERT INTO site (id, clinic_id, name, address) VALUES ($1, $2, 'Hill', '')`, [site, world.clinicId])
  const memberId = randomUUID()
  await admin(
    `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
     SELECT $1::uuid, clinic_id, decode(md5($1::uuid::text), 'hex'), email_sealed, 'Dee', '{frontdesk}', status FROM member WHERE id = $2`,
    [memberId, world.memberId],
  )
  await admin('INSERT INTO member_site (clinic_id, member_id, site_id) VALUES ($1, $2, $3)', [
    ...[world.clinicId, memberId, site],
  ])
  const other = { ...desk, memberId }
  const { appointmentId } = at
  const input = { appointmentId, key: randomUUID(), method: 'cash' as const, amountMinor: 4500 }
  expect(await take(other, input, now())).toEqual({ ok: false, code: 'NOT_FOUND' })
  expect(await handBack(other, { appointmentId, method: 'cash', amountMinor: 4500 }, now())).toEqual({
    ok: false,
    code: 'NOT_FOUND',
  })
})

// Fails when `take` does not earn what took place: it would stand as paid ahead for ever.
it('what is paid after the visit is earned, though the visit was over before the books were kept', async () => {
  const at = await world.waiting({ mode: 'later', payment: 'due', status: 'completed' })
  await press(at)
  expect(await booksOf(admin, at)).toEqual({ cash: 4500, revenue: -4500 })
})

it('a cancelled visit’s cash is owed until the desk hands it back, once', async () => {
  const at = await later()
  const { appointmentId, secret } = at
  await press(at, randomUUID(), 'transfer')
  const give = (amountMinor = 4500) => handBack(desk, { appointmentId, method: 'transfer', amountMinor }, now())
  expect(await give()).toEqual({ ok: false, code: 'WRONG_STATE' })
  const ctx = { now: new Date(), ip: '', locale: 'en' } as Ctx
  await cancelAppointment({ kind: 'public' }, { id: appointmentId, secret }, ctx)
  expect(await booksOf(admin, at)).toEqual({ refunds_due: -4500, transfer: 4500 })
  expect((await factsOf(admin, at)).jobs).not.toContain('payment.refund')
  // The page showed another amount.
  expect(await give(4400)).toEqual({ ok: false, code: 'STALE' })
  const twice = await Promise.all([give(), give()])
  expect(twice.filter(({ ok }) => ok)).toHaveLength(1)
  expect(await booksOf(admin, at)).toEqual({})
  expect(await factsOf(admin, at)).toMatchObject({ payment: 'refunded', refundedMinor: 4500 })
})

// Fails when takeNumber does not lock the counter, or takes a sequence.
it('numbers have no gap, though every second transaction is undone and eight are at work', async () => {
  const { clinicId } = await clinicWorld(admin)
  const numbers: string[] = []
  const one = (fails: boolean) =>
    inClinic(clinicId, async (tx) => {
      const { number } = await takeNumber(tx, clinicId, { series: 'invoice', prefix: 'INV', today: '2026-12-31' })
      if (fails) throw new Error('undone')
      return number
    }).then(
      (number) => numbers.push(number),
      () => 0,
    )
  for (let round = 0; round < 5; round++)
    await Promise.all(Array.from({ length: 8 }, (_, index) => one(index % 2 === 1)))
  const expected = Array.from({ length: 20 }, (_, index) => `INV-2026-${String(index + 1).padStart(6, '0')}`)
  expect(numbers.sort()).toEqual(expected)
  const next = { series: 'invoice', prefix: 'INV' } as const
  const number = (today: string) => inClinic(clinicId, (tx) => takeNumber(tx, clinicId, { ...next, today }))
  expect(await number('2027-01-01')).toEqual({ number: 'INV-2027-000001', day: '2027-01-01' })
  expect(await number('2026-12-31')).toEqual({ number: 'INV-2027-000002', day: '2027-01-01' })
})
