// Signed webhooks, tried again until they are taken, as Stripe does.
import { createHmac } from 'node:crypto'
import type { Event, State } from './state.ts'

/** Stripe's header for a body: the receiver's tolerance counts from `at`. */
export function signatureOf(body: string, secret: string, at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000)
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`
}

const longestWait = 30_000

export interface Courier {
  /** Looks for something to send now. */
  wake: () => void
  stop: () => void
}

/**
 * Sends what is due, oldest first and a few at a time; `delivered` is told after each, so that the disk learns of it. `isSaved`: whether
 * an event is on the disk. One that is not waits: nobody is told of a payment that a kill would undo.
 */
export function courier(options: {
  state: State
  url: string
  secret: string
  signal: AbortSignal
  delivered: () => void
  isSaved: (id: string) => boolean
}): Courier {
  const { state, url, secret, signal, delivered, isSaved } = options
  const underway = new Set<string>()
  const saved = new Set<string>()
  const nameOf = ({ id, endpoint = '' }: Event) => `${id} ${endpoint}`

  async function send(event: Event): Promise<void> {
    const name = nameOf(event)
    const to = event.endpoint
      ? (state.kept[event.endpoint]?.object as { url: string; secret: string } | undefined)
      : { url, secret }
    if (!to) return void (event.delivered = true)
    underway.add(name)
    const body = JSON.stringify(event.body, null, 2)
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'stripe-signature': signatureOf(body, to.secret, new Date()),
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    }
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(15_000)])
    const taken = await fetch(to.url, { method: 'POST', headers, body, signal: timeout, redirect: 'manual' })
      .then(async (answer) => (await answer.arrayBuffer(), answer.ok))
      .catch(() => false)
    underway.delete(name)
    if (signal.aborted) return
    event.attempts++
    event.delivered = taken
    event.nextAt = Date.now() + Math.min(500 * 2 ** event.attempts, longestWait)
    if (taken) delivered()
    wake()
  }

  function wake() {
    if (state.held || signal.aborted) return
    const now = Date.now()
    const due = state.events.filter(
      (event) => (url || event.endpoint) && !event.delivered && !underway.has(nameOf(event)) && event.nextAt <= now,
    )
    for (const event of due.slice(0, Math.max(0, 8 - underway.size))) {
      if (!saved.has(event.id) && !isSaved(event.id)) continue
      saved.add(event.id)
      void send(event)
    }
  }

  const beat = setInterval(wake, 250)
  return { wake, stop: () => clearInterval(beat) }
}
