import 'server-only'
import { runsVisits, type StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import type { Tx } from '../server/tx.ts'
import type { NewDevice } from './rules.ts'

/** Whose appointment it is, and the clinic's time zone; null for one of nobody, or of another clinic. */
export async function findPatientOf(
  tx: Tx,
  actor: StaffActor,
  appointmentId: string,
): Promise<{ patientId: string; zone: string } | null> {
  const seen = runsVisits(actor, await partOf(tx, actor))
  const where = { id: appointmentId, clinicId: actor.clinicId, patientId: { not: null }, AND: seen }
  const row = await tx.appointment.findFirst({ where, select: { patientId: true } })
  if (!row?.patientId) return null
  const clinic = await tx.clinic.findFirstOrThrow({ where: { id: actor.clinicId } })
  return { patientId: row.patientId, zone: clinic.timeZone }
}

/** Devices of this patient that a mailed code let in, and nobody but the desk recognised. */
export async function listNewDevices(tx: Tx, actor: StaffActor, patientId: string): Promise<NewDevice[]> {
  const rows = await tx.patientKey.findMany({
    where: { clinicId: actor.clinicId, patientId, state: 'confirmed', kind: 'device' },
    orderBy: { createdAt: 'desc' },
  })
  return rows.map(({ id, signKey, dhKey, name, createdAt, vouch }) => ({
    ...{ keyId: id, keys: { sign: signKey, dh: dhKey }, name, vouch },
    firstSeen: createdAt.toISOString(),
  }))
}

/** Keeps a member's word on a device. The desk's leaves it what it was for everything else. False when it is none of these any more. */
export async function saveVouch(
  tx: Tx,
  actor: StaffActor,
  device: { patientId: string; keyId: string; keys: NewDevice['keys']; vouch: string; whole: boolean },
): Promise<boolean> {
  const { patientId, keyId, keys, vouch, whole } = device
  const { count } = await tx.patientKey.updateMany({
    where: {
      ...{ clinicId: actor.clinicId, id: keyId, patientId, signKey: keys.sign, dhKey: keys.dh },
      state: { in: whole ? ['confirmed', 'vouched'] : ['confirmed'] },
    },
    data: { vouch, ...(whole && { state: 'vouched' as const }) },
  })
  return count === 1
}
