import 'server-only'
import type { z } from 'zod'
import type { PatientActor, PublicActor } from '../access/rules.ts'
import { isPaidOnline } from '../clinic/rules.ts'
import { findClinic, findConsentText, findService } from '../clinic/store.ts'
import { addConsent } from '../consent/flow.ts'
import { lateOf } from '../late/expected.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { endedOf, endingOf } from '../payment/fee.ts'
import { standingIn } from '../payment/parts.ts'
import { firstPayment, holdForPaymentMinutes, isOpen, isOver, waitsForMoney } from '../payment/rules.ts'
import { openCheckout } from '../payment/flow.ts'
import { findPayment, insertPayment, listRefunds } from '../payment/store.ts'
import { bookedTerms, cancelTerms } from '../price/rules.ts'
import { remindersOf } from '../reminder/store.ts'
import { patientWrites } from '../record/rules.ts'
import { insertRecords } from '../record/store.ts'
import { keepHours } from '../schedule/store.ts'
import type { Ctx } from '../server/action.ts'
import { audit } from '../server/audit.ts'
import { sealField } from '../server/kms.ts'
import { verifyProof } from '../server/proof.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { findSite } from '../site/store.ts'
import { redeem, voucherOf, withTries } from '../voucher/flow.ts'
import { admitPatient } from './admit.ts'
import { confirmBooking } from './confirm.ts'
import { mayFollowUp } from './follow-up.ts'
import { heldBy } from './hold.ts'
import { linkedAppointment, secretHash } from './link.ts'
import { placeAt } from './place.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
const minute = 60_000

// ── booking ──

/** Hold, patient, key, records, consent, payment, audit and mail: all of it or nothing. Stripe is asked after the commit. */
export async function bookSlot(
  _: PublicActor,
  input: In<typeof rules.BookInput>,
  { now, ip }: Ctx,
): Promise<Result<rules.Booked>> {
  const counted = await limit('book', ip, { points: 30, seconds: 60 })
  if (!counted.ok) return counted
  // Counted for each clinic: who guesses at one ends no voucher of another for their neighbours.
  const booked = await heldBy(input, (tx, row) =>
    withTries(`${row.clinicId} ${ip}`, input.voucher, () => bookIn(tx, row, input, now)),
  )
  if (!booked.ok) return booked
  const { clinicId, withoutVoucher, ...answer } = booked.value
  if (!waitsForMoney(answer.payment) || answer.status !== 'held' || withoutVoucher) return ok(answer)
  const opened = await openCheckout(clinicId, input.id, now)
  return ok({ ...answer, checkoutUrl: opened.ok ? opened.value.url : null })
}

interface BookedIn extends rules.Booked {
  clinicId: string
  /** It was made before a voucher's code was typed: its page says what is due, and none asks for money that nobody has agreed to. */
  withoutVoucher?: boolean
}

async function bookIn(
  tx: Tx,
  row: store.AppointmentRow,
  input: In<typeof rules.BookInput>,
  now: Date,
): Promise<Result<BookedIn>> {
  const { clinicId } = row
  const { patientId, keyId, sign, dh, proof } = input.patient
  // A repeat: the answer was lost, or a second tab held the same slot.
  if (row.patientId) {
    const payment = await findPayment(tx, row.id)
    if (!payment || !['held', 'booked'].includes(row.status)) return refuse('WRONG_STATE')
    return ok({
      clinicId,
      appointmentId: row.id,
      patientId: row.patientId,
      status: row.status,
      payment: payment.status,
      checkoutUrl: null,
      withoutVoucher: Boolean(input.voucher) && !row.voucherId,
    })
  }
  // A hold that ran out and was not taken meanwhile still serves: nobody else lost anything.
  if (row.status !== 'held' || row.startsAt <= now) return refuse('HOLD_EXPIRED')
  const clinic = await findClinic(tx, clinicId)
  const service = await findService(tx, row.serviceId)
  if (!clinic || !service) return refuse('NOT_FOUND')
  // Nobody had to leave it free any more: whoever sees them may be away by now.
  if (row.heldUntil! < now) {
    await keepHours(tx, clinicId, row.memberId)
    if ((await placeAt(tx, clinic, row.memberId, row)) !== row.siteId) return refuse('HOLD_EXPIRED')
  }
  // Nobody can be called whose number is nowhere.
  if (row.way === 'phone' && !input.phone) return refuse('BAD_INPUT', { phone: 'required' })
  const isPaidFor = Boolean(input.voucher)
  const payment = isPaidFor ? 'none' : firstPayment(row.paymentMode, row.priceMinor)
  if (payment === 'pending' && !clinic.takesPayments) return refuse('PAYMENTS_NOT_CONNECTED')
  const fields = rules.bookingFields({ clinicId, appointmentId: row.id, patientId, keyId, sign, dh })
  if (!(await verifyProof(sign, rules.bookingPurpose, fields, proof))) return refuse('BAD_PROOF')
  const counted = await limit('book-email', input.email, rules.bookingsADay)
  if (!counted.ok) return counted
  const actor: PatientActor = { kind: 'patient', clinicId, patientId, keyId }
  const admitted = await admitPatient(tx, actor, input)
  if (!admitted.ok) return admitted
  if (admitted.value.care) actor.care = admitted.value.care
  // The defence of a follow-up: by what whoever books can show, whatever their browser was told.
  if (service.audience === 'follow_up' && !(await mayFollowUp(tx, row, { ...input, patientId })))
    return refuse('FOLLOW_UP_ONLY')
  const link = {
    linkHash: secretHash(input.linkSecret),
    linkSealed: await sealField(input.linkSecret, `appointment.link|${clinicId}|${row.id}`),
  }
  await store.updateAppointment(tx, row.id, {
    ...link,
    patientId,
    idempotencyKey: input.key,
    locale: input.locale,
    timeZone: input.timeZone,
    // A time that was offered may have been typed at for longer than the half hour that its payment is counted from.
    heldSince: new Date(Math.max(row.heldSince!.getTime(), now.getTime() - rules.longestHoldMinutes * minute)),
    heldUntil: new Date(now.getTime() + holdForPaymentMinutes * minute),
  })
  if (!input.records.some((record) => record.meta.type === 'identity') && admitted.value.isNew)
    return refuse('BAD_INPUT', { records: 'required' })
  if (input.records.some(({ meta }) => !(patientWrites as readonly string[]).includes(meta.type)))
    return refuse('NOT_ALLOWED')
  const stored = await insertRecords(tx, actor, input.records, { patientId, appointmentId: row.id })
  if (!stored.ok) return stored
  if (input.consent) {
    // Agreed to another text of the clinic: not to what this service asks.
    if (input.consent.consentTextId !== service.consentTextId) return refuse('STALE')
    const signed = await addConsent(tx, actor, { appointmentId: row.id, signKey: sign, consent: input.consent })
    if (!signed.ok) return signed
  }
  // After all else that may be wrong: only a whole booking uses it up.
  const voucherId = input.voucher ? await redeem(tx, row, input.voucher, now) : null
  if (isPaidFor && !voucherId) return refuse('VOUCHER_REFUSED')
  const account = payment === 'none' ? null : clinic.stripeAccount
  await insertPayment(tx, {
    clinicId,
    appointmentId: row.id,
    status: payment,
    amountMinor: voucherId ? 0 : row.priceMinor,
    currency: row.currency,
    account,
  })
  if (input.recallId) await store.markRecallBooked(tx, input.recallId, patientId)
  const held = { ...row, patientId, voucherId }
  if (payment === 'pending') await audit(tx, actor, 'appointment.awaits-payment', row.id)
  else await confirmBooking(tx, actor, held, now)
  return ok({
    clinicId,
    appointmentId: row.id,
    patientId,
    status: payment === 'pending' ? 'held' : 'booked',
    payment,
    checkoutUrl: null,
  })
}

// ── the appointment ──

export async function showAppointment(
  _: PublicActor,
  input: In<typeof rules.HoldRef>,
  { now }: Ctx,
): Promise<Result<rules.AppointmentView>> {
  const found = await linkedAppointment(input)
  if (!found.ok) return found
  return inClinic(found.value.clinicId, async (tx) => ok(await viewOf(tx, found.value, now)))
}

export async function viewOf(tx: Tx, row: store.AppointmentRow, now: Date): Promise<rules.AppointmentView> {
  const clinic = (await findClinic(tx, row.clinicId))!
  const service = (await findService(tx, row.serviceId))!
  const practitioner = (await store.findPractitioner(tx, row.memberId))!
  const payment = await findPayment(tx, row.id)
  const bounced = payment !== null && (await listRefunds(tx, payment.id)).some(({ state }) => state === 'failed')
  const text = service.consentTextId ? await findConsentText(tx, service.consentTextId) : null
  const { from, until } = rules.joinWindow(row, clinic)
  const terms = bookedTerms(row)
  const isGone = isOver(row.status) || row.status === 'no_show'
  const asked = { how: 'cancelled', by: 'patient', startsAt: row.startsAt, now } as const
  return {
    id: row.id,
    status: row.status,
    way: row.way,
    startsAt: row.startsAt.toISOString(),
    endsAt: row.endsAt.toISOString(),
    heldUntil: row.heldUntil?.toISOString() ?? null,
    sequence: row.sequence,
    movableUntil: rules.movableUntil(row, service, clinic, terms).toISOString(),
    joinFrom: from.toISOString(),
    joinUntil: until.toISOString(),
    now: now.toISOString(),
    clinic: {
      id: clinic.id,
      slug: clinic.slug,
      name: clinic.name,
      phone: clinic.phone,
      address: clinic.address,
      timeZone: clinic.timeZone,
      rootFingerprint: clinic.rootFingerprint,
    },
    service: {
      id: service.id,
      name: service.name,
      minutes: service.minutes,
      intakeForm: service.intakeForm,
      intakeVersion: service.intakeVersion,
    },
    practitioner: { id: practitioner.id, name: practitioner.displayName, title: practitioner.title },
    site: await findSite(tx, row.siteId),
    price: { minor: row.priceMinor, currency: row.currency, mode: row.paymentMode },
    ...(payment ? await standingIn(tx, payment, row.depositMinor) : { paidMinor: 0, askedMinor: row.priceMinor }),
    voucher: await voucherOf(tx, row, clinic.timeZone, now),
    payment: { status: payment?.status ?? 'none', refundedMinor: payment?.refundedMinor ?? 0, bounced },
    cancelling: cancelTerms(terms, row.startsAt),
    ending: isGone ? await endedOf(tx, row) : await endingOf(tx, row, asked),
    consentText: text && { id: text.id, version: text.version, title: text.title, body: text.body, hash: text.hash },
    done: await store.listDone(tx, row.id),
    timeZone: row.timeZone,
    lateMinutes: await lateOf(tx, row, clinic.timeZone, now),
    reminders: await remindersOf(tx, row),
    unclaimed: row.patientId && !(await store.hasKey(tx, row.patientId)) ? row.patientId : null,
    payable:
      clinic.takesPayments &&
      ((isPaidOnline(service) && row.paymentMode === 'later') ||
        (payment !== null && payment.counted.length > 0 && payment.account === clinic.stripeAccount)) &&
      payment !== null &&
      isOpen(payment.status),
  }
}
