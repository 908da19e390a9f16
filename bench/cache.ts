/**
 * Row "cache": a list of 200 records of 4 KiB opened by a member in a real Chromium, against the real server: cold (one request,
 * and every check), warm (what the vault remembers), and with remembering turned off. The peer asks for each record's key.
 */
import { up } from '../e2e/stack.ts'
import { clinicWorld } from '../e2e/world.ts'
import type { Lab } from './chromium.ts'
import type { Row } from './envelope.ts'
import { openRecordsLab, writeNotes } from './records-lab/lab.ts'
import type { RecordsLab } from './records-lab/page.ts'

declare const lab: RecordsLab

const RECORDS = 200
const ROUNDS = 15
const SECONDS = 300

export default async function cache(): Promise<Row> {
  const stack = await up({ env: { RATE_LIMIT_FACTOR: '100000' } })
  let opened: Lab | null = null
  try {
    const world = await clinicWorld(stack)
    const booked = await world.book()
    await writeNotes(world, booked, RECORDS)
    const { appointmentId } = booked
    const keys = new Map<string, string>()
    opened = await openRecordsLab(stack.baseUrl, world.doctor, keys)
    // The peer's keys come from this process's memory, without a database: the least that a request for a key can take.
    const { records } = await world.doctor.door.get('encounter/open', { appointmentId })
    for (const { meta, grants } of records)
      keys.set(`/api/bench-key/${meta.recordId}.${meta.revision}`, JSON.stringify(grants))
    const { page } = opened
    const list = (how: 'cold' | 'again', seconds: number) =>
      page.evaluate(([how, seconds, id]) => lab.list(how, seconds, id), [how, seconds, appointmentId] as const)
    const [cold, warm, off, peer]: Awaited<ReturnType<typeof list>>[][] = [[], [], [], []]
    for (let round = -2; round < ROUNDS; round++) {
      const one = {
        peer: await page.evaluate((id) => lab.keyed(id), appointmentId),
        // Every record checked, opened and decrypted again, of what is at hand.
        off: (await list('cold', 0), await list('again', 0)),
        cold: await list('cold', SECONDS),
        warm: await list('again', SECONDS),
      }
      if (round < 0) continue
      cold!.push(one.cold)
      warm!.push(one.warm)
      off!.push(one.off)
      peer!.push(one.peer)
    }
    const ms = (all: { ms: number }[] = []) => all.map((each) => each.ms)
    const asked = (all: { requests: number }[] = []) => [...new Set(all.map((each) => each.requests))].join('/')
    const [coldMs, warmMs, offMs, peerMs] = [ms(cold), ms(warm), ms(off), ms(peer)]
    const ratio = median(coldMs) / median(warmMs)
    const [requests, opens] = [asked(cold), median(offMs) / median(warmMs)]
    return {
      name: 'cache',
      ours: round(median(warmMs)),
      peer: round(median(peerMs)),
      ratio: round(ratio),
      goal: 'cold by one request; warm ≥ 20 × as fast as cold',
      pass: requests === '1' && asked(warm) === '0' && ratio >= 20,
      n: ROUNDS,
      note: `ms until ${cold![0]!.records} records are open. Warm, with no request: p95 ${round(p95(warmMs))}. Cold, by ${requests} request: median ${round(median(coldMs))}, p95 ${round(p95(coldMs))}. Opened again with remembering off, without asking: median ${round(median(offMs))}, p95 ${round(p95(offMs))} (warm is ${round(opens)} × as fast as that alone). The peer, by ${asked(peer)} requests: p95 ${round(p95(peerMs))}; its keys come from memory, and not from a database. Loopback.`,
    }
  } finally {
    await opened?.close()
    await stack.down()
  }
}

const sorted = (values: number[]) => values.toSorted((a, b) => a - b)
const median = (values: number[]) => sorted(values)[Math.floor(values.length / 2)]!
const p95 = (values: number[]) => sorted(values)[Math.min(values.length - 1, Math.ceil(values.length * 0.95) - 1)]!
const round = (value: number) => Math.round(value * 100) / 100
