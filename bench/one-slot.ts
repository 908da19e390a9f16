/**
 * Row "one-slot": 50 patients ask for one slot at once over HTTP. Ours through the JSON door; the peer is the obvious booking:
 * one plain INSERT against the same exclusion constraint in the same PostgreSQL, behind a bare HTTP server.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { up } from '../e2e/stack.ts'
import { clinicWorld } from '../e2e/world.ts'

const PATIENTS = 50
const ROUNDS = 100
const PEER_ROUNDS = 3
const CUT = 60_000

interface Answer {
  ms: number
  status: number
}
type Ask = (index: number) => { url: string; body: unknown }

const agent = new Agent({ keepAlive: true, maxSockets: PATIENTS })

function post(url: string, body: unknown): Promise<Answer> {
  const begun = performance.now()
  const text = JSON.stringify(body)
  return new Promise((resolve) => {
    const done = (status: number) => resolve({ ms: Math.min(performance.now() - begun, CUT), status })
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      origin: new URL(url).origin,
      'sec-fetch-site': 'same-origin',
    }
    const asked = request(url, { method: 'POST', agent, headers, timeout: CUT }, (answer) => {
      answer.resume()
      answer.on('end', () => done(answer.statusCode ?? 0))
    })
    // Counted at the cut: whoever was not answered by then waited at least so long.
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => done(0))
    asked.end(text)
  })
}

const round = (ask: Ask) =>
  Promise.all(
    Array.from({ length: PATIENTS }, (_, index) => {
      const { url, body } = ask(index)
      return post(url, body)
    }),
  )

/** A server that books by a plain INSERT, one connection for each of its patients. */
async function openPeer(adminUrl: string) {
  const pool = new pg.Pool({ connectionString: adminUrl, max: PATIENTS })
  pool.on('error', () => undefined)
  await pool.query(`CREATE TABLE bench_slot (id uuid PRIMARY KEY, member_id uuid NOT NULL, starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL,
    EXCLUDE USING gist (member_id WITH =, tstzrange(starts_at, ends_at) WITH &&))`)
  const server = createServer((incoming, answer) => {
    let text = ''
    incoming.on('data', (chunk) => (text += chunk))
    incoming.on('end', () => {
      const { id, memberId, startsAt } = JSON.parse(text) as { id: string; memberId: string; startsAt: string }
      pool
        .query(`INSERT INTO bench_slot VALUES ($1, $2, $3::timestamptz, $3::timestamptz + interval '15 minutes')`, [
          id,
          memberId,
          startsAt,
        ])
        .then(
          () => answer.writeHead(200).end(),
          (error: { code?: string }) => answer.writeHead(error.code === '23P01' ? 409 : 500).end(),
        )
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  // As many connections as patients before the clock runs, as a warm server has.
  await Promise.all(Array.from({ length: PATIENTS }, () => pool.query('SELECT pg_sleep(0.05)')))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await pool.end()
    },
  }
}

const quantile = (values: number[], at: number) => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(at * sorted.length) - 1)]!
}
const rounded = (value: number) => Math.round(value * 10) / 10

export default async function oneSlot() {
  const stack = await up({ env: { RATE_LIMIT_FACTOR: '100000' } })
  const peer = await openPeer(stack.adminUrl)
  try {
    const world = await clinicWorld(stack)
    const serviceId = world.services.free.id
    const from = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
    const { slots } = await world.owner.door.get('booking/slots', {
      clinicId: world.clinicId,
      serviceId,
      from,
      days: 7,
    })
    const url = `${stack.baseUrl}/api/booking/hold`
    const ours =
      (slot: { startsAt: string; memberId: string | null }): Ask =>
      () => ({
        url,
        body: {
          id: randomUUID(),
          secret: randomBytes(16).toString('base64url'),
          clinicId: world.clinicId,
          serviceId,
          ...slot,
        },
      })
    // Compiled, connected and warm on both sides.
    for (const slot of slots.slice(ROUNDS, ROUNDS + 3)) await round(ours(slot))

    const oursAll: Answer[] = []
    const peerAll: Answer[] = []
    let winners = 0
    let peerFailed = 0
    for (let index = 0; index < ROUNDS; index++) {
      const answers = await round(ours(slots[index]!))
      oursAll.push(...answers)
      if (answers.filter((each) => each.status === 200).length === 1) winners += 1
      if (index % Math.floor(ROUNDS / PEER_ROUNDS) !== 0 || peerAll.length >= PEER_ROUNDS * PATIENTS) continue
      const memberId = randomUUID()
      const theirs = await round(() => ({
        url: peer.url,
        body: { id: randomUUID(), memberId, startsAt: slots[index]!.startsAt },
      }))
      peerAll.push(...theirs)
      peerFailed += theirs.filter((each) => each.status !== 200 && each.status !== 409).length
    }
    const failed = oursAll.filter((each) => each.status === 0 || each.status >= 500).length
    const [oursMs, peerMs] = [oursAll, peerAll].map((all) => all.map((each) => each.ms)) as [number[], number[]]
    const [p99, peerP99] = [quantile(oursMs, 0.99), quantile(peerMs, 0.99)]
    return {
      name: 'one-slot',
      ours: rounded(p99),
      peer: rounded(peerP99),
      ratio: rounded(peerP99 / p99),
      goal: 'one winner each round, no 5xx, p99 ≥ 100 × better',
      pass: winners === ROUNDS && failed === 0 && peerP99 / p99 >= 100,
      n: ROUNDS,
      note: `ms until answered, p99 of ${PATIENTS} patients a round. Rounds with exactly one winner: ${winners} of ${ROUNDS}; unanswered or 5xx: ${failed}. Median ours ${rounded(quantile(oursMs, 0.5))}, peer ${rounded(quantile(peerMs, 0.5))}; the peer in ${PEER_ROUNDS} rounds, ${peerFailed} of its answers were errors (deadlocks).`,
    }
  } finally {
    agent.destroy()
    await peer.close()
    await stack.down()
  }
}
