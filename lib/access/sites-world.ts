// A clinic with two sites, each with its own, and one who sees the whole, through the flows, with real keys. A test's file has one of its own.
import { randomBytes, randomUUID } from 'node:crypto'
import { createVault } from '../browser/vault-core'
import type { Vault } from '../browser/vault-api'
import { memoryStorage } from '../browser/vault-storage'
import { insertRecords } from '../record/store'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import * as sites from '../site/flow'
import * as flow from './flow'
import * as members from './flow-members'
import { groupsAfter, type Role, type StaffActor } from './rules'
import { answer, at, must, openTestClinic, signIn, type TestClinic, vouchFor } from './testing'

export const { admin } = testDb()
export interface Colleague {
  vault: Vault
  actor: StaffActor
  memberId: string
}
export let clinic: TestClinic
export let deskA: Colleague
export let deskB: Colleague
export let doctorA: Colleague
export let doctorB: Colleague
export let whole: Colleague
export const serviceId = randomUUID()
export const [siteA, siteB] = [randomUUID(), randomUUID()]

export const chainNow = async () => must(await flow.loadChain(null, { clinicId: clinic.clinicId }))
export async function refresh({ vault, actor }: Pick<Colleague, 'vault' | 'actor'>) {
  const { clinicId, statements, epochGrants } = must(await flow.loadMe(actor))
  return vault.refresh({ chain: { clinicId, statements }, epochGrants })
}
export async function join(roles: Role[], siteIds: string[] = []): Promise<Colleague> {
  await refresh(clinic.owner)
  const { invitation, vault, memberId, email } = await answer(clinic, roles, false, siteIds)
  const signed = await vouchFor(clinic, invitation.id, invitation)
  must(await flow.vouch(clinic.owner.actor, { id: invitation.id, ...signed }, at()))
  return { vault, memberId, actor: await signIn(vault, email) }
}

let hour = 0
interface Patient {
  vault: Vault
  patientId: string
  dh: string
}
async function newPatient(): Promise<Patient> {
  const { clinicId } = clinic
  const vault = createVault(memoryStorage())
  await vault.loadChain(await chainNow(), clinic.rootFingerprint)
  const { patientId, keys } = await vault.createPatient({ clinicId, patientId: randomUUID(), home: 'memory' })
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  return { vault, patientId, dh: keys.dh }
}
/** A patient who books there: sealed by the patient's browser, which knows the chain and what the page says of the place. */
export async function book(practitioner: string, site: string | null, patient?: Patient) {
  const { clinicId } = clinic
  const { vault, patientId, dh } = patient ?? (await newPatient())
  await vault.loadChain(await chainNow(), clinic.rootFingerprint)
  const appointmentId = randomUUID()
  const startsAt = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000 + 86_400_000 + 600_000 * hour++)
  await admin(
    `INSERT INTO appointment (id, clinic_id, patient_id, service_id, member_id, site_id, status, starts_at, ends_at,
       blocked_from, blocked_until, held_since, held_until, hold_hash, price_minor, currency, payment_mode, locale, time_zone)
     VALUES ($1, $2, $3, $4, $5, $9, 'booked', $6, $7, $6, $7, $6, $6, $8, 0, 'eur', 'free', 'en', 'UTC')`,
    [
      ...[appointmentId, clinicId, patientId, serviceId, practitioner, startsAt, new Date(+startsAt + 600_000)],
      ...[randomBytes(32), site],
    ],
  )
  const records = await vault.sealMany(
    (['identity', 'checklist', 'reason'] as const).map((type) => ({
      ...{ clinicId, patientId, recordId: randomUUID(), revision: 1, schema: 1, type, practitioner, site },
      ...{ content: { name: 'Pat', appointmentId }, patients: [{ patientId, key: dh }], asPatient: patientId },
    })),
  )
  must(
    await inClinic(clinicId, (tx) =>
      insertRecords(tx, { kind: 'system', clinicId }, records, { patientId, appointmentId }),
    ),
  )
  return { vault, patientId, dh, appointmentId, day: startsAt.toISOString().slice(0, 10), records }
}

export const shut = ['NOT_FOR_YOU', 'NOT_FOR_YOU', 'NOT_FOR_YOU']
export const all = ['opened', 'opened', 'opened']

export async function move(memberId: string, roles: Role[], siteIds: string[]) {
  const { owner, clinicId } = clinic
  const { members: signed } = await refresh(owner)
  const groups = groupsAfter(
    signed.find((each) => each.memberId === memberId)!,
    { roles, ownPatients: false, siteIds },
  )
  const given = await owner.vault.changeMember({ clinicId, chain: await chainNow(), memberId, roles, groups })
  return members.changeMember(owner.actor, { memberId, roles, ownPatients: false, siteIds, ...given })
}

export async function openSites() {
  clinic = await openTestClinic()
  const { owner, clinicId } = clinic
  await admin(
    `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
     VALUES ($1, $2, 'Consultation', 10, 0, 'eur', 'free', '[]')`,
    [serviceId, clinicId],
  )
  await admin(
    'INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute) VALUES ($1, $2, 1, 0, 60)',
    [clinicId, owner.actor.memberId],
  )
  const more = { id: siteB, name: 'North', address: '5 High Street', here: { id: siteA, name: 'South' } }
  must(await sites.add(owner.actor, more))
  deskA = await join(['frontdesk'], [siteA])
  deskB = await join(['frontdesk'], [siteB])
  doctorA = await join(['practitioner'], [siteA])
  doctorB = await join(['practitioner'], [siteB])
  whole = await join(['practitioner'])
  await Promise.all([clinic.owner, deskA, deskB, doctorA, doctorB].map(refresh))
}

export async function leave(memberId: string) {
  await refresh(clinic.owner)
  return clinic.owner.vault.removeMember({ clinicId: clinic.clinicId, chain: await chainNow(), memberId })
}

export const removed = async (memberId: string) =>
  members.removeMember(clinic.owner.actor, { memberId, ...(await leave(memberId)) }, at())
