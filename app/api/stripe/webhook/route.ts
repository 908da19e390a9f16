import { takeEvent } from '@/lib/payment/webhook'
import { BadWebhook, readWebhook } from '@/lib/server/stripe'

export const dynamic = 'force-dynamic'

/** Stripe's word, signed over these very bytes. Whatever was understood is answered 200, so that it is not sent again. */
export async function POST(request: Request): Promise<Response> {
  const body = await request.text()
  if (body.length > 512 * 1024) return Response.json({ ok: false, code: 'TOO_LARGE' }, { status: 413 })
  try {
    const event = readWebhook(body, request.headers.get('stripe-signature'))
    return Response.json({ ok: true, value: await takeEvent(event, new Date()) })
  } catch (error) {
    if (error instanceof BadWebhook) return Response.json({ ok: false, code: 'BAD_PROOF' }, { status: 400 })
    throw error
  }
}
