/**
 * Whose each appointment was when this browser first showed a name for it. The server's later word changes nothing: a chart
 * or a call that names another patient for the same appointment is not the one that the person chose.
 */
const shown = new Map<string, string>()

export const patientOf = ({ appointmentId, patientId }: { appointmentId: string; patientId: string }): string =>
  shown.get(appointmentId) ?? patientId

/** The name of this patient, from an identity record that opened, is on the screen for this appointment. */
export function nameShown(appointmentId: string, patientId: string): void {
  if (!shown.has(appointmentId)) shown.set(appointmentId, patientId)
}
