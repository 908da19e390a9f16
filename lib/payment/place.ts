/** Where money belongs. */
export interface Place {
  clinicId: string
  appointmentId: string
}

export const placeOf = (data: Record<string, unknown>): Place => ({
  clinicId: String(data.clinicId),
  appointmentId: String(data.appointmentId),
})
