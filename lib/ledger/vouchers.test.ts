// Random days of a clinic with vouchers among them, on a real database: the books add up, and nothing of a voucher is in them.
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import type { StaffActor } from '../access/rules'
import { cancelAppointment, cancelByClinic } from '../booking/cancel'
import { anyone, at as ctxAt, bookAs, testDevice } from '../booking/testing'
import { complete, miss, missing } from '../encounter/flow'
import { take } from '../payment/desk'
import { clinicWorld } from '../payment/testing'
import { testDb } from '../server/testing'
import { list, make, withdraw } from '../voucher/flow'

vi.setConfig({ testTimeout: 300_000 })
const { admin } = testDb()
const now = () => ({ now: new Date() })
type Booked = Awaited<ReturnType<typeof bookAs>>

async function clinic(fee: number) {
  const world = await clinicWorld(admin)
  const { clinicId, memberId, serviceId } = world
  const owner: StaffActor = {
    ...{ kind: 'staff', clinicId, memberId, sessionId: randomUUID() },
    roles: ['admin', 'practitioner', 'frontdesk'],
  }
  const part = fee ? { kind: 'percent', percent: fee } : { kind: 'none' }
  const policy = { freeUntilMinutes: 40_320, lateFee: part, noShowFee: part }
  await admin('UPDATE clinic SET cancellation = $2 WHERE id = $1', [clinicId, JSON.stringify(policy)])
  await admin(`UPDATE service SET payment_mode = 'later', tax_rate = 20000 WHERE id = $1`, [serviceId])
  const codes: string[] = []
  const batches: string[] = []
  const booked: Booked[] = []
  const pick = async <T>(rows: readonly T[], at: number, use: (row: T) => Promise<unknown>) =>
    rows.length ? use(rows[at % rows.length]!) : null
  const feeOf = async (appointmentId: string) => {
    const said = await missing(owner, { appointmentId }, now())
    return said.ok ? said.value.feeMinor : 0
  }
  const keep = (each: Booked) => void (each.ok && booked.push(each))
  const steps = {
    make: async () => {
      const batchId = randomUUID()
      const made = await make(owner, { batchId, serviceId, count: 2, days: 60 }, now())
      if (made.ok) codes.push(...made.value.codes)
      batches.push(batchId)
    },
    withdraw: (at: number) => pick(batches, at, (batchId) => withdraw(owner, { batchId }, now())),
    book: async () => keep(await bookAs(world, await testDevice(), { ip: randomUUID() })),
    // Any code that there ever was: by two at once.
    use: (at: number) =>
      pick(codes, at, async (voucher) => {
        const both = [1, 2].map(async () => bookAs(world, await testDevice(), { voucher, ip: randomUUID() }))
        for (const each of await Promise.all(both)) keep(each)
      }),
    cancel: (at: number) =>
      pick(booked, at, async ({ appointmentId: id, linkSecret: secret }) => {
        for (const feeMinor of [0, Math.round(45 * fee), 4500])
          await cancelAppointment(anyone, { id, secret, feeMinor }, ctxAt())
      }),
    cancelByClinic: (at: number) =>
      pick(booked, at, async ({ appointmentId: id }) => {
        const [row] = await admin<{ at: Date }>('SELECT starts_at AS at FROM appointment WHERE id = $1', [id])
        await cancelByClinic(owner, { id, startsAt: row!.at.toISOString() }, now())
      }),
    take: (at: number) =>
      pick(booked, at, ({ appointmentId }) =>
        take(owner, { appointmentId, key: randomUUID(), method: 'cash', amountMinor: 4500 }, now()),
      ),
    miss: (at: number) =>
      pick(booked, at, async ({ appointmentId }) => {
        await begin(appointmentId, 'booked')
        await miss(owner, { appointmentId, feeMinor: await feeOf(appointmentId) }, now())
      }),
    complete: (at: number) =>
      pick(booked, at, async ({ appointmentId }) => {
        await begin(appointmentId, 'in_consult')
        await complete(owner, { appointmentId }, now())
      }),
  }
  /** Its time has come: on a day of its own in the past, so that none is in another's way. */
  let past = 0
  const begin = async (id: string, status: string) => {
    past += 1
    await admin(
      `UPDATE appointment SET status = $2::appointment_status, starts_at = t.at, ends_at = t.at + interval '30 minutes', blocked_from = t.at,
         blocked_until = t.at + interval '30 minutes' FROM (SELECT now() - $3 * interval '1 day' AS at) t
       WHERE id = $1 AND status = 'booked'`,
      [id, status, past],
    )
  }
  return { world, owner, steps, batches }
}

async function holds({ world: { clinicId }, owner }: Awaited<ReturnType<typeof clinic>>) {
  const sums = await admin(
    'SELECT posting_id FROM entry WHERE clinic_id = $1 GROUP BY 1 HAVING sum(amount_minor) <> 0',
    [clinicId],
  )
  expect(sums).toEqual([])
  // The visit earned nothing, owes nothing and asks for nothing; and there is no paper of it.
  const traces = await admin(
    `SELECT p.id FROM payment p JOIN appointment a ON a.id = p.appointment_id WHERE a.clinic_id = $1 AND a.voucher_id IS NOT NULL
       AND (p.status <> 'none' OR p.amount_minor <> 0 OR a.fee_minor <> 0 OR EXISTS (SELECT FROM posting WHERE sale_id = p.id)
         OR EXISTS (SELECT FROM document WHERE payment_id = p.id))`,
    [clinicId],
  )
  expect(traces).toEqual([])
  // What is alive or took place has its voucher, which has it; what has one was booked with it.
  const lost = await admin(
    `SELECT a.id FROM appointment a LEFT JOIN voucher v ON v.id = a.voucher_id AND v.used_by = a.id
     WHERE a.clinic_id = $1 AND a.voucher_id IS NOT NULL AND v.id IS NULL AND a.status NOT IN ('cancelled', 'no_show')
     UNION ALL
     SELECT v.id FROM voucher v LEFT JOIN appointment a ON a.id = v.used_by AND a.voucher_id = v.id
     WHERE v.clinic_id = $1 AND v.used_by IS NOT NULL AND a.id IS NULL`,
    [clinicId],
  )
  expect(lost).toEqual([])
  const [whole] = await admin<{ made: number; used: number; withdrawn: number }>(
    `SELECT count(*)::int AS made, count(used_by)::int AS used, count(*) FILTER (WHERE used_by IS NULL AND withdrawn_at IS NOT NULL)::int AS withdrawn
     FROM voucher WHERE clinic_id = $1`,
    [clinicId],
  )
  const listed = await list(owner, {}, now())
  const total = (of: 'made' | 'used' | 'withdrawn') =>
    listed.ok ? listed.value.batches.reduce((sum, batch) => sum + batch[of], 0) : -1
  expect({ made: total('made'), used: total('used'), withdrawn: total('withdrawn') }).toEqual(whole)
}

type Step = keyof Awaited<ReturnType<typeof clinic>>['steps']
const names: Step[] = [
  'make',
  'withdraw',
  'book',
  'use',
  'use',
  'use',
  'cancel',
  'cancelByClinic',
  'take',
  'miss',
  'complete',
]

it('whatever becomes of visits that vouchers pay for, the books add up without them', async () => {
  const step = fc.record({ name: fc.constantFrom(...names), at: fc.nat({ max: 20 }) })
  const seen = { kept: 0, back: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(0, 50, 100),
      fc.array(step, { minLength: 12, maxLength: 18, size: 'max' }),
      async (fee, steps) => {
        await admin('DELETE FROM rate_limit')
        const here = await clinic(fee)
        await here.steps.make()
        for (const { name, at } of steps) {
          await here.steps[name](at)
          await holds(here)
        }
        const [ended] = await admin<{ kept: number; back: number }>(
          `SELECT count(*) FILTER (WHERE v.used_by = a.id)::int AS kept, count(*) FILTER (WHERE v.used_by IS DISTINCT FROM a.id)::int AS back
           FROM appointment a JOIN voucher v ON v.id = a.voucher_id WHERE a.clinic_id = $1 AND a.status IN ('cancelled', 'no_show')`,
          [here.world.clinicId],
        )
        seen.kept += ended!.kept
        seen.back += ended!.back
      },
    ),
    { numRuns: 5, seed: 63 },
  )
  // Both were played.
  expect(seen.kept).toBeGreaterThan(0)
  expect(seen.back).toBeGreaterThan(0)
})
