import { readOwnEvent } from '@/lib/merchant/api'
import { hearEvent } from '@/lib/payment/webhook'
import { takeWebhook } from '../webhook/take'

export const dynamic = 'force-dynamic'

/** Stripe's word of a clinic's own account. */
export async function POST(request: Request, { params }: { params: Promise<{ merchant: string }> }): Promise<Response> {
  const { merchant } = await params
  return takeWebhook(request, async (body, signature) => {
    const { event, sender } = await readOwnEvent(merchant, body, signature)
    return hearEvent(event, sender)
  })
}
