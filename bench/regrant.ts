/**
 * Row "regrant": 5,000 records of 4 KiB passed on to their group's next epoch by a member in a real Chromium, against the real
 * server and database, with every check; beside the HPKE operations alone, in a worker of the same page.
 */
import { leave } from '../e2e/leave.ts'
import { up } from '../e2e/stack.ts'
import { clinicWorld } from '../e2e/world.ts'
import type { Row } from './envelope.ts'
import { openRecordsLab, writeNotes } from './records-lab/lab.ts'
import type { RecordsLab } from './records-lab/page.ts'

declare const lab: RecordsLab

const RECORDS = 5000
const ROUNDS = 3
const AT_ONCE = 25
const LONGEST_TASK = 50

export default async function regrant(): Promise<Row> {
  const stack = await up({ env: { RATE_LIMIT_FACTOR: '100000' } })
  try {
    const world = await clinicWorld(stack)
    const booked = await world.book()
    await writeNotes(world, booked, RECORDS)
    // All of them before the first leaves: whoever invites hands on the epochs of then.
    const leavers = []
    for (let round = 0; round < ROUNDS; round++) leavers.push(await world.join(['practitioner'], `Leaver ${round}`))
    const rounds: (Awaited<ReturnType<RecordsLab['passOn']>> & { loop: number; sideBySide: number })[] = []
    for (const { memberId } of leavers) {
      await leave(stack, world, memberId)
      const { page, close } = await openRecordsLab(stack.baseUrl, world.doctor)
      try {
        const loop = await page.evaluate((count) => lab.hpke(count, 1), RECORDS)
        const passed = await page.evaluate(() => lab.passOn())
        const sideBySide = await page.evaluate(([count, atOnce]) => lab.hpke(count, atOnce), [
          RECORDS,
          AT_ONCE,
        ] as const)
        rounds.push({ ...passed, loop, sideBySide })
      } finally {
        await close()
      }
    }
    // What counts is what the database holds: every record's note under the newest epoch, and none under another.
    const [left] = await stack.sql<{ old: number; now: number }>(
      `SELECT count(*) FILTER (WHERE epoch < $1)::int AS old, count(*) FILTER (WHERE epoch = $1)::int AS now
       FROM record_grant WHERE recipient_kind = 'group'`,
      [ROUNDS + 1],
    )
    const of = (pick: (each: (typeof rounds)[number]) => number) => rounds.map(pick)
    const [ours, loop, sideBySide] = [of((each) => each.ms), of((each) => each.loop), of((each) => each.sideBySide)]
    const longest = Math.max(...of((each) => each.longest))
    const ratio = median(ours) / median(loop)
    const whole = left!.old === 0 && left!.now >= RECORDS && rounds.every((each) => each.failed === 0)
    return {
      name: 'regrant',
      ours: round(median(ours)),
      peer: round(median(loop)),
      ratio: round(ratio),
      goal: `≤ 1.5 × the HPKE operations in a loop; no task over ${LONGEST_TASK} ms on the page`,
      pass: ratio <= 1.5 && whole && longest <= LONGEST_TASK,
      n: ROUNDS,
      note: `ms for ${rounds[0]!.total} records, from the first question to the last answer, by ${[...new Set(of((each) => each.requests))].join('/')} requests to the real server, which holds ${left!.now} grants to the newest epochs and ${left!.old} to older ones after it. The vault works for ${round(median(of((each) => each.inVault)))} of them, while the last answer goes and the next question comes. Longest ours ${round(Math.max(...ours))}, loop ${round(Math.max(...loop))}. The same HPKE operations ${AT_ONCE} at once: median ${round(median(sideBySide))} (ours is ${round(median(ours) / median(sideBySide))} × that, with signatures of record and grant checked, the new grant signed, the commitment compared, server and database included). Longest task of the page: ${round(longest)} ms. Stopping and going on: lib/rewrap/flow.test.ts.`,
    }
  } finally {
    await stack.down()
  }
}

const sorted = (values: number[]) => values.toSorted((a, b) => a - b)
const median = (values: number[]) => sorted(values)[Math.floor(values.length / 2)]!
const round = (value: number) => Math.round(value * 100) / 100
