import { resolveStaff } from '@/lib/access/next-auth'
import { ENDED } from '@/lib/account/rules'
import { MAYBE_MISSED, subscribe } from '@/lib/server/notify'

export const dynamic = 'force-dynamic'

/** "Something of your clinic changed": no content, so that nothing is told that the page could not ask for. */
export async function GET(request: Request) {
  const actor = await resolveStaff(request.headers.get('cookie'), new Date())
  if (!actor) return new Response(null, { status: 401 })
  const text = new TextEncoder()
  let close = () => undefined as void
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      const send = (line: string) => {
        try {
          controller.enqueue(text.encode(line))
        } catch {
          close()
        }
      }
      const unsubscribe = await subscribe('staff', (id) => {
        if (id === actor.clinicId || id === MAYBE_MISSED) send('data: changed\n\n')
      })
      const deaf = await subscribe(ENDED, (id) => {
        if (id !== actor.sessionId && id !== MAYBE_MISSED) return
        // After a lost connection it may have ended unheard: the next beat would find out, and so does a new line.
        if (id === actor.sessionId) send('event: ended\ndata: \n\n')
        close()
      })
      // A comment now and then keeps proxies from closing a quiet line, and a revoked session does not listen for long.
      const beat = setInterval(async () => {
        const still = await resolveStaff(request.headers.get('cookie'), new Date()).catch(() => actor)
        if (still) send(': beat\n\n')
        else close()
      }, 25_000)
      close = () => {
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
      send('retry: 2000\n\ndata: changed\n\n')
    },
    cancel: () => close(),
  })
  return new Response(stream, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}
