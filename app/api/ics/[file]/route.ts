import { codes } from '@/lib/errors'
import { readFeed } from '@/lib/feed/flow'
import { addressOf } from '@/lib/server/action'
import { limitHere } from '@/lib/server/rate-limit'

export const dynamic = 'force-dynamic'

/** A practitioner's times for their own calendar program. Whoever has the address reads them; a wrong one and an ended one are alike. */
export async function GET(request: Request, { params }: { params: Promise<{ file: string }> }): Promise<Response> {
  const counted = await limitHere('feed-address', addressOf(request), { points: 600, seconds: 60 })
  const found = counted.ok ? await readFeed((await params).file, new Date()) : counted
  if (!found.ok) return new Response(null, { status: codes[found.code], headers: { 'cache-control': 'no-store' } })
  const { text, etag } = found.value
  const headers = { etag, 'cache-control': 'private, no-cache', 'x-robots-tag': 'noindex' }
  if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers })
  return new Response(text, { headers: { ...headers, 'content-type': 'text/calendar; charset=utf-8' } })
}
