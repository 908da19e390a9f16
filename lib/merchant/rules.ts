import { z } from 'zod'
import { Id } from '../ids.ts'

// A clinic's own account at Stripe. The key that it gives is a restricted one: it can take and give back money, and nothing else.

/** What the key must be allowed to do, as Stripe's pages list it. */
export const permissions = ['checkout', 'refunds', 'payments', 'disputes', 'events', 'webhooks', 'account'] as const
export type Permission = (typeof permissions)[number]

/** Stripe's own words for them. */
const slugs: Record<Permission, string> = {
  checkout: 'rak_checkout_session_write',
  refunds: 'rak_charge_write',
  payments: 'rak_payment_intent_read',
  disputes: 'rak_dispute_read',
  events: 'rak_event_read',
  webhooks: 'rak_webhook_write',
  account: 'rak_accounts_kyc_basic_read',
}

/** Stripe's page that makes such a key, filled in. */
export function keyPage(clinic: string): string {
  const page = new URL('https://dashboard.stripe.com/apikeys/create')
  page.searchParams.set('name', `Curtain, ${clinic}`)
  for (const each of permissions) page.searchParams.append('permissions[]', slugs[each])
  return page.href
}

/** A restricted key, and no other: of a full one a thief could do everything with the account, of a publishable one we nothing. */
export const ConnectInput = z.object({
  key: z
    .string()
    .trim()
    .min(1, { error: 'required' })
    .max(300, { error: 'tooLong' })
    .refine((key) => !key.startsWith('sk_'), { error: 'stripeFull', abort: true })
    .refine((key) => !key.startsWith('pk_'), { error: 'stripePublic', abort: true })
    .regex(/^rk_(test|live)_[A-Za-z0-9_]{4,}$/, { error: 'stripeKey' }),
})
export const RemoveInput = z.object({ id: Id })

export const isLive = (key: string) => key.startsWith('rk_live_')
export const lastFour = (key: string) => key.slice(-4)

export const triesAnHour = { points: 12, seconds: 3600 }

export interface MerchantView {
  id: string
  /** Stripe's name of the account, and the clinic's own. */
  account: string
  name: string
  lastFour: string
  live: boolean
  /** ISO 4217, lower case; null where the key may not ask. */
  currency: string | null
  /** New payments go there. */
  isCurrent: boolean
  /** False: it was taken away, and what is owed through it waits. */
  hasKey: boolean
  /** Since when Stripe refuses it. */
  refusedAt: string | null
  /** How many of its payments are owed back. */
  owed: number
}

export interface MoneyRoutes {
  /** Where new payments go. */
  uses: 'own' | 'platform' | 'none'
  /** Whether this server's own account may be used instead. */
  offersPlatform: boolean
  own: MerchantView[]
}

export interface MerchantContract {
  /** Tried with Stripe before it counts. STRIPE_KEY_LACKS names each missing permission in `fields`. */
  'merchant/connect': { in: z.input<typeof ConnectInput>; out: MoneyRoutes }
  'merchant/remove': { in: z.input<typeof RemoveInput>; out: MoneyRoutes }
}
