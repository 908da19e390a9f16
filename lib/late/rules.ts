import { z } from 'zod'
import type { AppointmentStatus } from '../booking/rules.ts'
import { Id } from '../ids.ts'

const minute = 60_000

/** What one tap says. */
export const lateSteps = [10, 20, 30] as const
/** Under it nobody is written to: the page alone says it. */
const leastTold = 10
/** Who begins within so many minutes is told; who comes later is told when it is their turn. */
const aheadMinutes = 120

/**
 * By how many minutes a visit is late for who waits for it: by as many as its practitioner said of the day; nothing for a visit that is
 * over, or that has begun, or that is hours away. Who would be expected in the past is in the room or on the telephone, where nobody
 * writes down that it began, or did not come.
 */
export function lateBy(visit: { status: AppointmentStatus; startsAt: Date }, minutes: number, now: Date): number {
  if (visit.status !== 'booked' && visit.status !== 'arrived') return 0
  if (expectedAt(visit.startsAt, minutes) <= now) return 0
  const ahead = (visit.startsAt.getTime() - now.getTime()) / minute
  return ahead <= aheadMinutes ? minutes : 0
}

/** So often a patient is written to about one visit; that it is sooner again than they were told, twice as often. */
const mostTold = 4

/**
 * What a patient is told now, after what they were told last; null for nothing. A delay under ten minutes is none. Whoever was told to
 * come later hears of it when it is sooner again: else they would come too late.
 */
export function toTell(minutes: number, last: { minutes: number; times: number } | null): number | null {
  const now = minutes < leastTold ? 0 : minutes
  const before = last?.minutes ?? 0
  if (now === before) return null
  return (last?.times ?? 0) < (now < before ? 2 * mostTold : mostTold) ? now : null
}

/** Said by one member in an hour. */
export const saysAnHour = { points: 30, seconds: 3600 }

export const expectedAt = (startsAt: Date, minutes: number): Date => new Date(startsAt.getTime() + minutes * minute)

/** More than that is another appointment. */
export const longestMinutes = 240

/** For the rest of today; 0 ends it. */
export const LateInput = z.object({
  memberId: Id,
  minutes: z
    .number({ error: 'number' })
    .int({ error: 'number' })
    .min(0, { error: 'tooSmall' })
    .max(longestMinutes, { error: 'tooLarge' }),
})

export interface LateContract {
  'late/say': { in: z.input<typeof LateInput>; out: { minutes: number } }
}
