import { resolvePatient } from '@/lib/patient/session'
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
      say('retry: 2000\n\n')
      const off = await subscribe('patient', (id) => (id === actor.patientId || id === '*') && say('data: changed\n\n'))
      const beat = setInterval(() => say(': here\n\n'), 20_000)
      end = () => {
        clearInterval(beat)
        off()
      }
      if (request.signal.aborted) end()
      request.signal.addEventListener('abort', () => {
        end()
        try {
          controller.close()
        } catch {
          // Closed by the other end already.
        }
      })
    },
    cancel: () => end(),
  })
  return new Response(stream, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
  })
}
