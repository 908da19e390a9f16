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
  const form = await formOf(request)
  if (form === 'long') return new Response(null, { status: 413, headers })
  const isOneClick = form?.get('List-Unsubscribe') === 'One-Click'
  const wish = form?.get('reminders')
  if (!isOneClick && wish !== 'on' && wish !== 'off') return new Response(null, { status: 400, headers })
  const done = isId(id) && (await chooseByWord(id, word, !isOneClick && wish === 'on', new Date()))
  if (isOneClick) return new Response(null, { status: done ? 200 : 404, headers })
  return new Response(null, { status: 303, headers: { ...headers, Location: pageOf(id, word).href } })
}

/** A short form, whoever sends it: some mail providers send theirs in pieces, and tell no length. */
async function formOf(request: Request): Promise<FormData | 'long' | null> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for await (const piece of request.body ?? []) {
    length += piece.length
    if (length > 2000) return 'long'
    pieces.push(piece)
  }
  const type = request.headers.get('content-type') ?? ''
  return new Response(new Blob(pieces), { headers: { 'content-type': type } }).formData().catch(() => null)
}
