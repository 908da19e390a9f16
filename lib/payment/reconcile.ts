import 'server-only'
import type Stripe from 'stripe'
import * as bookings from '../booking/store.ts'
import { stripeFor, type Sender } from '../merchant/api.ts'
import { isAway } from '../merchant/probe.ts'
import { lookupMerchant, markRefused } from '../merchant/store.ts'
import { isId } from '../ids.ts'
import type { JobHandler } from '../server/jobs.ts'
import { log } from '../server/log.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { listWatched, saveReadUntil } from './accounts.ts'
import type { Place } from './place.ts'
import { refundPayment } from './refund.ts'
import { nextAsk, waitsForMoney } from './rules.ts'
import { loseIn, moneyOf, settle, unlessMissing } from './settle.ts'
import * as store from './store.ts'
import { eventTypes, takeEvent } from './webhook.ts'

// What Stripe's webhooks did not bring. A payment that waits for a word is asked about, later and later; and the events of each account
// are read a little behind the clock, so that one which was lost on its way is heard within minutes. What is learned goes through the
// same doors as a webhook, which know what they heard before.

/** Of one run: the rest waits for the next. */
const mostPayments = 30
const minute = 60_000
const day = 24 * 60 * minute

const typeOf = (error: unknown) => (error as { type?: string }).type ?? ''
/** The clinic took its key away: what is owed through it waits for another of the same account. */
const isKeyless = (error: unknown) => (error as { code?: string }).code === 'NO_STRIPE'

/** Asks about each payment whose time has come. */
async function askDue(now: Date): Promise<void> {
  // Of one clinic's account that wants to be left alone, no other clinic knows.
  const left = new Set<string | null>()
  for (const place of await inNoClinic((tx) => store.lookupUnsettled(tx, now, mostPayments))) {
    let account: string | null = null
    try {
      const payment = await inClinic(place.clinicId, (tx) => claim(tx, place, left, now))
      if (!payment) continue
      account = payment.account
      await askAbout(place, payment, now)
    } catch (error) {
      if (isKeyless(error)) continue
      log.error({ code: 'PAYMENT_ASK_FAILED', appointmentId: place.appointmentId, err: error })
      if (typeOf(error) === 'StripeConnectionError') return
      if (isAway(error)) left.add(account)
    }
  }
}

/** Writes down when it is asked about again, before it is asked: who dies in between asks later, and not for ever. */
async function claim(
  tx: Tx,
  { appointmentId }: Place,
  left: ReadonlySet<string | null>,
  now: Date,
): Promise<store.PaymentRow | null> {
  await bookings.lockAppointment(tx, appointmentId)
  const payment = await store.lockPayment(tx, appointmentId)
  if (!payment?.askAt || payment.askAt > now) return null
  if (left.has(payment.account)) {
    // Asked later, and counted as no time: they are many, and who comes after them is asked today.
    await store.updatePayment(tx, payment.id, { askAt: new Date(now.getTime() + 5 * minute) }, now)
    return null
  }
  const asks = payment.asks + 1
  const askAt = nextAsk(asks, now)
  if (!askAt) log.error({ code: 'PAYMENT_UNKNOWN', appointmentId })
  await store.updatePayment(tx, payment.id, { asks, askAt }, now)
  return payment
}

async function askAbout(place: Place, payment: store.PaymentRow, now: Date): Promise<void> {
  const { sessionId, account } = payment
  const open = sessionId && waitsForMoney(payment.status) ? await askSession(place, sessionId, account, now) : false
  await refundPayment({ ...place }, '')
  await inClinic(place.clinicId, async (tx) => {
    await bookings.lockAppointment(tx, place.appointmentId)
    const after = await store.lockPayment(tx, place.appointmentId)
    if (!after || open || after.sessionId !== sessionId) return
    const waits = (await store.listRefunds(tx, after.id)).some(
      ({ state, paymentIntent }) => state === 'due' && paymentIntent,
    )
    if (!waits) await store.updatePayment(tx, after.id, { askAt: null, asks: 0 }, now)
  })
}

/** What came of a page. True while it may still come to something. */
async function askSession(place: Place, sessionId: string, account: string | null, now: Date): Promise<boolean> {
  const api = await stripeFor(place.clinicId, account)
  const session = await api.checkout.sessions.retrieve(sessionId).catch(unlessMissing)
  if (session?.payment_status === 'paid') await settle(place, moneyOf(session), now)
  else if (!session || session.status === 'expired')
    await inClinic(place.clinicId, (tx) => loseIn(tx, place, sessionId, 'expire', now))
  else return true
  return false
}

/** Stripe lists an event some moments after its time. */
const overlap = 10 * minute
/** Stripe keeps events for thirty days. */
const keptFor = 30 * day

/** Reads what happened on each account since the last time, a day of it at once: who dies in between reads that day again. */
async function readEvents(now: Date): Promise<void> {
  for (const { account, readUntil } of await inNoClinic((tx) => listWatched(tx))) {
    const clinicId = isId(account) ? await inNoClinic((tx) => lookupMerchant(tx, account)) : null
    const from = clinicId ? { clinicId, id: account } : null
    try {
      const api = await stripeFor(clinicId ?? '', account)
      for (let until = readUntil.getTime(); until < now.getTime();) {
        const since = Math.max(until, now.getTime() - keptFor)
        until = Math.min(since + day, now.getTime())
        await readSpan(api, account, from, { since: since - overlap, until }, now)
        await inNoClinic((tx) => saveReadUntil(tx, account, new Date(until)))
      }
      if (from) await tellRefused(from, null)
    } catch (error) {
      if (isKeyless(error)) continue
      if (from && ['StripeAuthenticationError', 'StripePermissionError'].includes(typeOf(error)))
        await tellRefused(from, now)
      log.error({ code: 'STRIPE_EVENTS_UNREAD', merchantId: from?.id ?? null, err: error })
    }
  }
}

/** The clinic's own page says so: somebody ended that key in Stripe's pages, or took a permission from it. */
const tellRefused = ({ clinicId, id }: Sender, at: Date | null) => inClinic(clinicId, (tx) => markRefused(tx, id, at))

async function readSpan(
  api: Stripe,
  account: string,
  from: Sender | null,
  { since, until }: { since: number; until: number },
  now: Date,
): Promise<void> {
  const created = { gte: Math.floor(since / 1000), lte: Math.floor(until / 1000) }
  const events: Stripe.Event[] = []
  const ask = { created, types: [...eventTypes], limit: 100 }
  for await (const event of api.events.list(ask)) events.push(event)
  for (const event of events.toReversed())
    try {
      await takeEvent(from || account === 'platform' ? event : { ...event, account }, now, from)
    } catch (error) {
      log.error({ code: 'STRIPE_EVENT_FAILED', event: event.id, err: error })
      // It is tried again for a day; then the others do not wait for it any longer.
      if (isAway(error) || now.getTime() - event.created * 1000 < day) throw error
    }
}

export const reconcile: JobHandler = async () => {
  const now = new Date()
  await askDue(now)
  await readEvents(now)
}

export const reconcileJobs = {
  handlers: { 'payment.reconcile': reconcile },
  every: { 'payment.reconcile': '*/5 * * * *' },
}
