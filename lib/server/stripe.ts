import 'server-only'
import Stripe from 'stripe'
import { env } from './env.ts'

let platform: Stripe | null = null

/**
 * This installation's own account at Stripe, or one that is connected to it. Null when no key is configured: then each clinic has its
 * own, or none.
 */
export function stripe(connected: string | null = null): Stripe | null {
  const { STRIPE_SECRET_KEY: key } = env()
  if (!key) return null
  return connected ? stripeWith(key, connected) : (platform ??= stripeWith(key))
}

/** Stripe's SDK, or the emulator behind it, as whoever has this key. A clinic's key is kept no longer than it is used. */
export function stripeWith(key: string, connected: string | null = null): Stripe {
  const { STRIPE_API_BASE: base } = env()
  const url = base ? new URL(base) : null
  const port = url && (url.port || (url.protocol === 'https:' ? '443' : '80'))
  const elsewhere = url
    ? { host: url.hostname, port: Number(port), protocol: url.protocol.slice(0, -1) as 'http' | 'https' }
    : {}
  return new Stripe(key, {
    ...elsewhere,
    ...(connected ? { stripeAccount: connected } : {}),
    maxNetworkRetries: 2,
    timeout: 15_000,
    telemetry: false,
    appInfo: { name: 'Curtain' },
  })
}

export class BadWebhook extends Error {}

/** The event, if Stripe signed these very bytes within the last five minutes; throws BadWebhook otherwise. */
export function readWebhook(body: string, signature: string | null): Stripe.Event {
  return readSigned(body, signature, env().STRIPE_WEBHOOK_SECRET)
}

/** The same, of whoever Stripe gave this secret to. */
export function readSigned(body: string, signature: string | null, secret: string): Stripe.Event {
  if (!secret || !signature) throw new BadWebhook('unsigned')
  try {
    return Stripe.webhooks.constructEvent(body, signature, secret, 300)
  } catch {
    throw new BadWebhook('bad signature')
  }
}
