import { BadWebhook } from '@/lib/server/stripe'

/** Stripe sends again what was not taken. */
export class TooManyEvents extends Error {}

const mostBytes = 512 * 1024
const answer = (status: number, body: object) =>
  Response.json(body, { status, headers: { 'cache-control': 'no-store' } })

/** What Stripe signed over these very bytes. What was written down is answered 200, so that it is not sent again. */
export async function takeWebhook(
  request: Request,
  hear: (body: string, signature: string | null) => Promise<string>,
): Promise<Response> {
  const body = await readText(request)
  if (body === null) return answer(413, { ok: false, code: 'TOO_LARGE' })
  try {
    return answer(200, { ok: true, value: await hear(body, request.headers.get('stripe-signature')) })
  } catch (error) {
    if (error instanceof BadWebhook) return answer(400, { ok: false, code: 'BAD_PROOF' })
    if (error instanceof TooManyEvents) return answer(429, { ok: false, code: 'TOO_MANY' })
    throw error
  }
}

/** The body, read no further than allowed; null when it goes on. */
async function readText(request: Request): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > mostBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
