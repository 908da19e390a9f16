import { Temporal } from 'temporal-polyfill'
import { addDays } from '../time.ts'
import type { StartsQuestion } from './starts.ts'

const minute = 60_000
/** Between the instants that are looked at: every time of a question is a multiple of it. */
const grid = 5 * minute

/** Free starts by the slow obvious way: every five minutes, looked at one by one with the zone's own rules. */
export function slowly(question: StartsQuestion): number[] {
  const { zone, pace, firstDay, lastDay, notBefore, notAfter } = question
  const local = new Map<number, { day: string; minute: number }>()
  const at = (instant: number) => {
    let known = local.get(instant)
    if (!known) {
      const wall = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone)
      local.set(instant, (known = { day: wall.toPlainDate().toString(), minute: wall.hour * 60 + wall.minute }))
    }
    return known
  }
  const within = (instant: number) => {
    const { day, minute: of } = at(instant)
    if (day < firstDay || day > addDays(lastDay, 1)) return []
    return question.rowsOn(day).filter(({ startMinute, endMinute }) => startMinute <= of && of < endMinute)
  }
  const each = (from: number, until: number, is: (instant: number) => boolean) => {
    for (let instant = from; instant < until; instant += grid) if (!is(instant)) return false
    return true
  }
  const found: number[] = []
  const end = Date.parse(`${lastDay}T00:00:00Z`) + 3 * 24 * 60 * minute
  for (let start = Date.parse(`${firstDay}T00:00:00Z`) - 2 * 24 * 60 * minute; start < end; start += grid) {
    const { day, minute: of } = at(start)
    if (day < firstDay || day > lastDay) continue
    const isJoined = question.shared?.some((each) => each.start === start) ?? false
    if (question.isFull?.(day) && !isJoined) continue
    if (start < notBefore || start >= notAfter) continue
    if (!within(start).some((row) => isJoined || (of - row.startMinute) % pace.step === 0)) continue
    const finish = start + pace.minutes * minute
    if (!each(start, finish, (instant) => within(instant).length > 0)) continue
    const taken = [...question.busy, ...(question.shared ?? []).filter((each) => each.start !== start)]
    const isFree = (instant: number) => !taken.some(({ from, until }) => from <= instant && instant < until)
    if (each(start - pace.bufferBefore * minute, finish + pace.bufferAfter * minute, isFree)) found.push(start)
  }
  return found
}
