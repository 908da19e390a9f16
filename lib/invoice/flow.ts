import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import * as bookings from '../booking/store.ts'
import { findClinic, findService } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { post, postingDayIn } from '../ledger/flow.ts'
import { spanOf, type MonthInput } from '../ledger/month.ts'
import type { Occasion } from '../ledger/rules.ts'
import { findBook } from '../ledger/store.ts'
import { translator } from '../messages/translator.ts'
import { listParts } from '../payment/parts.ts'
import type { Place } from '../payment/place.ts'
import * as payments from '../payment/store.ts'
import type { StoredRecord } from '../record/rules.ts'
import { listRecords } from '../record/store.ts'
import { auditOpened, touched } from '../server/audit-readings.ts'
import { enqueue } from '../server/jobs.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { dayIn } from '../time.ts'
import type { DocumentInput } from './issued.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

// Invoices and credit notes, each in the transaction of what it tells of, under the lock of appointment, then payment. A mail that
// one is there follows the commit.

/**
 * The invoice of a booking, once: when it is paid or has taken place, whichever is first; or of a fee alone, where it has none and does
 * not take place. Answers what is left of it, by rate, after its credit notes; nothing for what costs nothing.
 */
export async function issueInvoice(
  tx: Tx,
  place: Place,
  now: Date,
  fee: { feeMinor: number; occasion: Exclude<Occasion, 'visit'> } | null = null,
): Promise<ReturnType<typeof rules.leftOf>> {
  const payment = await payments.lockPayment(tx, place.appointmentId)
  if (!payment || payment.amountMinor === 0) return []
  const before = await store.listDocuments(tx, payment.id)
  const invoice = before.find(({ series }) => series === 'invoice')
  if (invoice) return rules.leftOf(invoice.content.taxes, rules.creditedOf(before))
  const appointment = (await bookings.findAppointment(tx, place.appointmentId))!
  const service = (await findService(tx, appointment.serviceId))!
  const practitioner = (await bookings.findPractitioner(tx, appointment.memberId))!
  const clinic = (await findClinic(tx, place.clinicId))!
  const { legal, address, phone, timeZone } = clinic
  const day = dayIn(timeZone, appointment.startsAt)
  const locale = appointment.locale === 'fr' ? ('fr' as const) : ('en' as const)
  const text = fee ? translator(locale, 'invoice')(`fee.${fee.occasion}`, { service: service.name }) : service.name
  const grossMinor = fee?.feeMinor ?? payment.amountMinor
  const line = { text, day, grossMinor, taxRate: appointment.taxRate }
  const taxes = rules.taxesOf([line])
  const today = await postingDayIn(tx, place.clinicId, now)
  const content: rules.DocumentContent = {
    locale,
    seller: {
      ...{ name: legal.legalName || clinic.name, address, phone },
      ...{ taxNumber: legal.taxNumber, footer: legal.invoiceFooter },
    },
    practitioner: practitioner.displayName,
    ...{ lines: [line], taxes, totals: rules.totalsOf(taxes) },
    ...(await paidOf(tx, payment, grossMinor, today)),
    credits: null,
  }
  await issue(tx, place, payment, { series: 'invoice', cause: `invoice/${payment.id}`, content, credits: null }, now)
  return taxes
}

/** What was paid of it by now: of what is paid, all that came; else what the clinic still has. */
async function paidOf(tx: Tx, payment: payments.PaymentRow, grossMinor: number, today: string) {
  const isPaid = ['paid', 'refunded'].includes(payment.status)
  const came = (await listParts(tx, payment)).map(({ method, day, receipt, amountMinor, leftMinor }) => ({
    ...{ method, day: day ?? today, receipt, amountMinor: isPaid ? amountMinor : leftMinor },
  }))
  // Its refund was heard of first.
  if (isPaid && !came.length) return { paid: { method: 'stripe' as const, day: today, receipt: null } }
  return rules.paidBy(grossMinor, came)
}

type Issue = Pick<rules.DocumentView, 'series' | 'content'> & { cause: string; credits: string | null }

async function issue(tx: Tx, place: Place, payment: payments.PaymentRow, what: Issue, now: Date): Promise<string> {
  const { clinicId } = place
  const { legal } = (await findClinic(tx, clinicId))!
  const prefix = rules.prefixOf(what.series, legal.invoicePrefix)
  const today = await postingDayIn(tx, clinicId, now)
  const taken = await store.takeNumber(tx, clinicId, { series: what.series, prefix, today })
  const { id: paymentId, currency } = payment
  const documentId = await store.insertDocument(tx, { ...what, ...taken, clinicId, paymentId, currency }, now)
  await enqueue(tx, 'mail.document', { ...place, documentId }, { singletonKey: documentId })
  return documentId
}

/**
 * A credit note of so much of a booking's invoice, or of all that is left of it; `key` names the request, and the same key again is
 * the same note. What was earned by then is taken back in the books. Answers how much was credited.
 */
export async function creditInvoice(
  tx: Tx,
  place: Place,
  { key, most }: { key: string; most: number | 'all' },
  now: Date,
): Promise<number> {
  const payment = await payments.lockPayment(tx, place.appointmentId)
  if (!payment) return 0
  const before = await store.listDocuments(tx, payment.id)
  const invoice = before.find(({ series }) => series === 'invoice')
  const cause = `credit/${key}`
  if (!invoice || before.some((each) => each.cause === cause)) return 0
  const credited = rules.creditedOf(before)
  const left = rules.totalsOf(rules.leftOf(invoice.content.taxes, credited)).grossMinor
  const taxes = rules.creditTaxes(invoice.content.taxes, credited, most === 'all' ? left : Math.min(most, left))
  if (!taxes) return 0
  const { parts: _, ...said } = invoice.content
  const content: rules.DocumentContent = {
    ...said,
    ...{ lines: rules.creditLines(invoice.content.lines, taxes), taxes, totals: rules.totalsOf(taxes), paid: null },
    credits: { number: invoice.number, day: invoice.day },
  }
  const id = await issue(tx, place, payment, { series: 'credit_note', cause, content, credits: invoice.id }, now)
  // What has not taken place yet was not earned: when it does, what is left of the invoice is.
  const { causes } = await findBook(tx, payment)
  if ([...causes].some((each) => each.startsWith('earned/')))
    await post(tx, payment, [{ kind: 'credited', key: id, taxes }], now)
  return content.totals.grossMinor
}

// ── the money page ──

export const listIssued = (
  actor: StaffActor,
  ask: z.output<typeof MonthInput>,
  { now }: { now: Date },
): Promise<Result<{ documents: rules.DocumentView[] }>> =>
  inClinic(actor.clinicId, async (tx) => {
    const { timeZone } = (await findClinic(tx, actor.clinicId))!
    const month = ask.month ?? dayIn(timeZone, now).slice(0, 7)
    return ok({ documents: await store.listIssued(tx, actor.clinicId, spanOf(month)) })
  })

/** The name that the browser writes on a document. That it was read is in the log. */
export async function findName(
  actor: StaffActor,
  { id }: z.output<typeof DocumentInput>,
): Promise<Result<{ patientId: string; records: StoredRecord[] }>> {
  const found = await inClinic(actor.clinicId, async (tx) => {
    const patientId = await store.findBuyer(tx, actor.clinicId, id)
    if (!patientId) return refuse('NOT_FOUND')
    return ok({ patientId, records: await listRecords(tx, actor, { patientIds: [patientId], types: ['identity'] }) })
  })
  if (!found.ok) return found
  const { patientId, records } = found.value
  await auditOpened(actor, [{ action: 'names.listed', patientId, records: touched(records) }])
  return found
}
