import { ENDED } from '@/lib/account/rules'
import { doorCall, sync } from '@/lib/call/flow'
import { sameOrigin } from '@/lib/server/action'
import { MAYBE_MISSED, subscribe } from '@/lib/server/notify'

export const dynamic = 'force-dynamic'

/**
 * What happens at one call's door, as it happens. Read with fetch, not EventSource: the door token travels in a header and
 * never in an address, which is logged.
 */
export async function POST(request: Request) {
  if (!sameOrigin(request)) return new Response(null, { status: 403 })
  const door = /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
  const listening = await doorCall(door, new Date())
  if (!listening) return new Response(null, { status: 401 })
  let after = Math.max(0, Number(request.headers.get('last-event-id')) || 0)
  const text = new TextEncoder()
  let close = () => undefined as void
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      let closed = false
      const write = (line: string) => {
        try {
          if (!closed) controller.enqueue(text.encode(line))
        } catch {
          close()
        }
      }
      // One look at a time; what comes in between is in the next one.
      let looking = false
      let again = false
      const tell = async (): Promise<void> => {
        if (looking) return void (again = true)
        looking = true
        do {
          again = false
          const seen = await sync(null, { door, after }, { now: new Date() }).catch(() => null)
          if (!seen) break
          if (!seen.ok) {
            write(`event: shut\ndata: ${seen.code}\n\n`)
            close()
            break
          }
          after = Math.max(after, ...seen.value.messages.map(({ id }) => id))
          write(`id: ${after}\ndata: ${JSON.stringify(seen.value)}\n\n`)
        } while (again && !closed)
        looking = false
      }
      const { callId, sessionId } = listening
      const unsubscribe = await subscribe('call', (id) => void ((id === callId || id === MAYBE_MISSED) && tell()))
      // A session that ended says so at once; a device that was removed is put out of its call, which is heard above.
      const deaf = await subscribe(ENDED, (id) => void (id === sessionId && tell()))
      // Who is here and who is late changes without anybody's message. So does whether this door is still open.
      const beat = setInterval(() => void tell(), 15_000)
      close = () => {
        closed = true
        clearInterval(beat)
        unsubscribe()
        deaf()
        try {
          controller.close()
        } catch {
          // Already gone with its reader.
        }
      }
      request.signal.addEventListener('abort', () => close())
      await tell()
    },
    cancel: () => close(),
  })
  return new Response(stream, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}
