import 'server-only'
import type { ClinicProfile } from '../clinic/rules.ts'
import { readSchedules } from '../schedule/read.ts'
import { type PlacedRow, type Row, rowsOn } from '../schedule/rules.ts'
import { isOpen } from '../schedule/starts.ts'
import { openStretches, startOfDay } from '../schedule/wall-clock.ts'
import type { Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'

interface At {
  startsAt: Date
  endsAt: Date
  /** The place that it was at. */
  siteId: string | null
}

/** The place at which a practitioner is for all of this time, null for no site, and best the one it was; undefined where they are not there. */
export const placeAt = async (
  tx: Tx,
  clinic: ClinicProfile,
  memberId: string,
  at: At,
): Promise<string | null | undefined> => (await hoursAt(tx, clinic, memberId, at))?.siteId

/** How many visits may be put in beside others all through this time, as the hours say; 0 where the practitioner is not there. */
export async function walkInsAt(tx: Tx, clinic: ClinicProfile, memberId: string, at: At): Promise<number> {
  const hours = await hoursAt(tx, clinic, memberId, at)
  if (!hours) return 0
  const isThen = (day: string, row: Row) =>
    openStretches(clinic.timeZone, [day], () => [row])
      .get(day)!
      .some(({ from, until }) => from < +at.endsAt && +at.startsAt < until)
  const rows = hours.days.flatMap((day) => hours.rowsOn(day).filter((row) => isThen(day, row)))
  return Math.min(...rows.map(({ walkIns }) => walkIns))
}

/** Hours that hold all of this time; null where there are none. */
async function hoursAt(
  tx: Tx,
  clinic: ClinicProfile,
  memberId: string,
  { startsAt, endsAt, siteId: was }: At,
): Promise<{ siteId: string | null; days: string[]; rowsOn: (day: string) => PlacedRow[] } | null> {
  const zone = clinic.timeZone
  const [first, last] = [dayIn(zone, startsAt), dayIn(zone, endsAt)]
  const days = first === last ? [first] : [first, last]
  const stretch = { from: startOfDay(first, zone), until: startOfDay(addDays(last, 1), zone) }
  const read = await readSchedules(tx, clinic, [memberId], { days: { from: first, until: last }, stretch })
  const { schedule, away, places } = read.get(memberId)!
  for (const siteId of places.toSorted((a, b) => Number(b === was) - Number(a === was))) {
    const ofPlace = (day: string) => rowsOn(schedule, day).filter((row) => row.siteId === siteId)
    const at = { from: startsAt.getTime(), until: endsAt.getTime() }
    if (isOpen({ zone, away, rowsOn: ofPlace }, days, at)) return { siteId, days, rowsOn: ofPlace }
  }
  return null
}
