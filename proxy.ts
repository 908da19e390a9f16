import { NextResponse, type NextRequest } from 'next/server'
import { env } from '@/lib/server/env'
import { headersOf, isFramed, pagePolicy } from '@/lib/server/headers'

/** Every page gets a policy with a nonce of its own; Next puts that nonce on its scripts, pages read it from `x-nonce`. */
export function proxy(request: NextRequest) {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64')
  const { APP_ORIGIN, LIVEKIT_NODES, NODE_ENV, STRIPE_API_BASE, WITNESS_URL } = env()
  const policy = pagePolicy({
    nonce,
    sfu: LIVEKIT_NODES.map((node) => node.url),
    witness: WITNESS_URL,
    checkout: STRIPE_API_BASE ? [STRIPE_API_BASE] : [],
    https: APP_ORIGIN.startsWith('https:'),
    framed: isFramed(request.nextUrl.pathname),
    dev: NODE_ENV === 'development',
  })
  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  // For forms that work without script: where they lead back to.
  headers.set('x-path', request.nextUrl.pathname + request.nextUrl.search)
  headers.set('content-security-policy', policy)
  const response = NextResponse.next({ request: { headers } })
  response.headers.set('content-security-policy', policy)
  for (const [name, value] of Object.entries(headersOf(request.nextUrl.pathname))) response.headers.set(name, value)
  return response
}

// Static chunks and Stripe's webhook get theirs in next.config.js.
export const config = { matcher: [{ source: '/((?!_next/static|_next/image|api/stripe/).*)' }] }
