import { isId } from '@/lib/ids'
import { chooseByWord } from '@/lib/reminder/choice'
import { addressOf } from '@/lib/server/action'
import { env } from '@/lib/server/env'
import { limitHere } from '@/lib/server/rate-limit'

export const dynamic = 'force-dynamic'

interface Context {
  params: Promise<{ id: string; word: string }>
}
const headers = { 'cache-control': 'no-store' }
const pageOf = (id: string, word: string) => new URL(`/reminders/${id}/${encodeURIComponent(word)}`, env().APP_ORIGIN)

/** Scanners and old mail programs open addresses: that changes nothing, and leads to the page that asks. */
export async function GET(_: Request, { params }: Context): Promise<Response> {
  const { id, word } = await params
  return new Response(null, { status: 303, headers: { ...headers, Location: pageOf(id, word).href } })
}

/** A mail program's "unsubscribe" (RFC 8058), which comes without cookie or origin; and the button of our own page. */
export async function POST(request: Request, { params }: Context): Promise<Response> {
  const { id, word } = await params
  const counted = await limitHere('reminders-word', addressOf(request), { points: 60, seconds: 60 })
  if (!counted.ok) return new Response(null, { status: 429, headers })
  if (Number(request.headers.get('content-length') ?? Infinity) > 2000)
    return new Response(null, { status: 413, headers })
  const form = await request.formData().catch(() => null)
  const isOneClick = form?.get('List-Unsubscribe') === 'One-Click'
  const wish = form?.get('reminders')
  if (!isOneClick && wish !== 'on' && wish !== 'off') return new Response(null, { status: 400, headers })
  const done = isId(id) && (await chooseByWord(id, word, !isOneClick && wish === 'on', new Date()))
  if (isOneClick) return new Response(null, { status: done ? 200 : 404, headers })
  return new Response(null, { status: 303, headers: { ...headers, Location: pageOf(id, word).href } })
}
