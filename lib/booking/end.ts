import 'server-only'
import { findClinic } from '../clinic/store.ts'
import { settleEnd } from '../payment/fee.ts'
import { waitsForMoney } from '../payment/rules.ts'
import { lockPayment } from '../payment/store.ts'
import { bookedTerms, keepsVoucher, type NotTaken } from '../price/rules.ts'
import type { Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'
import { daysAfterReturn } from '../voucher/rules.ts'
import { releaseVoucher } from '../voucher/store.ts'
import { expirePayment } from './hold.ts'
import type { AppointmentRow } from './store.ts'

/** The money of a booking that ends without a visit; a page that is open must take nothing more. The row is locked, as it was before. */
export async function endMoney(tx: Tx, row: AppointmentRow, end: NotTaken, now: Date): Promise<void> {
  const payment = await lockPayment(tx, row.id)
  if (!payment) return
  await settleEnd(tx, row, payment, end, now)
  if (row.voucherId && !keepsVoucher(bookedTerms(row), end)) {
    const today = dayIn((await findClinic(tx, row.clinicId))!.timeZone, now)
    // What the clinic cancels costs nobody a voucher that was about to end; who does not come gains no day.
    const isClinics = end.how === 'cancelled' && end.by === 'clinic'
    const until = isClinics ? addDays(today, daysAfterReturn) : today
    await releaseVoucher(tx, row.id, end.how === 'missed' ? null : until)
  }
  if (waitsForMoney(payment.status)) await expirePayment(tx, row.clinicId, row.id, now)
}
