import 'server-only'
import type { Prisma } from '@/prisma/generated/client'
import { isPast, mayHelp } from '../care/rules.ts'
import type { CareRole } from '../crypto/types.ts'
import type { Tx } from '../server/tx.ts'
import type { KeyKind, KeyState, Lacking, OwnKeyRow } from './rules.ts'

export interface DeviceKey {
  id: string
  patientId: string
  signKey: string
  dhKey: string
  state: KeyState
  name: string
  /** Where it is somebody's who helps. */
  care: { id: string; role: CareRole } | null
}

/** A device's key that still counts; null when it is unknown, another patient's, revoked, or a helper's whose time is over. */
export async function findDeviceKey(tx: Tx, ids: { patientId: string; keyId: string }): Promise<DeviceKey | null> {
  const row = await tx.patientKey.findFirst({
    // By the server's own clock, at every request: a session that is open ends with it.
    where: { id: ids.keyId, patientId: ids.patientId, state: { not: 'revoked' }, ...mayHelp(new Date()) },
    select: {
      ...{ id: true, patientId: true, signKey: true, dhKey: true, state: true, name: true },
      care: { select: { id: true, role: true } },
    },
  })
  return row && { ...row, care: row.care && { id: row.care.id, role: row.care.role as CareRole } }
}

/** Any key of this patient by its signing key, a removed one too. */
export async function findKey(
  tx: Tx,
  { patientId, signKey }: { patientId: string; signKey: string },
): Promise<{ id: string; state: KeyState } | null> {
  return tx.patientKey.findFirst({ where: { patientId, signKey }, select: { id: true, state: true } })
}

/** A patient's devices and what else opened their records, first seen first: those that were removed, too. */
export async function listDevices(tx: Tx, patientId: string) {
  return tx.patientKey.findMany({
    // Who helps stands in a list of their own.
    where: { patientId, care: null },
    orderBy: { createdAt: 'asc' },
    select: { id: true, name: true, kind: true, state: true, createdAt: true, usedOn: true },
  }) satisfies Promise<{ kind: KeyKind }[]>
}

/** All of a patient's keys, removed ones too: they tell of others that were added by them. */
export async function listKeys(tx: Tx, patientId: string): Promise<OwnKeyRow[]> {
  const rows = await tx.patientKey.findMany({
    where: { patientId },
    orderBy: { createdAt: 'asc' },
    include: { care: true },
  })
  const now = new Date()
  return rows.map((row) => ({
    ...{ keyId: row.id, keys: { sign: row.signKey, dh: row.dhKey } },
    // Of who helps and may no longer: handed nothing, as one that was removed.
    ...{ kind: row.kind, state: row.care && isPast(row.care, now) ? 'revoked' : row.state, link: row.link },
    helps: row.care !== null && row.care.grantedBy !== row.id,
  }))
}

/** Whose clinic's key this is: asked by who has nothing but the words on a page. */
export async function lookupKey(tx: Tx, keyId: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ id: string | null }[]>`SELECT lookup_patient_key(${keyId}::uuid) AS id`
  return rows[0]?.id ?? null
}

/** The patient of a key that is kept on no device. */
export async function findBackup(tx: Tx, keyId: string): Promise<string | null> {
  const where = { id: keyId, kind: { not: 'device' }, state: { not: 'revoked' } } as const
  return (await tx.patientKey.findFirst({ where, select: { patientId: true } }))?.patientId ?? null
}

/** False when one of these keys is filed already, for whomever. */
export async function addKey(
  tx: Tx,
  row: Omit<OwnKeyRow, 'helps'> & { clinicId: string; patientId: string; name: string },
): Promise<boolean> {
  const { keyId, keys, clinicId, patientId, kind, state, link, name } = row
  const { count } = await tx.patientKey.createMany({
    data: [{ id: keyId, clinicId, patientId, signKey: keys.sign, dhKey: keys.dh, kind, state, link, name }],
    skipDuplicates: true,
  })
  return count === 1
}

/** What the first key was granted and one of the others was not, newest first. */
export async function listLacking(
  tx: Tx,
  patientId: string,
  key: string,
  others: readonly string[],
  most: number,
): Promise<Lacking[]> {
  const mine = await tx.grant.findMany({
    where: { patientId, recipientKind: 'patient', recipientKey: key },
    orderBy: { createdAt: 'desc' },
    select: { recordId: true, revision: true },
  })
  const theirs = await tx.grant.findMany({
    where: { patientId, recipientKind: 'patient', recipientKey: { in: [...others] } },
    select: { recordId: true, revision: true, recipientKey: true },
  })
  const granted = new Set(theirs.map((row) => `${row.recordId}.${row.revision}.${row.recipientKey}`))
  return mine
    .flatMap(({ recordId, revision }) => others.map((other) => ({ recordId, revision, key: other })))
    .filter((each) => !granted.has(`${each.recordId}.${each.revision}.${each.key}`))
    .slice(0, most)
}

/** A patient knows of every visit, but of one whose time is held until somebody else has said that they can come. */
const isTold: Prisma.AppointmentWhereInput = {
  OR: [{ status: { notIn: ['held', 'expired'] } }, { holdHash: { not: null } }],
}

/** Newest first: of what is to come the soonest two hundred, of what is over the last forty. */
export async function listLinks(tx: Tx, patientId: string, now: Date) {
  const since = new Date(now.getTime() - 24 * 60 * 60_000)
  const select = { id: true, linkSealed: true }
  const coming = await tx.appointment.findMany({
    where: { patientId, linkSealed: { not: null }, startsAt: { gte: since }, AND: isTold },
    orderBy: { startsAt: 'asc' },
    take: 200,
    select,
  })
  const over = await tx.appointment.findMany({
    where: { patientId, linkSealed: { not: null }, startsAt: { lt: since }, AND: isTold },
    orderBy: { startsAt: 'desc' },
    take: 40,
    select,
  })
  return [...coming.reverse(), ...over]
}

/** Called once: a device keeps the name that it first came with. */
export async function nameDevice(tx: Tx, ids: { patientId: string; keyId: string }, name: string): Promise<void> {
  await tx.patientKey.updateMany({ where: { id: ids.keyId, patientId: ids.patientId, name: '' }, data: { name } })
}

/** By the day, and no finer. */
export async function markUsed(tx: Tx, ids: { patientId: string; keyId: string }, now: Date): Promise<void> {
  const usedOn = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()))
  await tx.patientKey.updateMany({
    where: { id: ids.keyId, patientId: ids.patientId, OR: [{ usedOn: null }, { usedOn: { lt: usedOn } }] },
    data: { usedOn },
  })
}

/** From now on the key opens no session and is granted nothing; what it was granted is deleted. False when there is none. */
export async function revokeDevice(tx: Tx, ids: { patientId: string; keyId: string }, now: Date): Promise<boolean> {
  const key = await findDeviceKey(tx, ids)
  if (!key) return false
  await tx.patientKey.updateMany({ where: { id: key.id }, data: { state: 'revoked', revokedAt: now } })
  await tx.grant.deleteMany({
    where: { patientId: ids.patientId, recipientKind: 'patient', recipientKey: key.dhKey },
  })
  return true
}

export async function saveNonce(
  tx: Tx,
  nonce: { value: string; clinicId: string; purpose: string; expiresAt: Date },
): Promise<void> {
  await tx.nonce.create({ data: nonce })
}

/** True for the first who uses it in time, and for nobody after. */
export async function takeNonce(tx: Tx, value: string, purpose: string, now: Date): Promise<boolean> {
  const { count } = await tx.nonce.updateMany({
    where: { value, purpose, usedAt: null, expiresAt: { gt: now } },
    data: { usedAt: now },
  })
  return count === 1
}

/**
 * Appointments that a device came to as a confirmed one, to their doors or with a code of their own: each of them took that
 * appointment's own link.
 */
export async function listCameTo(tx: Tx, key: Pick<DeviceKey, 'patientId' | 'signKey'>): Promise<string[]> {
  const { patientId, signKey } = key
  const rows = await tx.callParticipant.findMany({
    where: { role: 'patient', signKey, confirmed: true, call: { appointment: { patientId } } },
    select: { call: { select: { appointmentId: true } } },
  })
  const codes = await tx.emailCode.findMany({ where: { signKey, answered: true }, select: { appointmentId: true } })
  const coded = await tx.appointment.findMany({
    where: { patientId, id: { in: codes.map((code) => code.appointmentId) } },
    select: { id: true },
  })
  return [...new Set([...rows.map(({ call }) => call.appointmentId), ...coded.map(({ id }) => id)])]
}

/** Operational facts of a patient's own appointments and prescriptions; of these appointments alone, where they are named. */
export async function listOwn(tx: Tx, patientId: string, only: readonly string[] | null) {
  const within = only ? { in: [...only] } : undefined
  const appointments = await tx.appointment.findMany({
    where: { patientId, id: within, AND: isTold },
    orderBy: { startsAt: 'desc' },
    select: {
      id: true,
      startsAt: true,
      endsAt: true,
      status: true,
      memberId: true,
      siteId: true,
      seriesId: true,
      service: { select: { name: true } },
      member: { select: { displayName: true } },
    },
  })
  const prescriptions = await tx.prescription.findMany({
    where: { patientId, appointmentId: within },
    orderBy: { issuedAt: 'desc' },
    select: { id: true, recordId: true, appointmentId: true, status: true, issuedAt: true, expiresAt: true },
  })
  const consents = await tx.consentEvent.findMany({
    where: { patientId, appointmentId: within },
    orderBy: { seq: 'asc' },
  })
  const payments = await tx.payment.findMany({
    where: { appointmentId: within, appointment: { patientId } },
    select: { appointmentId: true, status: true, amountMinor: true, refundedMinor: true, currency: true },
  })
  return { appointments, prescriptions, consents, payments }
}

/** Where a mail goes, and the patient's newest appointment, whose page tells the rest. Null where there is no address left. */
export async function findMailing(tx: Tx, { clinicId }: { clinicId: string }, patientId: string) {
  const patient = await tx.patient.findFirst({ where: { id: patientId, clinicId } })
  const newest = await tx.appointment.findFirst({
    where: { patientId, clinicId, AND: isTold },
    orderBy: { startsAt: 'desc' },
    select: { id: true },
  })
  if (!patient?.emailSealed || !newest) return null
  return { appointmentId: newest.id, locale: patient.locale, emailSealed: patient.emailSealed }
}
