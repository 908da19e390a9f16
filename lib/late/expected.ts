import 'server-only'
import type { AppointmentStatus } from '../booking/rules.ts'
import type { Tx } from '../server/tx.ts'
import { dayIn } from '../time.ts'
import { lateBy } from './rules.ts'
import { findLate } from './store.ts'

/** By how many minutes somebody who looks at a visit has to expect it later. */
export async function lateOf(
  tx: Tx,
  visit: { memberId: string; status: AppointmentStatus; startsAt: Date },
  zone: string,
  now: Date,
): Promise<number> {
  const day = dayIn(zone, now)
  return dayIn(zone, visit.startsAt) === day ? lateBy(visit, await findLate(tx, visit.memberId, day), now) : 0
}
