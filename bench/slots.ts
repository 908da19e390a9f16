/**
 * Row "slots": a month of free times of 50 practitioners, across the night in which the clock changes. The algorithm beside the
 * usual one, that asks a time library about each slot, and beside the slow obvious one, whose answers must be the same; and what a
 * patient waits for the same month over HTTP, from the real database.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { Temporal } from 'temporal-polyfill'
import { up, type TestStack } from '../e2e/stack.ts'
import { clinicWorld, type ClinicWorld } from '../e2e/world.ts'
import { freeStarts, type StartsQuestion } from '../lib/schedule/starts.ts'
import type { Row as Hours } from '../lib/schedule/rules.ts'
import { slowly } from '../lib/schedule/testing.ts'
import { startOfDay } from '../lib/schedule/wall-clock.ts'
import { addDays, isoWeekday } from '../lib/time.ts'
import { median, p95, type Row, round } from './lab/rows.ts'
import { calcom } from './slots-calcom.ts'

const PRACTITIONERS = 50
const DAYS = 31
const ROUNDS = 60
const PEER_ROUNDS = 6
const CALCOM_ROUNDS = 3
const ZONE = 'Europe/Paris'
const minute = 60_000
const pace = { minutes: 20, bufferBefore: 0, bufferAfter: 5, step: 20 }

/** Sixteen days before the next night in which the clock changes. */
const firstDay = () =>
  Temporal.Now.zonedDateTimeISO(ZONE)
    .add({ days: 20 })
    .getTimeZoneTransition('next')!
    .toPlainDate()
    .subtract({ days: 16 })
    .toString()
const from = firstDay()
const days = Array.from({ length: DAYS }, (_, index) => addDays(from, index))

/** Two stretches a day and a Saturday morning; every second day is two thirds full. */
function practitioner(nth: number) {
  const late = (nth % 4) * 15
  const rows: Hours[] = [
    { startMinute: 480 + late, endMinute: 720 },
    { startMinute: 780, endMinute: 1050 + late },
  ]
  const rowsOn = (day: string) =>
    isoWeekday(day) < 6 ? rows : isoWeekday(day) === 6 && nth % 2 ? rows.slice(0, 1) : []
  const busy = days.flatMap((day) => {
    const start = +startOfDay(day, ZONE)
    return rowsOn(day).flatMap(({ startMinute, endMinute }) => {
      const taken = []
      for (let at = startMinute; at < endMinute; at += 25)
        if (randomInt(3)) taken.push({ from: start + at * minute, until: start + (at + 25) * minute })
      return taken
    })
  })
  return { rowsOn, busy, rows, isSaturday: nth % 2 === 1 }
}
type Practitioner = ReturnType<typeof practitioner>

const question = ({ rowsOn, busy }: Practitioner): StartsQuestion => ({
  ...{ zone: ZONE, rowsOn, pace, busy, firstDay: from, lastDay: days.at(-1)! },
  ...{ notBefore: 0, notAfter: Number.MAX_SAFE_INTEGER },
})

/** As such searches are commonly written: for each slot of each day, the library makes both ends and compares them with all that is taken. */
function byLibrary({ rowsOn, busy }: Practitioner): number[] {
  const taken = busy.map((each) => ({
    from: Temporal.Instant.fromEpochMilliseconds(each.from),
    until: Temporal.Instant.fromEpochMilliseconds(each.until),
  }))
  const found: number[] = []
  for (const day of days)
    for (const row of rowsOn(day)) {
      const at = (minutes: number) =>
        Temporal.PlainDate.from(day)
          .toPlainDateTime({ hour: Math.floor(minutes / 60), minute: minutes % 60 })
          .toZonedDateTime(ZONE)
      const last = at(row.endMinute)
      for (let slot = at(row.startMinute); ; slot = slot.add({ minutes: pace.step })) {
        const end = slot.add({ minutes: pace.minutes })
        if (Temporal.ZonedDateTime.compare(end, last) > 0) break
        const [start, free] = [slot.toInstant(), end.add({ minutes: pace.bufferAfter }).toInstant()]
        const meets = taken.some(
          (each) => Temporal.Instant.compare(each.from, free) < 0 && Temporal.Instant.compare(start, each.until) < 0,
        )
        if (!meets) found.push(slot.epochMilliseconds)
      }
    }
  return found
}

const timed = <T>(what: () => T): { ms: number; value: T } => {
  const begun = performance.now()
  const value = what()
  return { ms: performance.now() - begun, value }
}
const month = (all: readonly Practitioner[], how: (one: Practitioner) => number[]) =>
  timed(() => all.map((one) => how(one).map(String).join()).join(';'))

function algorithm(all: readonly Practitioner[]): Row {
  const ours = (one: Practitioner) => freeStarts(question(one))
  for (let warm = 0; warm < 5; warm++) month(all, ours)
  month(all.slice(0, 10), byLibrary)
  const [mine, theirs] = [[] as number[], [] as number[]]
  const slow = all.map((one) => slowly(question(one)).map(String).join()).join(';')
  let same = true
  for (let round = 0; round < ROUNDS; round++) {
    const { ms, value } = month(all, ours)
    mine.push(ms)
    same &&= value === slow
    if (round % (ROUNDS / PEER_ROUNDS)) continue
    const peer = month(all, byLibrary)
    theirs.push(peer.ms)
    same &&= peer.value === slow
  }
  const ratio = median(theirs) / median(mine)
  const count = slow.split(/[,;]/).filter(Boolean).length
  return {
    ...{ name: 'slots', ours: round(p95(mine)), peer: round(median(theirs)), ratio: round(ratio, 1), n: ROUNDS },
    goal: 'p95 ≤ 50 ms, ≥ 20 × faster than a library for each slot, the same slots as the slow obvious way',
    pass: p95(mine) <= 50 && ratio >= 20 && same,
    note: `ms for ${PRACTITIONERS} practitioners and ${DAYS} days from ${from} in ${ZONE}, ${count} free of ${all.reduce((sum, { busy }) => sum + busy.length, count)}; p95 of ours (median ${round(median(mine))}) beside the median of ${PEER_ROUNDS} rounds of the peer, which we wrote: Temporal for each slot. The same slots from all three: ${same ? 'yes' : 'NO'}.`,
  }
}

/** The same practitioners and the same of what is taken, asked of Cal.com's search in turn. Where there is no checkout of it, there is no row. */
async function besideCalcom(all: readonly Practitioner[]): Promise<Row[]> {
  const search = await calcom()
  if (!search) return []
  const [start, end] = [startOfDay(from, ZONE), startOfDay(addDays(days.at(-1)!, 1), ZONE)]
  const theirs = ({ rows, isSaturday, busy }: Practitioner) =>
    search({
      ...{ zone: ZONE, from: start, until: end, minutes: pace.minutes },
      hours: [
        ...rows.map((row) => ({ weekdays: [1, 2, 3, 4, 5], ...row })),
        ...rows.slice(0, isSaturday ? 1 : 0).map((row) => ({ weekdays: [6], ...row })),
      ],
      busy: busy.map((each) => ({ ...each, from: each.from - pace.bufferAfter * minute })),
    })
  const ours = (one: Practitioner) => freeStarts(question(one))
  const ms: [number[], number[]] = [[], []]
  for (let round = -1; round < CALCOM_ROUNDS; round++)
    for (const [nth, how] of [ours, theirs].entries()) {
      const took = month(all, how)
      if (round >= 0) ms[nth]!.push(took.ms)
    }
  const isFree = (one: Practitioner, at: number) =>
    one.busy.every((each) => each.from >= at + (pace.minutes + pace.bufferAfter) * minute || each.until <= at)
  const found = all.map(theirs)
  const wrong = all.flatMap((one, nth) => found[nth]!.filter((at) => !isFree(one, at))).length
  const count = all.reduce((sum, one) => sum + ours(one).length, 0)
  const [mine, peer] = [median(ms[0]), median(ms[1])]
  return [
    {
      ...{ name: 'slots: beside Cal.com', ours: round(mine), peer: round(peer), ratio: round(peer / mine, 1) },
      ...{ goal: '≥ 20 × faster', pass: peer / mine >= 20, n: CALCOM_ROUNDS },
      note: `ms for ${PRACTITIONERS} practitioners and ${DAYS} days from ${from} in ${ZONE}, median, in turn. Free starts: ${count} of ours, which keep to the step from the beginning of the hours; ${found.flat().length} of theirs, which begin anew after each appointment, ${wrong} of them taken.`,
    },
  ]
}

/** The same practitioners in the database, by the door that the booking page asks. */
async function overHttp(stack: TestStack, world: ClinicWorld, all: readonly Practitioner[]): Promise<Row> {
  const { clinicId, owner } = world
  const serviceId = world.services.free.id
  await stack.sql('UPDATE clinic SET time_zone = $2, horizon_days = 365 WHERE id = $1', [clinicId, ZONE])
  await stack.sql(
    'UPDATE service SET minutes = $2, buffer_after = $3, step_minutes = $4, horizon_days = 365 WHERE id = $1',
    [serviceId, pace.minutes, pace.bufferAfter, pace.step],
  )
  await stack.sql('DELETE FROM service_practitioner WHERE service_id = $1', [serviceId])
  for (const [nth, one] of all.entries()) {
    const id = randomUUID()
    await stack.sql(
      `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
       VALUES ($1, $2, $3, $4, $5, '{practitioner}', 'active')`,
      [id, clinicId, randomBytes(32), randomBytes(8), `Dr Number ${nth}`],
    )
    await stack.sql('INSERT INTO service_practitioner (clinic_id, service_id, member_id) VALUES ($1, $2, $3)', [
      clinicId,
      serviceId,
      id,
    ])
    const hours = days
      .slice(0, 7)
      .flatMap((day) => one.rowsOn(day).map((row) => ({ weekday: isoWeekday(day), ...row })))
    for (const { weekday, startMinute, endMinute } of hours)
      await stack.sql(
        'INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute) VALUES ($1, $2, $3, $4, $5)',
        [clinicId, id, weekday, startMinute, endMinute],
      )
    await stack.sql(
      `INSERT INTO appointment (clinic_id, service_id, member_id, status, starts_at, ends_at, blocked_from, blocked_until,
         price_minor, currency, payment_mode)
       SELECT $1, $2, $3, 'booked', at, at + interval '20 minutes', at, at + interval '25 minutes', 0, 'eur', 'free'
       FROM unnest($4::timestamptz[]) at ON CONFLICT DO NOTHING`,
      [clinicId, serviceId, id, one.busy.map((each) => new Date(each.from))],
    )
  }
  const ask = { clinicId, serviceId, from, days: DAYS }
  const mine: number[] = []
  let count = 0
  for (let nth = 0; nth < ROUNDS + 10; nth++) {
    const begun = performance.now()
    const { slots } = await owner.door.get('booking/slots', ask)
    if (nth >= 10) mine.push(performance.now() - begun)
    count = slots.length
  }
  const wanted = all.reduce((sum, one) => sum + freeStarts(question(one)).length, 0)
  const isSame = count === wanted
  return {
    ...{ name: 'slots: served', ours: round(p95(mine)), peer: round(median(mine)), n: ROUNDS },
    ratio: round(p95(mine) / median(mine)),
    goal: 'none is set: the same month over HTTP, with its reading from PostgreSQL and its answer as JSON',
    pass: isSame,
    note: `ms until the whole answer was here, p95; beside it its own median. ${count} free times, as the algorithm says: ${isSame ? 'yes' : `NO, ${wanted}`}.`,
  }
}

export default async function slots(): Promise<Row[]> {
  const all = Array.from({ length: PRACTITIONERS }, (_, nth) => practitioner(nth))
  const alone = [algorithm(all), ...(await besideCalcom(all))]
  const stack = await up({ env: { RATE_LIMIT_FACTOR: '100000' } })
  try {
    return [...alone, await overHttp(stack, await clinicWorld(stack), all)]
  } finally {
    await stack.down()
  }
}
