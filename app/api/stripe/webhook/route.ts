import { hearEvent } from '@/lib/payment/webhook'
import { readWebhook } from '@/lib/server/stripe'
import { takeWebhook } from './take'

export const dynamic = 'force-dynamic'

/** Stripe's word of this server's own account. */
export const POST = (request: Request): Promise<Response> =>
  takeWebhook(request, (body, signature) => hearEvent(readWebhook(body, signature)))
