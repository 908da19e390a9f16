import 'server-only'
import { randomUUID } from 'node:crypto'
import type Stripe from 'stripe'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { mayUsePlatform } from '../clinic/rules.ts'
import { findClinic, saveProfile } from '../clinic/store.ts'
import { ok, refuse, type Refusal, type Result } from '../errors.ts'
import { watchAccount } from '../payment/accounts.ts'
import { closeSession, loseIn } from '../payment/settle.ts'
import { forgetSession } from '../payment/store.ts'
import { eventTypes } from '../payment/webhook.ts'
import { audit } from '../server/audit.ts'
import { env } from '../server/env.ts'
import { sealField } from '../server/kms.ts'
import { withLock } from '../server/lock.ts'
import { log } from '../server/log.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { stripeWith } from '../server/stripe.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { stripeFor } from './api.ts'
import { isAway, probe, type Account, type Tried } from './probe.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

interface At {
  now: Date
}

async function routesIn(tx: Tx, clinicId: string): Promise<rules.MoneyRoutes> {
  const { slug, stripeAccount } = (await findClinic(tx, clinicId))!
  const { STRIPE_SECRET_KEY, CLINIC_SIGNUP, STRIPE_CLINICS } = env()
  const own: rules.MerchantView[] = []
  for (const row of await store.listMerchants(tx)) {
    const { id, account, name, lastFour, live, currency } = row
    own.push({
      ...{ id, account, name, lastFour, live, currency, isCurrent: id === stripeAccount },
      ...{ hasKey: row.keySealed !== null, refusedAt: row.refusedAt?.toISOString() ?? null },
      owed: await store.countOwed(tx, id),
    })
  }
  const offersPlatform = Boolean(STRIPE_SECRET_KEY) && mayUsePlatform(slug, CLINIC_SIGNUP, STRIPE_CLINICS)
  const isOwn = own.some(({ isCurrent }) => isCurrent)
  const uses = isOwn ? 'own' : stripeAccount === null || !STRIPE_SECRET_KEY ? 'none' : 'platform'
  // Of an account whose key is gone only what waits for it is worth a word.
  return { uses, offersPlatform, own: own.filter(({ hasKey, owed: waiting }) => hasKey || waiting > 0) }
}

export const loadRoutes = ({ clinicId }: StaffActor): Promise<rules.MoneyRoutes> =>
  inClinic(clinicId, (tx) => routesIn(tx, clinicId))

function refusalOf(tried: Exclude<Tried, { kind: 'good' }>): Refusal {
  if (tried.kind === 'lacks')
    return refuse('STRIPE_KEY_LACKS', Object.fromEntries(tried.permissions.map((each) => [each, 'missing'])))
  const codes = { unknown: 'STRIPE_KEY_UNKNOWN', 'no-charges': 'STRIPE_NO_CHARGES', away: 'STRIPE_AWAY' } as const
  return refuse(codes[tried.kind])
}

/** A key counts once Stripe has shown that it may do all that is needed. A new key of a known account takes the old one's place. */
export async function connect(
  actor: StaffActor,
  { key }: z.output<typeof rules.ConnectInput>,
  { now }: At,
): Promise<Result<rules.MoneyRoutes>> {
  const { clinicId } = actor
  const counted = await limit('stripe-key', clinicId, rules.triesAnHour)
  if (!counted.ok) return counted
  const api = stripeWith(key)
  const { currency } = (await inClinic(clinicId, (tx) => findClinic(tx, clinicId)))!
  const tried = await probe(api, key, currency, env().APP_ORIGIN)
  if (tried.kind !== 'good') return refusalOf(tried)
  // Two at once would leave an address at Stripe whose secret nobody kept.
  const saved = await withLock(`stripe key ${clinicId}`, 'leave', () => save(actor, api, key, tried.account, now))
  return saved ?? refuse('BUSY')
}

const addressOf = (id: string) => `${env().APP_ORIGIN}/api/stripe/${id}`

async function save(
  actor: StaffActor,
  api: Stripe,
  key: string,
  { id: account, name, currency }: Account,
  now: Date,
): Promise<Result<rules.MoneyRoutes>> {
  const { clinicId } = actor
  const live = rules.isLive(key)
  const known = await inClinic(clinicId, (tx) => store.findAccount(tx, account, live))
  const id = known?.id ?? randomUUID()
  const made = await api.webhookEndpoints
    .create({
      url: addressOf(id),
      enabled_events: [...eventTypes],
      metadata: { clinic: clinicId },
    })
    .catch((error: { type?: string }) => {
      // What it will not send to: an address that it cannot reach, or one more than it allows.
      if (error.type === 'StripeInvalidRequestError') return refuse('STRIPE_NO_ADDRESS')
      if (isAway(error)) return refuse('STRIPE_AWAY')
      throw error
    })
  if ('ok' in made) return made
  if (!made.secret) throw Object.assign(new Error('an endpoint without a secret'), { code: 'NO_SECRET' })
  const given = {
    ...{ id, account, live, name, currency, lastFour: rules.lastFour(key), endpoint: made.id },
    keySealed: await sealField(key, `merchant.key|${clinicId}|${id}`),
    secretSealed: await sealField(made.secret, `merchant.secret|${clinicId}|${id}`),
  }
  const routes = await inClinic(clinicId, async (tx) => {
    await store.saveMerchant(tx, actor, given, now)
    await saveProfile(tx, actor, { stripeAccount: id })
    await watchAccount(tx, id, now)
    await store.askAgain(tx, id, now)
    await audit(tx, actor, known?.keySealed ? 'merchant.replaced' : 'merchant.connected', id)
    await notify(tx, 'staff', clinicId)
    return routesIn(tx, clinicId)
  })
  await tidy(api, clinicId, made.id)
  return ok(routes)
}

/** Ends the addresses that earlier keys, or a try that died, left at Stripe. `but`: the one that counts. */
async function tidy(api: Stripe, clinicId: string, but: string | null): Promise<void> {
  try {
    for await (const { id, url, metadata } of api.webhookEndpoints.list({ limit: 100 }))
      if (id !== but && metadata.clinic === clinicId && url.startsWith(addressOf('')))
        await api.webhookEndpoints.del(id)
  } catch (error) {
    log.warn({ code: 'STRIPE_UNTIDY', clinicId, err: error })
  }
}

/**
 * The key is gone from here. First nothing new begins with it, then the pages that are open are ended, then it is forgotten; what is owed
 * through that account waits until another key of it is given, or is given back in Stripe's own pages. A key that somebody's payment
 * still needs stays as it was.
 */
export async function remove(
  actor: StaffActor,
  { id }: z.output<typeof rules.RemoveInput>,
  { now }: At,
): Promise<Result<rules.MoneyRoutes>> {
  // Nobody connects meanwhile: what would be forgotten in the end might be another key.
  const removed = await withLock(`stripe key ${actor.clinicId}`, 'leave', () => removeNow(actor, id, now))
  return removed ?? refuse('BUSY')
}

async function removeNow(actor: StaffActor, id: string, now: Date): Promise<Result<rules.MoneyRoutes>> {
  const { clinicId } = actor
  const route = (stripeAccount: string | null) => inClinic(clinicId, (tx) => saveProfile(tx, actor, { stripeAccount }))
  const { row, wasCurrent } = await inClinic(clinicId, async (tx) => ({
    row: await store.findMerchant(tx, id),
    wasCurrent: (await findClinic(tx, clinicId))!.stripeAccount === id,
  }))
  if (!row?.keySealed) return refuse('NOT_FOUND')
  if (wasCurrent) await route(null)
  // One that does not open any more, as after a backup without its key, ends no page, and goes like one that Stripe refuses.
  const api = await stripeFor(clinicId, id).catch((error: unknown) => {
    log.warn({ code: 'STRIPE_KEY_SHUT', clinicId, err: error })
    return null
  })
  const paid = new Set<string>()
  for (let turn = 0; turn < 3; turn++) {
    if (!(await endPages(api, { clinicId, id, paid }, now))) break
    const routes = await inClinic(clinicId, async (tx) => {
      await store.lockMerchant(tx, id)
      // One that was being made when we looked.
      if ((await store.listOpenPages(tx, id, now)).some(({ sessionId }) => !paid.has(sessionId))) return null
      await store.forgetKey(tx, id)
      await audit(tx, actor, 'merchant.removed', id)
      await notify(tx, 'staff', clinicId)
      return routesIn(tx, clinicId)
    })
    if (routes) {
      if (api) await tidy(api, clinicId, null)
      return ok(routes)
    }
  }
  if (wasCurrent) await route(id)
  return refuse('STRIPE_KEY_IN_USE')
}

/** Nobody waits for a page that is over. False where one cannot be ended and is not over yet, or money of one is on its way. */
async function endPages(
  api: Stripe | null,
  { clinicId, id, paid }: { clinicId: string; id: string; paid: Set<string> },
  now: Date,
): Promise<boolean> {
  for (const page of await inClinic(clinicId, (tx) => store.listOpenPages(tx, id, now))) {
    const { paymentId, appointmentId, sessionId, expiresAt } = page
    if (paid.has(sessionId)) continue
    const place = { clinicId, appointmentId }
    const unknown = expiresAt && expiresAt <= now ? 'over' : 'under way'
    const ended = api
      ? await closeSession(api, place, sessionId, now).catch((error: unknown) => {
          log.warn({ code: 'STRIPE_PAGE_OPEN', appointmentId, err: error })
          return unknown
        })
      : unknown
    if (ended === 'under way') return false
    if (ended === 'paid') paid.add(sessionId)
    else
      await inClinic(clinicId, async (tx) => {
        await loseIn(tx, place, sessionId, 'expire', now)
        await forgetSession(tx, paymentId, sessionId, now)
      })
  }
  return true
}
