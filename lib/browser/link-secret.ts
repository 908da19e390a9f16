import { vault } from './vault.ts'

/** An appointment's link secret, as this device kept it when it booked. */
export default async function linkSecretOf(appointmentId: string): Promise<string | null> {
  return (await vault().appointment(appointmentId))?.linkSecret ?? null
}
