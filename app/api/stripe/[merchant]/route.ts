import { readOwnEvent } from '@/lib/merchant/api'
import { hearEvent } from '@/lib/payment/webhook'
import { limit } from '@/lib/server/rate-limit'
import { TooManyEvents, takeWebhook } from '../webhook/take'

export const dynamic = 'force-dynamic'

const eventsAMinute = { points: 300, seconds: 60 }

/** Stripe's word of a clinic's own account. */
export async function POST(request: Request, { params }: { params: Promise<{ merchant: string }> }): Promise<Response> {
  const { merchant } = await params
  return takeWebhook(request, async (body, signature) => {
    const { event, sender } = await readOwnEvent(merchant, body, signature)
    // Whoever runs that account may sign what they like: no clinic's events hold up another's.
    if (!(await limit('stripe-event', sender.id, eventsAMinute)).ok) throw new TooManyEvents()
    return hearEvent(event, sender)
  })
}
