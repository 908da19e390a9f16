import 'server-only'
import type { StaffActor } from '@/lib/access/rules'
import { openCopy, sealUnder } from '@/lib/server/keystore'
import type { Tx } from '@/lib/server/tx'
import { type PrescriptionRow, type PrescriptionStatus, type RxAnswer, statusAt } from './rules'

export async function lookupRx(tx: Tx, id: string): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_rx(${id}::uuid) AS id`
  return row?.id ?? null
}

type Row = {
  id: string
  appointmentId: string
  recordId: string
  memberId: string
  status: PrescriptionStatus
  issuedAt: Date
  expiresAt: Date
}
const dto = (row: Row, now: Date): PrescriptionRow => ({
  id: row.id,
  appointmentId: row.appointmentId,
  recordId: row.recordId,
  memberId: row.memberId,
  status: statusAt(row, now),
  issuedAt: row.issuedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
})

/** Under the patient's outer key: without that, the code on paper and a dump would open it for ever. */
const outer = (clinicId: string, patientId: string) => ({ clinicId, patientId, class: 'clinical' })
const placeOf = (clinicId: string, id: string) => `share|${clinicId}|${id}`

/** For a pharmacist, who is nobody here: ciphertext and the server's word. None of what was purged. */
export async function findShare(tx: Tx, clinicId: string, id: string, now: Date): Promise<RxAnswer | null> {
  const row = await tx.prescription.findFirst({ where: { id, clinicId } })
  const share = row && (await openCopy(outer(clinicId, row.patientId), placeOf(clinicId, id), row.share))
  return share && { share: Buffer.from(share).toString('base64url'), status: statusAt(row, now), clinicId }
}

export async function findPrescription(tx: Tx, actor: StaffActor, id: string): Promise<Row | null> {
  return tx.prescription.findFirst({ where: { id, clinicId: actor.clinicId } })
}

export async function listPrescriptions(
  tx: Tx,
  actor: { clinicId: string },
  patientId: string,
  now: Date,
): Promise<PrescriptionRow[]> {
  const rows = await tx.prescription.findMany({
    where: { clinicId: actor.clinicId, patientId },
    orderBy: { issuedAt: 'desc' },
  })
  return rows.map((row) => dto(row, now))
}

/** False when it was saved before: the caller sent it twice. */
export async function savePrescription(
  tx: Tx,
  actor: StaffActor,
  rx: {
    id: string
    patientId: string
    appointmentId: string
    recordId: string
    share: Uint8Array<ArrayBuffer>
    issuedAt: Date
    expiresAt: Date
  },
): Promise<boolean> {
  const { clinicId, memberId } = actor
  const share = await sealUnder(outer(clinicId, rx.patientId), placeOf(clinicId, rx.id), rx.share)
  const { count } = await tx.prescription.createMany({
    data: [{ ...rx, share, clinicId, memberId, status: 'issued' }],
    skipDuplicates: true,
  })
  return count === 1
}

/** Moves it on from the state that was decided upon; false when somebody else did first. */
export async function movePrescription(
  tx: Tx,
  actor: StaffActor,
  at: { id: string; from: PrescriptionStatus; to: PrescriptionStatus },
): Promise<boolean> {
  const { count } = await tx.prescription.updateMany({
    where: { id: at.id, clinicId: actor.clinicId, status: at.from },
    data: { status: at.to },
  })
  return count === 1
}
