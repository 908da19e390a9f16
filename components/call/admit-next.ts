/**
 * "Complete and admit next" is one click for two pages: the second lets the first device in that it knows. The mark lives in
 * this tab's memory, for that appointment, once, and for the minute that the next page takes. An address is no mark:
 * whoever sends a link must not open anybody's camera.
 */
const GOOD_FOR_MS = 60_000
let mark: { appointmentId: string; until: number } | null = null

export function admitNext(appointmentId: string): void {
  mark = { appointmentId, until: Date.now() + GOOD_FOR_MS }
}

/** True once after `admitNext` of this appointment. */
export function takeAdmitNext(appointmentId: string): boolean {
  if (mark?.appointmentId !== appointmentId) return false
  const good = Date.now() < mark.until
  mark = null
  return good
}
