import type { AppointmentStatus } from '../booking/rules.ts'
import type { OwnKeyRow } from '../patient/rules.ts'
import type { KeyHome } from './vault-api.ts'

const DAYS_OF_PEACE = 60

/**
 * Whether to offer a passkey or a printed page now: once there is something to lose, and in a quiet moment. Not before the booking
 * stands, not at the door or in the call, and not where the person asked that nothing be kept.
 */
export function offersKeeping(
  seen: {
    status: AppointmentStatus
    keys: readonly Pick<OwnKeyRow, 'kind' | 'state'>[]
    home: KeyHome
    /** When they last said "not now", in milliseconds. */
    saidLater: number | null
  },
  now: number,
): boolean {
  if (seen.status !== 'booked' && seen.status !== 'completed') return false
  if (seen.home === 'memory') return false
  const ways = seen.keys.filter(({ state }) => state !== 'revoked' && state !== 'confirmed')
  if (ways.length > 1) return false
  return seen.saidLater === null || now - seen.saidLater > DAYS_OF_PEACE * 86_400_000
}

const mark = (patientId: string) => `curtain:keep-later:${patientId}`

export function saidLater(patientId: string): number | null {
  try {
    return Number(localStorage.getItem(mark(patientId))) || null
  } catch {
    return null
  }
}
export function sayLater(patientId: string, now: number): void {
  try {
    localStorage.setItem(mark(patientId), String(now))
  } catch {
    // A browser that stores nothing asks again.
  }
}
