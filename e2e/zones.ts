// Where the people of these tests live: where it is about noon, so that no day of theirs ends meanwhile.

/** The zone without summer time in which the clock shows this hour now. */
function zoneAt(hour: number, now = new Date()): string {
  const ahead = hour - now.getUTCHours()
  return ahead === 0 ? 'Etc/UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`
}

export const clinicZone = zoneAt(12)
/** Of patients whose clock is never the clinic's: an hour behind. */
export const otherZone = zoneAt(11)
