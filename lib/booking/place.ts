import 'server-only'
import type { ClinicProfile } from '../clinic/rules.ts'
import { readSchedules } from '../schedule/read.ts'
import { rowsOn } from '../schedule/rules.ts'
import { isOpen } from '../schedule/starts.ts'
import { startOfDay } from '../schedule/wall-clock.ts'
import type { Tx } from '../server/tx.ts'
import { addDays, dayIn } from '../time.ts'

/** The place at which a practitioner is for all of this time, null for no site, and best the one it was; undefined where they are not there. */
export async function placeAt(
  tx: Tx,
  clinic: ClinicProfile,
  memberId: string,
  { startsAt, endsAt, siteId: was }: { startsAt: Date; endsAt: Date; siteId: string | null },
): Promise<string | null | undefined> {
  const zone = clinic.timeZone
  const [first, last] = [dayIn(zone, startsAt), dayIn(zone, endsAt)]
  const days = first === last ? [first] : [first, last]
  const stretch = { from: startOfDay(first, zone), until: startOfDay(addDays(last, 1), zone) }
  const read = await readSchedules(tx, clinic, [memberId], { days: { from: first, until: last }, stretch })
  const { schedule, away, places } = read.get(memberId)!
  const sorted = places.toSorted((a, b) => Number(b === was) - Number(a === was))
  return sorted.find((siteId) =>
    isOpen({ zone, away, rowsOn: (day) => rowsOn(schedule, day).filter((row) => row.siteId === siteId) }, days, {
      from: startsAt.getTime(),
      until: endsAt.getTime(),
    }),
  )
}
