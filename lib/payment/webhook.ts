import 'server-only'
import type Stripe from 'stripe'
import { z } from 'zod'
import * as bookings from '../booking/store.ts'
import { isId } from '../ids.ts'
import { stripeFor, type Sender } from '../merchant/api.ts'
import { enqueueKeyed, type JobHandler } from '../server/jobs.ts'
import { inClinic, inNoClinic, lookup } from '../server/tx.ts'
import { disputesAt, takeDisputes } from './dispute.ts'
import type { Place } from './place.ts'
import { refundsAt, takeRefunds } from './refund.ts'
import { idOf, loseIn, overtaken, settleIn, unlessMissing } from './settle.ts'
import { fromMetadata, pageParts } from './rules.ts'
import * as store from './store.ts'

/** What each of Stripe's words is about. Of others nothing is kept. */
const about = {
  'checkout.session.completed': 'money',
  'checkout.session.async_payment_succeeded': 'money',
  'checkout.session.async_payment_failed': 'fail',
  'checkout.session.expired': 'expire',
  'charge.refunded': 'refunds',
  'refund.created': 'refunds',
  'refund.updated': 'refunds',
  'refund.failed': 'refunds',
  'charge.refund.updated': 'refunds',
  'charge.dispute.created': 'disputes',
  'charge.dispute.updated': 'disputes',
  'charge.dispute.closed': 'disputes',
  'charge.dispute.funds_withdrawn': 'disputes',
  'charge.dispute.funds_reinstated': 'disputes',
} as const
export const eventTypes = Object.keys(about) as (keyof typeof about)[]

/** What of an event moves anything: ids, amounts and Stripe's own words. What Stripe knows of the payer goes no further. */
const Heard = z.object({
  id: z.string(),
  type: z.enum(eventTypes),
  /** Seconds since 1970. */
  created: z.number(),
  /** Where it happened, as payments name it: null is the platform's own. */
  account: z.string().nullable(),
  /** The clinic whose own account said it: it speaks of that clinic alone. */
  owner: z.string().nullable().default(null),
  objectId: z.string(),
  isSession: z.boolean(),
  clinic: z.string().nullable(),
  appointment: z.string().nullable(),
  intent: z.string().nullable(),
  reference: z.string().nullable(),
  paid: z.boolean(),
  paidMinor: z.number().nullable(),
  currency: z.string().nullable(),
  part: z.enum(pageParts).default('whole'),
  attempt: z.number().default(0),
})
type Heard = z.output<typeof Heard>

/** Null for what moves nothing here. `from`: the clinic's own account, by whose secret it was signed. */
function heardOf(event: Stripe.Event, from: Sender | null): Heard | null {
  // Stripe's own are short words. A clinic signs its own account's, and could sign anything.
  if (!(event.type in about) || !/^[\w-]{1,255}$/.test(event.id)) return null
  const {
    id: objectId,
    object,
    metadata,
    ...rest
  } = event.data.object as { id: string; object: string } & Partial<
    Pick<Stripe.Checkout.Session, 'metadata' | 'payment_intent' | 'client_reference_id' | 'payment_status'> &
      Pick<Stripe.Checkout.Session, 'amount_total' | 'currency'>
  >
  return {
    // One account may be two clinics': what the one has taken is no repeat for the other.
    ...{ id: from ? `${from.id}/${event.id}` : event.id, type: event.type as Heard['type'], created: event.created },
    ...{ account: from ? from.id : (event.account ?? null), owner: from?.clinicId ?? null },
    ...{ objectId, isSession: object === 'checkout.session' },
    ...{ clinic: metadata?.clinic ?? null, appointment: metadata?.appointment ?? null },
    ...{ intent: idOf(rest.payment_intent), reference: rest.client_reference_id ?? null },
    ...fromMetadata(metadata),
    ...{ paid: rest.payment_status === 'paid', paidMinor: rest.amount_total ?? null, currency: rest.currency ?? null },
  }
}

/** Where an event belongs: a session by its row, the rest by the ids that we gave it or its payment. Null for what is not ours. */
async function placeOf(heard: Heard): Promise<Place | null> {
  if (heard.isSession) {
    const known = await inNoClinic((tx) => store.lookupCheckout(tx, heard.objectId))
    if (known) return known
  }
  const asks = !heard.isSession && !heard.appointment && heard.intent
  // What is made of a payment in Stripe's own pages has none of the ids that we gave it.
  const { clinic, appointment } = asks ? await idsOf(asks, heard) : heard
  return clinic && appointment && isId(clinic) && isId(appointment)
    ? { clinicId: clinic, appointmentId: appointment }
    : null
}

async function idsOf(intent: string, { account, owner }: Heard): Promise<{ clinic?: string; appointment?: string }> {
  const api = await stripeFor(owner ?? '', account)
  return (await api.paymentIntents.retrieve(intent).catch(unlessMissing))?.metadata ?? {}
}

/** Events that this process wrote down in the last minute, and when. What is sent again later is asked about by the job. */
const writtenHere = new Map<string, number>()
const minute = 60_000
const mostWritten = 10_000

/**
 * A verified event, written down to be taken by the worker: Stripe is answered before anything is asked or locked. Delivered again it
 * is one job while that waits; a job that finds it taken does nothing. What this process has just written down makes no second one.
 */
export async function hearEvent(
  event: Stripe.Event,
  from: Sender | null = null,
): Promise<'heard' | 'repeat' | 'not-ours'> {
  const heard = heardOf(event, from)
  if (!heard) return 'not-ours'
  const { id } = heard
  if (performance.now() - (writtenHere.get(id) ?? -minute) < minute) return 'repeat'
  await enqueueKeyed('payment.event', { data: heard, singletonKey: id })
  // Only now, when it is in the database for good.
  writtenHere.delete(id)
  writtenHere.set(id, performance.now())
  for (const [old, at] of writtenHere) {
    if (performance.now() - at < minute && writtenHere.size <= mostWritten) break
    writtenHere.delete(old)
  }
  return 'heard'
}

/** A verified event, once. Late, twice and out of order end in the same state: payment/rules decides, the rows are locked. */
export async function takeEvent(
  event: Stripe.Event,
  now: Date,
  from: Sender | null = null,
): Promise<'done' | 'repeat' | 'not-ours'> {
  const heard = heardOf(event, from)
  return heard ? take(heard, now) : 'not-ours'
}

async function take(heard: Heard, now: Date): Promise<'done' | 'repeat' | 'not-ours'> {
  if (await lookup((tx) => store.lookupEvent(tx, heard.id))) return 'repeat'
  const place = await placeOf(heard)
  if (!place) return 'not-ours'
  // A clinic's own account, whose events its owner can sign, says nothing of another clinic's money.
  if (heard.owner !== null && heard.owner !== place.clinicId) return 'not-ours'
  const { id, type, account, intent, objectId, paidMinor, currency, part, attempt } = heard
  // A charge says how much of it went back, an old word of a refund what was so then; how it stands, only Stripe's list does.
  const kind = about[type]
  const asked = kind === 'refunds' || kind === 'disputes' ? intent : null
  const api = asked ? await stripeFor(place.clinicId, account) : null
  const refunds = (api && kind === 'refunds' && (await refundsAt(api, asked!).catch(unlessMissing))) || []
  const disputes = (api && kind === 'disputes' && (await disputesAt(api, asked!).catch(unlessMissing))) || []
  return overtaken(() =>
    inClinic(place.clinicId, async (tx) => {
      await bookings.lockAppointment(tx, place.appointmentId)
      const payment = await store.lockPayment(tx, place.appointmentId)
      // Another account's event, however well signed, moves no money here.
      if (!payment || (account ?? 'platform') !== (payment.account ?? 'platform')) return 'not-ours'
      if (heard.isSession && heard.reference !== payment.id) return 'not-ours'
      const createdAt = new Date(heard.created * 1000)
      // The event's id is written in the same transaction as its effect: the second time there is nothing to do.
      if (!(await store.insertEvent(tx, { id, clinicId: place.clinicId, type, createdAt }))) return 'repeat'
      if (kind === 'refunds') await takeRefunds(tx, place, refunds, now)
      else if (kind === 'disputes') await takeDisputes(tx, place, disputes, now)
      else if (kind !== 'money') await loseIn(tx, place, objectId, kind, now)
      else if (heard.paid)
        await settleIn(tx, place, { paymentIntent: intent, paidMinor, currency, page: { part, attempt } }, now)
      return 'done'
    }),
  )
}

const takeHeard: JobHandler = async (data) => {
  await take(Heard.parse(data), new Date())
}

export const eventJobs = {
  handlers: { 'payment.event': takeHeard },
  inARow: { 'payment.event': 5 },
}
