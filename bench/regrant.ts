/**
 * Rows "regrant" and "regrant-whole": 5,000 records of 4 KiB passed on to their group's next epoch by a member in a real Chromium,
 * with every check, from and to the real server and database; beside the HPKE operations alone, in a worker of the same page. The
 * first times the browser, whose work it is; the second the whole, with server and database on the cores that the browser has.
 */
import { cpus } from 'node:os'
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

export default async function regrant(): Promise<Row[]> {
  const stack = await up({ env: { RATE_LIMIT_FACTOR: '100000' } })
  try {
    const world = await clinicWorld(stack)
    const booked = await world.book()
    await writeNotes(world, booked, RECORDS)
    // All of them before the first leaves: whoever invites hands on the epochs of then.
    const leavers = []
    for (let at = 0; at < 2 * ROUNDS; at++) leavers.push(await world.join(['practitioner'], `Leaver ${at}`))
    const alone: (Awaited<ReturnType<RecordsLab['passOnAlone']>> & Peer)[] = []
    const whole: (Awaited<ReturnType<RecordsLab['passOn']>> & Peer)[] = []
    for (const [at, { memberId }] of leavers.entries()) {
      await leave(stack, world, memberId)
      const { page, close } = await openRecordsLab(stack.baseUrl, world.doctor)
      const hpke = (atOnce: number) =>
        page.evaluate(([count, many]) => lab.hpke(count, many), [RECORDS, atOnce] as const)
      try {
        const loop = await hpke(1)
        if (at % 2) whole.push({ ...(await page.evaluate(() => lab.passOn())), loop, sideBySide: await hpke(AT_ONCE) })
        else alone.push({ ...(await page.evaluate(() => lab.passOnAlone())), loop, sideBySide: await hpke(AT_ONCE) })
      } finally {
        await close()
      }
    }
    // What counts is what the database holds: every record's note under the newest epoch, and none under another.
    const [left] = await stack.sql<{ old: number; now: number }>(
      `SELECT count(*) FILTER (WHERE epoch < $1)::int AS old, count(*) FILTER (WHERE epoch = $1)::int AS now
       FROM record_grant WHERE recipient_kind = 'group'`,
      [leavers.length + 1],
    )
    const held = `the real server, which holds ${left!.now} grants to the newest epochs and ${left!.old} to older ones after all rounds`
    const isWhole = left!.old === 0 && left!.now >= RECORDS && [...alone, ...whole].every(({ failed }) => failed === 0)
    const checks =
      'the signature of each grant checked, the new one signed, the commitment compared, to and from the worker threads included'
    const requests = [...new Set(whole.map((each) => each.requests))].join('/')
    return [
      rowOf(
        'regrant',
        alone,
        isWhole,
        `in the browser, from the records as they came to those to be handed in; ${checks}; ${held}.`,
      ),
      rowOf(
        'regrant-whole',
        whole,
        isWhole,
        `from the first question to the last answer, by ${requests} requests to ${held}: server and database share the browser's ${cpus().length} cores here. The vault works for ${round(median(whole.map(({ inVault }) => inVault)))} ms of them. Stopping and going on: lib/rewrap/flow.test.ts.`,
      ),
    ]
  } finally {
    await stack.down()
  }
}

interface Peer {
  loop: number
  sideBySide: number
}

function rowOf(
  name: string,
  rounds: (Peer & { ms: number; total: number; longest: number })[],
  isWhole: boolean,
  how: string,
): Row {
  const of = (pick: (each: (typeof rounds)[number]) => number) => rounds.map(pick)
  const [ours, loop, sideBySide] = [of((each) => each.ms), of((each) => each.loop), of((each) => each.sideBySide)]
  const longest = Math.max(...of((each) => each.longest))
  const ratio = median(ours) / median(loop)
  return {
    name,
    ours: round(median(ours)),
    peer: round(median(loop)),
    ratio: round(ratio),
    goal: `≤ 1.5 × the HPKE operations in a loop; no task over ${LONGEST_TASK} ms on the page`,
    pass: ratio <= 1.5 && isWhole && longest <= LONGEST_TASK,
    n: rounds.length,
    note: `ms for ${rounds[0]!.total} records, ${how} Longest ours ${round(Math.max(...ours))}, loop ${round(Math.max(...loop))}. The same HPKE operations ${AT_ONCE} at once: median ${round(median(sideBySide))} (ours is ${round(median(ours) / median(sideBySide))} × that). Longest task of the page: ${round(longest)} ms.`,
  }
}

const sorted = (values: number[]) => values.toSorted((a, b) => a - b)
const median = (values: number[]) => sorted(values)[Math.floor(values.length / 2)]!
const round = (value: number) => Math.round(value * 100) / 100
