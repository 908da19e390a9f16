import 'server-only'
import type { Tx } from '../server/tx.ts'
import { matches } from './link.ts'
import { visitStates } from './rules.ts'
import * as store from './store.ts'

/** What somebody shows for having been to a clinic: nobody learns anything by a name or an address. */
interface Shown {
  /** Of whom they have shown a key. */
  patientId: string | null
  recallId?: string | null | undefined
  /** The link of an earlier visit. */
  earlier?: { id: string; secret: string } | null | undefined
}

/**
 * Whether a held time of a service for people who have been here may be booked by who shows this: a key of a patient who has another
 * visit, the link of one, the clinic's own invitation back, or a time that the waiting list kept for them. Asked in the clinic's
 * transaction: another clinic's count for nothing.
 */
export async function mayFollowUp(
  tx: Tx,
  { id, serviceId }: { id: string | null; serviceId: string },
  { patientId, recallId, earlier }: Shown,
): Promise<boolean> {
  if (patientId && (await store.hasVisit(tx, patientId, id))) return true
  if (recallId && (await store.isRecalled(tx, recallId, serviceId))) return true
  const visit = earlier && earlier.id !== id ? await store.findAppointment(tx, earlier.id) : null
  if (visit && matches(visit.linkHash, earlier!.secret) && isVisit(visit.status)) return true
  return id !== null && store.isOffered(tx, id)
}

const isVisit = (status: string) => (visitStates as readonly string[]).includes(status)
