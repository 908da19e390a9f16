// Kill -9 of app, worker, PostgreSQL and the payment service, at random, while patients book, pay and cancel: afterwards every
// appointment, payment, mail and ledger entry agrees. `KILL_BOOKINGS=500 npm run e2e -- kill-nine` is the long form; counts are printed.
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { expect, test } from '@playwright/test'
import type { Reply } from '../door.ts'
import type { Session, State } from '../../scripts/stripe/state.ts'
import { up, type TestStack } from '../stack.ts'
import { bookInput, clinicWorld, type ClinicWorld } from '../world.ts'

const BOOKINGS = Number(process.env.KILL_BOOKINGS ?? 40)
const AT_ONCE = 6
const CANCELLED = 0.2
/** What a person would wait before trying once more, and how long they try. */
const AGAIN = 300
const PATIENCE = 180_000
const parts = ['app', 'worker', 'postgres', 'stripe'] as const

test.describe.configure({ timeout: 240_000 + BOOKINGS * 10_000 })

let stack: TestStack
let world: ClinicWorld
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up({ durable: true, env: { RATE_LIMIT_FACTOR: '100000' } })
  world = await clinicWorld(stack)
})
test.afterAll(() => stack?.down())

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
const secret = () => randomBytes(16).toString('base64url')

/** Refusals whose words are to try again in a moment. */
const later = ['INTERNAL', 'UNAVAILABLE', 'PAYMENT_UNAVAILABLE']

/** Asks until there is an answer: what a page does when the server is away, and a person when it says so. Another refusal is an answer. */
async function insist<T extends Reply<unknown>>(ask: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + PATIENCE; ; await pause(AGAIN)) {
    const answer = await ask().catch(() => null)
    if (answer && answer.status < 500 && (answer.ok || !later.includes(answer.code))) return answer
    if (Date.now() > end) throw new Error(`no answer within ${PATIENCE / 1000} s: ${JSON.stringify(answer)}`)
  }
}
async function must<T>(ask: () => Promise<Reply<T>>): Promise<T> {
  const answer = await insist(ask)
  if (!answer.ok) throw new Error(`refused: ${answer.code}`)
  return answer.value
}

interface Client {
  appointmentId: string
  email: string
  startsAt: string
  cancelled: boolean
}

/** One patient from the first look to a paid appointment, by the same requests again and again until each is answered. */
async function client(nth: number): Promise<Client> {
  let patient: Awaited<ReturnType<ClinicWorld['patient']>> | null = null
  while (!(patient = await world.patient().catch(() => null))) await pause(AGAIN)
  const { door, fields } = patient
  const service = { clinicId: world.clinicId, serviceId: world.services.online.id }
  const from = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
  const ref = { id: randomUUID(), secret: secret() }
  let startsAt = ''
  for (let at = nth % AT_ONCE; !startsAt; at++) {
    const { slots } = await must(() => door.ask('booking/slots', { ...service, from, days: 7 }))
    const slot = slots.filter((each) => new Date(each.startsAt) > new Date(Date.now() + 600_000))[at]!
    // A new id for each slot: what was refused is over.
    if (at > nth % AT_ONCE) Object.assign(ref, { id: randomUUID(), secret: secret() })
    const held = await insist(() => door.ask('booking/hold', { ...ref, ...service, ...slot }))
    if (held.ok) startsAt = slot.startsAt
    else expect(held.code, 'a slot is taken or it is not').toBe('SLOT_TAKEN')
  }
  const input = await bookInput({ ...world, baseUrl: stack.baseUrl }, patient, ref, { service: 'online' })
  await must(() => door.ask('booking/book', input))
  const link = { id: ref.id, secret: input.linkSecret }
  const { url } = await must(() => door.ask('payment/checkout', link))
  await must(async () => {
    const answer = await fetch(`${url}/pay`, { method: 'POST', redirect: 'manual', headers: { connection: 'close' } })
    // Pressed again after an answer that was lost, the page says that it is paid.
    return { ok: true as const, value: null, status: answer.status }
  })
  // Some come back by Stripe's return page, some close the tab: then the webhook alone tells.
  if (nth % 2)
    await insist(() =>
      door.ask('payment/return', { appointmentId: ref.id, sessionId: new URL(url).pathname.split('/').at(-1)! }),
    )
  for (const end = Date.now() + PATIENCE; ; await pause(AGAIN)) {
    const { status } = await must(() => door.ask('booking/appointment', link))
    if (status === 'booked') break
    if (Date.now() > end) throw new Error(`paid, and ${status} after ${PATIENCE / 1000} s`)
  }
  const cancelled = Math.random() < CANCELLED
  if (cancelled) await must(() => door.ask('booking/cancel', link))
  return { appointmentId: ref.id, email: fields.email, startsAt, cancelled }
}

/** Kills one part, leaves it dead for a moment, starts it again; until told to stop. */
async function killer(signal: AbortSignal): Promise<Record<string, number>> {
  const kills: Record<string, number> = Object.fromEntries(parts.map((part) => [part, 0]))
  while (!signal.aborted) {
    await pause(randomInt(100, 900))
    const part = parts[randomInt(parts.length)]!
    await stack.stop(part, 'SIGKILL')
    kills[part]!++
    await pause(randomInt(0, 800))
    await stack.start(part)
  }
  return kills
}

async function atStripe() {
  const { kept } = (await (await fetch(`${stack.stripeUrl}/_test/state`)).json()) as State
  const all = Object.values(kept).map(({ object }) => object as { object: string } & Record<string, unknown>)
  const of = (kind: string) => all.filter(({ object }) => object === kind)
  return { sessions: of('checkout.session') as unknown as Session[], refunds: of('refund') }
}

/** Everything on which rows, books, Stripe and mailbox do not agree: empty when they do. */
async function disagreements(clients: readonly Client[]): Promise<string[]> {
  const wrong: string[] = []
  const say = (is: boolean, what: string) => is || wrong.push(what)
  const rows = await stack.sql<{
    id: string
    status: string
    payment: string
    intent: string | null
    sale: string
    refunded: number
    amount: number
  }>(
    `SELECT a.id, a.status::text, p.status::text AS payment, p.payment_intent AS intent, p.id AS sale,
       p.refunded_minor AS refunded, p.amount_minor AS amount
     FROM appointment a JOIN payment p ON p.appointment_id = a.id WHERE a.status NOT IN ('held', 'expired')`,
  )
  say(rows.length === clients.length, `${rows.length} appointments for ${clients.length} patients`)
  const books = await stack.sql<{ sale: string; stripe: number; owed: number }>(
    `SELECT p.sale_id AS sale, coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'stripe'), 0)::int AS stripe,
       coalesce(sum(e.amount_minor) FILTER (WHERE e.account = 'refunds_due'), 0)::int AS owed
     FROM posting p JOIN entry e ON e.posting_id = p.id GROUP BY 1`,
  )
  const { sessions, refunds } = await atStripe()
  const paid = sessions.filter(({ payment_status }) => payment_status === 'paid')
  say(paid.length === clients.length, `${paid.length} pages paid by ${clients.length} patients`)
  for (const { appointmentId, cancelled, email } of clients) {
    const row = rows.find(({ id }) => id === appointmentId)
    if (!row) {
      wrong.push(`no appointment ${appointmentId}`)
      continue
    }
    const is = `${row.status}, ${row.payment}, ${row.refunded}`
    const wanted = cancelled ? `cancelled, refunded, ${row.amount}` : 'booked, paid, 0'
    say(is === wanted, `${appointmentId} is ${is} and should be ${wanted}`)
    const taken = paid
      .filter(({ payment_intent }) => payment_intent === row.intent)
      .reduce((sum, each) => sum + each.amount_total, 0)
    say(taken === row.amount, `${appointmentId}: Stripe took ${taken} of ${row.amount}`)
    const back = refunds
      .filter((each) => each.payment_intent === row.intent)
      .reduce((sum, each) => sum + Number(each.amount), 0)
    say(back === row.refunded, `${appointmentId}: Stripe gave back ${back}, the row says ${row.refunded}`)
    const book = books.find(({ sale }) => sale === row.sale)
    say(book?.stripe === taken - back && book.owed === 0, `${appointmentId}: the books say ${JSON.stringify(book)}`)
    const mails = (await stack.mails(email)).map(({ subject }) => subject)
    const sent = (words: RegExp) => mails.filter((subject) => words.test(subject)).length
    const [told, gone, refunded] = [sent(/^Your appointment with/), sent(/^Cancelled:/), sent(/^Refund from/)]
    // What was cancelled before its first mail went out is not said to be booked any more.
    say(
      cancelled ? gone > 0 && refunded > 0 : told > 0 && gone + refunded === 0,
      `${email} was sent ${JSON.stringify(mails)}`,
    )
  }
  const [unbalanced] = await stack.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM (SELECT 1 FROM entry GROUP BY posting_id HAVING sum(amount_minor) <> 0) odd`,
  )
  say(unbalanced!.n === 0, `${unbalanced!.n} postings do not add up`)
  const [double] = await stack.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM appointment a JOIN appointment b ON a.member_id = b.member_id AND a.id < b.id
       AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
     WHERE a.status = 'booked' AND b.status = 'booked'`,
  )
  say(double!.n === 0, `${double!.n} times booked twice`)
  return wrong
}

test(`app, worker, database and payment service killed at random during ${BOOKINGS} paid bookings: all of it agrees afterwards`, async () => {
  const over = new AbortController()
  const killing = killer(over.signal)
  const clients: Client[] = []
  const failed: unknown[] = []
  let next = 0
  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (next < BOOKINGS) {
          const nth = next++
          await client(nth).then(
            (done) => clients.push(done),
            (error: unknown) => failed.push(error),
          )
        }
      }),
    )
  } finally {
    over.abort()
  }
  const kills = await killing
  expect(failed).toEqual([])
  await expect.poll(() => disagreements(clients), { timeout: 240_000, intervals: [1000, 2000, 5000] }).toEqual([])
  // And stay so, when nothing is left to be done.
  await expect.poll(waiting, { timeout: 180_000 }).toEqual([])
  expect(await disagreements(clients)).toEqual([])
  const mails = await stack.mails()
  const again = mails.length - new Set(mails.map(({ to, subject }) => `${to} ${subject}`)).size
  console.log(
    `${clients.length} booked and paid, ${clients.filter(({ cancelled }) => cancelled).length} cancelled and paid back; ` +
      `killed ${JSON.stringify(kills)}; ${mails.length} mails, ${again} of them sent again`,
  )
})

const ours = `(name LIKE 'mail.%' OR name IN ('payment.refund', 'payment.event'))`
const waiting = async () =>
  (
    await stack.sql<{ job: string }>(
      `SELECT name || ' ' || state AS job FROM pgboss.job WHERE state < 'completed' AND ${ours}`,
    )
  ).map(({ job }) => job)
