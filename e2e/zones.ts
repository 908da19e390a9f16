// Where the people of these tests live: where it is about noon, so that no day of theirs ends meanwhile.
import { instantAt } from '../lib/schedule/wall-clock.ts'

/** The zone without summer time in which the clock shows this hour now. */
function zoneAt(hour: number, now = new Date()): string {
  const ahead = hour - now.getUTCHours()
  return ahead === 0 ? 'Etc/UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}

export const clinicZone = zoneAt(12)
/** Of patients whose clock is never the clinic's: an hour behind. */
export const otherZone = zoneAt(11)
/** That hour of a day there. Its days are not those of UTC, and at which hours they differ changes with the time of the run. */
export const clinicHour = (day: string, hour: number) => instantAt(day, hour * 60, clinicZone)
