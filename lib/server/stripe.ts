import 'server-only'
import Stripe from 'stripe'
import { env } from './env.ts'

let client: Stripe | null = null

/** Stripe's SDK, or the emulator behind it. Null when no key is configured: payments are not connected. */
export function stripe(): Stripe | null {
  const { STRIPE_SECRET_KEY: key, STRIPE_API_BASE: base } = env()
  if (!key) return null
  if (client) return client
  const url = base ? new URL(base) : null
  const port = url && (url.port || (url.protocol === 'https:' ? '443' : '80'))
  const elsewhere = url
    ? { host: url.hostname, port: Number(port), protocol: url.protocol.slice(0, -1) as 'http' | 'https' }
    : {}
  client = new Stripe(key, {
    ...elsewhere,
    maxNetworkRetries: 2,
    timeout: 15_000,
    telemetry: false,
    appInfo: { name: 'Curtain' },
  })
  return client
}

export class BadWebhook extends Error {}

/** The event, if Stripe signed these very bytes within the last five minutes; throws BadWebhook otherwise. */
export function readWebhook(body: string, signature: string | null): Stripe.Event {
  const { STRIPE_WEBHOOK_SECRET: secret } = env()
  if (!secret || !signature) throw new BadWebhook('unsigned')
  try {
    return Stripe.webhooks.constructEvent(body, signature, secret, 300)
  } catch {
    throw new BadWebhook('bad signature')
  }
}
