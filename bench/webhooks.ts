/**
 * Row "webhooks": Stripe's word that bookings were paid, 200 deliveries a second, each event ten times, shuffled, while the worker is
 * killed. Beside it a bare handler that verifies and inserts, against the same PostgreSQL. What came of it is counted afterwards.
 */
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { up, type TestStack } from '../e2e/stack.ts'
import { clinicWorld } from '../e2e/world.ts'
import { signatureOf } from '../scripts/stripe/webhooks.ts'
import { median, p99, type Row, round } from './lab/rows.ts'

const EVENTS = 200
const TIMES = 10
const A_SECOND = 200
const ROUNDS = 2
const WARM = 40
const WEBHOOK_SECRET = 'whsec_bench_of_webhooks'

interface Paid {
  appointment: string
  payment: string
  session: string
  clinic: string
}

const bodyOf = ({ appointment, payment, session, clinic }: Paid) =>
  JSON.stringify({
    ...{ id: `evt_${randomUUID()}`, object: 'event', created: Math.floor(Date.now() / 1000) },
    type: 'checkout.session.completed',
    data: {
      object: {
        ...{ id: session, object: 'checkout.session', client_reference_id: payment, payment_status: 'paid' },
        ...{ status: 'complete', amount_total: 4500, currency: 'eur', payment_intent: `pi_${session}` },
        metadata: { clinic, appointment },
      },
    },
  })

const agent = new Agent({ keepAlive: true, maxSockets: 200 })
interface Answer {
  ms: number
  status: number
}
/** Milliseconds from when it was due: what waits behind another one waits, too. */
function deliver(url: string, body: string, due: number): Promise<Answer> {
  const headers = {
    ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    'stripe-signature': signatureOf(body, WEBHOOK_SECRET, new Date()),
  }
  return new Promise((resolve) => {
    const done = (status: number) => resolve({ ms: performance.now() - due, status })
    const asked = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume()
      answer.on('end', () => done(answer.statusCode ?? 0))
    })
    asked.on('error', () => done(0))
    asked.end(body)
  })
}

function shuffled<T>(all: T[]): T[] {
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[all[at], all[other]] = [all[other]!, all[at]!]
  }
  return all
}

/** All of them at their pace, whether or not the ones before were answered. */
async function storm(url: string, bodies: readonly string[], halfway?: () => Promise<unknown>): Promise<Answer[]> {
  const all = shuffled(Array.from({ length: TIMES }, () => bodies).flat())
  const begun = performance.now()
  const answers: Promise<Answer>[] = []
  let meanwhile: Promise<unknown> | undefined
  for (const [nth, body] of all.entries()) {
    const due = begun + (nth * 1000) / A_SECOND
    const left = due - performance.now()
    if (left > 1) await pause(left)
    answers.push(deliver(url, body, due))
    if (nth === all.length / 2) meanwhile = halfway?.()
  }
  await meanwhile
  return Promise.all(answers)
}

async function bareHandler(stack: TestStack) {
  const env = { ...process.env, DATABASE_URL: stack.adminUrl, WEBHOOK_SECRET }
  const child = fork(fileURLToPath(new URL('webhooks-peer.ts', import.meta.url)), { env })
  const port = await new Promise<number>((done, fail) => {
    child.once('message', (message) => done(Number(message)))
    child.once('exit', () => fail(new Error('the bare handler ended')))
  })
  return { url: `http://127.0.0.1:${port}/`, close: () => child.kill('SIGKILL') }
}

/** What Stripe calls a paid session, of bookings that wait for it. */
async function waiting(stack: TestStack, count: number): Promise<Paid[]> {
  const world = await clinicWorld(stack)
  for (let at = 0; at < count; at++) await world.book({ service: 'online' })
  return stack.sql<Paid>(
    `SELECT a.id AS appointment, p.id AS payment, p.session_id AS session, a.clinic_id AS clinic
     FROM appointment a JOIN payment p ON p.appointment_id = a.id WHERE p.session_id IS NOT NULL AND a.clinic_id = $1`,
    [world.clinicId],
  )
}

/** Of what was delivered: booked and paid, posted, written down; more than once. */
async function counted(stack: TestStack) {
  const [row] = await stack.sql<{ booked: number; events: number; twice: number }>(
    `SELECT (SELECT count(*)::int FROM appointment a JOIN payment p ON p.appointment_id = a.id
         WHERE a.status = 'booked' AND p.status = 'paid') AS booked,
       (SELECT count(*)::int FROM stripe_event) AS events,
       (SELECT count(*)::int FROM (SELECT 1 FROM posting p JOIN entry e ON e.posting_id = p.id
         WHERE e.account = 'stripe' GROUP BY p.sale_id HAVING count(*) > 1) again) AS twice`,
  )
  return row!
}
/** The same once the worker has done; what a killed one had taken is given to another after some minutes. */
async function effects(stack: TestStack, count: number) {
  const begun = performance.now()
  for (;;) {
    const now = await counted(stack)
    const seconds = (performance.now() - begun) / 1000
    if (now.booked === count || seconds > 400) return { ...now, seconds }
    await pause(1000)
  }
}
async function mailsOf(stack: TestStack, count: number) {
  for (let tries = 0; ; tries++) {
    const booked = (await stack.mails()).filter(({ subject }) => subject.startsWith('Your appointment with'))
    const people = new Set(booked.map(({ to }) => to[0])).size
    if (people === count || tries > 300) return { people, again: booked.length - people }
    await pause(1000)
  }
}

export default async function webhooks(): Promise<Row> {
  const stack = await up({ env: { RATE_LIMIT_FACTOR: '100000', STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET } })
  const peer = await bareHandler(stack)
  try {
    const url = `${stack.baseUrl}/api/stripe/webhook`
    const count = ROUNDS * EVENTS + WARM
    const bodies = (await waiting(stack, count)).map(bodyOf)
    if (bodies.length !== count) throw new Error(`${bodies.length} of ${count} bookings wait for their money`)
    const warm = bodies.splice(0, WARM)
    for (const each of [peer.url, url]) await storm(each, warm)
    const [mine, theirs] = [[] as Answer[], [] as Answer[]]
    const restart = async () => {
      await stack.stop('worker', 'SIGKILL')
      await pause(500)
      await stack.start('worker')
    }
    for (let nth = 0; nth < ROUNDS; nth++) {
      const now = bodies.slice(nth * EVENTS, (nth + 1) * EVENTS)
      theirs.push(...(await storm(peer.url, now)))
      mine.push(...(await storm(url, now, restart)))
    }
    const { booked, events, twice, seconds } = await effects(stack, count)
    const mails = await mailsOf(stack, count)
    const [ours, others] = [mine, theirs].map((all) => all.map(({ ms }) => ms)) as [number[], number[]]
    const failed = mine.filter(({ status }) => status !== 200).length
    const ratio = p99(ours) / p99(others)
    const once = booked === count && events === count && twice === 0 && mails.people === count
    return {
      ...{ name: 'webhooks', ours: round(p99(ours), 1), peer: round(p99(others), 1), ratio: round(ratio) },
      goal: 'each effect once; p99 ≤ 50 ms and ≤ 2 × the bare handler',
      pass: once && failed === 0 && p99(ours) <= 50 && ratio <= 2,
      n: mine.length,
      note: `ms from when a delivery was due to its 2xx, by servers that were asked ${WARM * TIMES} times before, p99 (median ours ${round(median(ours), 1)}, bare ${round(median(others), 1)}), ${A_SECOND} deliveries a second, each event ${TIMES} times, shuffled; not answered with 200: ${failed}. Of ${count} bookings ${booked} are booked and paid, ${events} events written down, ${twice} posted twice; ${mails.people} patients were sent their mail, ${mails.again} mails once more, although the worker was killed ${ROUNDS} times. The last effect ${round(seconds)} s after the last delivery.`,
    }
  } finally {
    agent.destroy()
    peer.close()
    await stack.down()
  }
}
