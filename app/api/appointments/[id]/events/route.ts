import { holdsKey, resolvePatient } from '@/lib/patient/session'
import { subscribe } from '@/lib/server/notify'

export const dynamic = 'force-dynamic'

/** Tells the patient's open page that something of theirs changed. What changed, it asks for itself. */
export async function GET(request: Request): Promise<Response> {
  const actor = await resolvePatient(request, new Date())
  if (!actor) return Response.json({ ok: false, code: 'SIGN_IN_FIRST' }, { status: 401 })
  const encoder = new TextEncoder()
  let end = () => undefined as void
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      const say = (line: string) => {
        try {
          controller.enqueue(encoder.encode(line))
        } catch {
          end()
        }
      }
      // A device that was removed hears nothing more: not that something changed, and not that it was removed.
      const sayToOwn = async (line: string) => {
        if (await holdsKey(actor).catch(() => true)) say(line)
        else close()
      }
      const off = await subscribe('patient', (id) => {
        if (id === actor.patientId || id === '*') void sayToOwn('data: changed\n\n')
      })
      const beat = setInterval(() => void sayToOwn(': here\n\n'), 20_000)
      const close = () => {
        end()
        try {
          controller.close()
        } catch {
          // Closed by the other end already.
        }
      }
      end = () => {
        clearInterval(beat)
        off()
      }
      if (request.signal.aborted) end()
      request.signal.addEventListener('abort', close)
      // Whoever reads this line misses nothing from now on.
      say('retry: 2000\n\n')
    },
    cancel: () => end(),
  })
  return new Response(stream, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}
