import 'server-only'
import { createHash, randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { type AppointmentRow, updateAppointment } from '../booking/store.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { bookedTerms, voucherPolicy } from '../price/rules.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { isSpent, limit } from '../server/rate-limit.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type Out<Name extends keyof rules.VoucherContract> = Promise<Result<rules.VoucherContract[Name]['out']>>
interface At {
  now: Date
}

/** What is kept of a code. Eighty random bits need no slow hash; another clinic's code is another hash. */
const hashOf = (clinicId: string, code: string) =>
  new Uint8Array(createHash('sha256').update(`voucher ${clinicId} ${code}`).digest())

export const list = (actor: StaffActor, _: unknown, { now }: At): Out<'voucher/list'> =>
  inClinic(actor.clinicId, async (tx) => {
    const { timeZone } = (await findClinic(tx, actor.clinicId))!
    return ok({ batches: await store.listBatches(tx, actor, dayIn(timeZone, now)) })
  })

/** Codes are answered once. Where that answer is lost the batch is withdrawn and another made: nobody knows them. */
export const make = (
  actor: StaffActor,
  { batchId, serviceId, count, days }: z.output<typeof rules.MakeInput>,
  { now }: At,
): Out<'voucher/make'> =>
  inClinic(actor.clinicId, async (tx) => {
    const { clinicId } = actor
    await hold(tx, `vouchers|${clinicId}`, 'write')
    const service = await findService(tx, serviceId)
    if (!service?.active) return refuse('NOT_FOUND')
    if (service.paymentMode === 'free' || service.priceMinor === 0)
      return refuse('BAD_INPUT', { serviceId: 'costsNothing' })
    if (await store.hasBatch(tx, actor, batchId)) return refuse('STALE')
    const today = dayIn((await findClinic(tx, clinicId))!.timeZone, now)
    if ((await store.listOpen(tx, actor, today)).length + count > rules.mostOpen)
      return refuse('BAD_INPUT', { count: 'tooMany' })
    const codes = Array.from({ length: count }, () => rules.writeCode(randomBytes(rules.codeLength)))
    const lastDay = addDays(today, days)
    const hashes = codes.map((code) => hashOf(clinicId, rules.readCode(code)!))
    await store.insertVouchers(tx, actor, { batchId, serviceId, lastDay, hashes }, now)
    await audit(tx, actor, 'voucher.made', batchId)
    await notify(tx, 'staff', clinicId)
    return ok({ codes, service: service.name, lastDay })
  })

export const withdraw = (
  actor: StaffActor,
  { batchId }: z.output<typeof rules.WithdrawInput>,
  { now }: At,
): Out<'voucher/withdraw'> =>
  inClinic(actor.clinicId, async (tx) => {
    const withdrawn = await store.withdrawBatch(tx, actor, batchId, now)
    if (withdrawn === 0) return refuse('WRONG_STATE')
    await audit(tx, actor, 'voucher.withdrawn', batchId)
    await notify(tx, 'staff', actor.clinicId)
    return ok({ withdrawn })
  })

/** Where the voucher of a booking stands; null where it was booked without. */
export async function voucherOf(
  tx: Tx,
  row: AppointmentRow,
  timeZone: string,
  now: Date,
): Promise<rules.VoucherStanding | null> {
  const voucher = row.voucherId && (await store.findVoucher(tx, row.voucherId))
  return voucher ? rules.standingOf(voucher, row.id, dayIn(timeZone, now)) : null
}

/**
 * A booking with what was typed as a voucher's code, where something was. Only a code that is refused counts against whoever typed
 * it: a waiting room full of people behind one address, each with a right one, is no guessing.
 */
export async function withTries<T>(
  who: string,
  typed: string | null | undefined,
  book: () => Promise<Result<T>>,
): Promise<Result<T>> {
  if (!typed) return book()
  if (await isSpent('voucher', who, rules.triesAnHour)) return refuse('TOO_MANY')
  const answer = await book()
  if (!answer.ok && answer.code === 'VOUCHER_REFUSED') await limit('voucher', who, rules.triesAnHour)
  return answer
}

/**
 * Pays for a booking by the voucher that a typed code is, and agrees to what then becomes of it; null where it is none that can be used
 * for it. Nothing is left to pay: no page, no deposit, no rest.
 */
export async function redeem(tx: Tx, row: AppointmentRow, typed: string, now: Date): Promise<string | null> {
  if (row.priceMinor === 0) return null
  const { clinicId, serviceId, id: appointmentId } = row
  const codeHash = hashOf(clinicId, rules.readCode(typed) ?? '')
  const today = dayIn((await findClinic(tx, clinicId))!.timeZone, now)
  const voucherId = await store.useVoucher(tx, { clinicId, serviceId, appointmentId, codeHash, today })
  if (voucherId)
    await updateAppointment(tx, row.id, {
      ...{ voucherId, depositMinor: 0 },
      cancellation: voucherPolicy(bookedTerms(row)),
    })
  return voucherId
}

/** A visit was let go of before its patient was told of it: its voucher pays for another, or for it again once there is a time. */
export async function lendBack(tx: Tx, row: AppointmentRow, now: Date): Promise<void> {
  if (!row.voucherId) return
  const { timeZone } = (await findClinic(tx, row.clinicId))!
  await store.releaseVoucher(tx, row.id, addDays(dayIn(timeZone, now), rules.daysAfterReturn))
}

/** Whether what such a visit was to be paid with still pays for it. */
export async function stillPays(tx: Tx, row: AppointmentRow, now: Date): Promise<boolean> {
  if (!row.voucherId) return true
  const { timeZone } = (await findClinic(tx, row.clinicId))!
  return store.retakeVoucher(tx, { id: row.voucherId, appointmentId: row.id, today: dayIn(timeZone, now) })
}
