/** Where money belongs. */
export interface Place {
  clinicId: string
  appointmentId: string
}

export const placeOf = (data: Record<string, unknown>): Place => ({
  clinicId: String(data.clinicId),
  appointmentId: String(data.appointmentId),
})

/** The account that a call speaks for: the platform's own, or a clinic's. */
export const onAccount = (account: string | null) =>
  account && account !== 'platform' ? { stripeAccount: account } : {}
