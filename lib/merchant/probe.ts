import 'server-only'
import type Stripe from 'stripe'
import { isLive, type Permission } from './rules.ts'

// Tries a key before it counts. Stripe looks at permissions first: what may be done fails for what is not there, and what may not be
// done is refused before that. So nothing is charged, given back or left over.

export interface Account {
  id: string
  name: string
  currency: string | null
}
export type Tried =
  | { kind: 'good'; account: Account }
  | { kind: 'lacks'; permissions: Permission[] }
  | { kind: 'unknown' | 'no-charges' | 'away' }

const quickly = { timeout: 10_000, maxNetworkRetries: 1 }
const typeOf = (error: unknown) => (error as { type?: string }).type ?? ''
/** Stripe cannot be reached, or wants to be left alone. */
export const isAway = (error: unknown) =>
  ['StripeConnectionError', 'StripeAPIError', 'StripeRateLimitError'].includes(typeOf(error))
const isBarred = (error: unknown) => typeOf(error) === 'StripePermissionError'
const isNothing = (error: unknown) => (error as { code?: string }).code === 'resource_missing'

/** `currency`: what the clinic charges in. */
export async function probe(api: Stripe, key: string, currency: string, origin: string): Promise<Tried> {
  const missing: Permission[] = []
  const may = async (permission: Permission, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      if (isBarred(error)) missing.push(permission)
      else if (!isNothing(error)) throw error
    }
  }
  const one = { limit: 1 }
  try {
    const account = await accountOf(api)
    if (account && isLive(key) && !account.mayCharge) return { kind: 'no-charges' }
    await Promise.all([
      may('checkout', () => tryCheckout(api, currency, origin)),
      may('refunds', () => api.refunds.create({ payment_intent: 'pi_curtain_tries_the_key' }, quickly)),
      may('payments', () => api.paymentIntents.list(one, quickly)),
      may('disputes', () => api.disputes.list(one, quickly)),
      may('events', () => api.events.list(one, quickly)),
      may('webhooks', () => api.webhookEndpoints.del('we_curtain_tries_the_key', {}, quickly)),
    ])
    if (!account) missing.push('account')
    return !account || missing.length ? { kind: 'lacks', permissions: missing } : { kind: 'good', account }
  } catch (error) {
    if (typeOf(error) === 'StripeAuthenticationError') return { kind: 'unknown' }
    // It may be asked for a page, and makes none: the account is not set up to its end.
    if (typeOf(error) === 'StripeInvalidRequestError') return { kind: 'no-charges' }
    if (isAway(error)) return { kind: 'away' }
    throw error
  }
}

/**
 * Whose key it is. Some accounts may not be asked about themselves by any restricted key; Stripe's refusal names them then, and that is
 * enough: what cannot be read is not shown.
 */
async function accountOf(api: Stripe): Promise<(Account & { mayCharge: boolean }) | null> {
  try {
    const { id, business_profile, settings, default_currency, charges_enabled } = await api.accounts.retrieveCurrent(
      {},
      quickly,
    )
    const name = business_profile?.name || settings?.dashboard.display_name || id
    return { id, name: name.slice(0, 100), currency: default_currency ?? null, mayCharge: charges_enabled }
  } catch (error) {
    if (!isBarred(error)) throw error
    const named = /\bacct_\w{1,60}/.exec((error as Error).message)?.[0]
    return named ? { id: named, name: named, currency: null, mayCharge: true } : null
  }
}

/** A page that nobody is sent to, ended at once. */
async function tryCheckout(api: Stripe, currency: string, origin: string): Promise<void> {
  const { id } = await api.checkout.sessions.create(
    {
      mode: 'payment',
      line_items: [
        { quantity: 1, price_data: { currency, unit_amount: 1_000_000, product_data: { name: 'Curtain' } } },
      ],
      success_url: origin,
    },
    quickly,
  )
  await api.checkout.sessions.expire(id, {}, quickly)
}
