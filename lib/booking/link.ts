import 'server-only'
import { createHash, timingSafeEqual } from 'node:crypto'
import { ok, refuse, type Result } from '../errors.ts'
import { inClinic, inNoClinic } from '../server/tx.ts'
import * as store from './store.ts'

/** What is kept of a secret that only its holder knows. */
export const secretHash = (secret: string) => new Uint8Array(createHash('sha256').update(secret).digest())

export const matches = (hash: Uint8Array | null, secret: string) =>
  hash !== null && hash.length === 32 && timingSafeEqual(hash, secretHash(secret))

/** The appointment that this link opens. A wrong secret and a wrong id are one answer. */
export async function linkedAppointment(link: { id: string; secret: string }): Promise<Result<store.AppointmentRow>> {
  const clinicId = await inNoClinic((tx) => store.lookupAppointment(tx, link.id))
  const row = clinicId && (await inClinic(clinicId, (tx) => store.findAppointment(tx, link.id)))
  return row && matches(row.linkHash, link.secret) ? ok(row) : refuse('NOT_FOUND')
}
