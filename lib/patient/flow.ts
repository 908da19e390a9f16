import 'server-only'
import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { PatientActor, PublicActor } from '../access/rules.ts'
import { listStatements } from '../access/store.ts'
import { hasVisit, lastConsent } from '../booking/store.ts'
import { listCare, useCare } from '../care/store.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { listOfPatient } from '../invoice/store.ts'
import { statusAt } from '../prescription/rules.ts'
import { listRecords } from '../record/store.ts'
import type { Ctx } from '../server/action.ts'
import { env } from '../server/env.ts'
import { verifyProof } from '../server/proof.ts'
import { limit } from '../server/rate-limit.ts'
import { auditReadings, touched } from '../server/audit-readings.ts'
import { audit } from '../server/audit.ts'
import { inClinic } from '../server/tx.ts'
import {
  cookieName,
  deviceName,
  nonceSeconds,
  sessionFields,
  sessionSeconds,
  type ChallengeInput,
  type PatientChart,
  type PatientExport,
  type SessionInput,
} from './rules.ts'
import { signSession } from './session.ts'
import * as store from './store.ts'

const purpose = 'patient-session'

/** A nonce for anybody who asks: whether the patient or the key exists is not told. */
export async function challenge(
  _: PublicActor,
  input: z.output<typeof ChallengeInput>,
  { now, ip }: Ctx,
): Promise<Result<{ nonce: string }>> {
  const counted = await limit('patient-challenge', ip, { points: 120, seconds: 60 })
  if (!counted.ok) return counted
  const value = randomBytes(16).toString('base64url')
  const expiresAt = new Date(now.getTime() + nonceSeconds * 1000)
  await inClinic(input.clinicId, async (tx) => {
    if (await store.findDeviceKey(tx, input))
      await store.saveNonce(tx, { value, clinicId: input.clinicId, purpose, expiresAt })
  })
  return ok({ nonce: value })
}

/** Possession of the device key, shown by a signature over origin, nonce and ids, becomes a session cookie. */
export async function openSession(
  _: PublicActor,
  input: z.output<typeof SessionInput>,
  { now, setCookie, userAgent }: Ctx,
): Promise<Result<{ expiresAt: string }>> {
  const proved = await inClinic(input.clinicId, async (tx) => {
    const key = await store.findDeviceKey(tx, input)
    // The nonce is used up whatever the signature is worth: a replayed proof finds none.
    if (!key || !(await store.takeNonce(tx, input.nonce, purpose, now))) return false
    if (!(await verifyProof(key.signKey, purpose, sessionFields(env().APP_ORIGIN, input), input.signature)))
      return false
    await store.markUsed(tx, input, now)
    if (key.care) await useCare(tx, input, key.care.id, now)
    if (!key.name) await store.nameDevice(tx, input, deviceName(userAgent))
    return true
  })
  if (!proved) return refuse('BAD_PROOF')
  setCookie(cookieName(input.patientId), await signSession(input, now), { maxAge: sessionSeconds, sameSite: 'Strict' })
  return ok({ expiresAt: new Date(now.getTime() + sessionSeconds * 1000).toISOString() })
}

/** Everything of theirs that this device can open, and the facts around it. */
export async function loadChart(actor: PatientActor, _: unknown, { now }: Ctx): Promise<Result<PatientChart>> {
  const chart = await chartOf(actor, false, now)
  await auditReadings(actor, 'patient.chart-opened', chart.records)
  return ok(chart)
}

async function chartOf(actor: PatientActor, history: boolean, now: Date): Promise<PatientExport> {
  const { clinicId, patientId } = actor
  return inClinic(clinicId, async (tx) => {
    const key = await store.findDeviceKey(tx, actor)
    // Whoever reads the patient's mail gets this far: what they are shown is what the links in it show.
    const byCode = key?.state === 'confirmed'
    const own = await store.listOwn(tx, patientId, byCode ? await store.listCameTo(tx, key) : null)
    const clinic = (await findClinic(tx, clinicId))!
    const last = await lastConsent(tx, patientId)
    return {
      clinicId,
      patientId,
      byCode,
      clinic: { name: clinic.name, address: clinic.address, phone: clinic.phone },
      statements: await listStatements(tx, clinicId),
      hasBeen: await hasVisit(tx, patientId, null),
      keys: byCode ? [] : await store.listKeys(tx, patientId),
      care: byCode ? [] : (await listCare(tx, actor, [patientId])).map(({ row }) => row),
      now: now.toISOString(),
      guardianAge: clinic.guardianAge,
      records: await listRecords(tx, actor, { history }),
      prescriptions: own.prescriptions.map((row) => ({
        ...row,
        status: statusAt(row, now),
        issuedAt: row.issuedAt.toISOString(),
        expiresAt: row.expiresAt.toISOString(),
      })),
      appointments: own.appointments.map(({ service, member, memberId, ...row }) => ({
        ...row,
        practitionerId: memberId,
        startsAt: row.startsAt.toISOString(),
        endsAt: row.endsAt.toISOString(),
        service: service.name,
        practitioner: member.displayName,
      })),
      documents: byCode ? [] : await listOfPatient(tx, patientId),
      consent: { seq: last ? last.seq + 1 : 0, previous: last?.hash ?? '' },
      payments: own.payments,
      consents: own.consents.map(
        ({ appointmentId, state, textHash, signer, signature, hash, previous, seq, createdAt }) => ({
          ...{ appointmentId, state, textHash, signer, signature, hash, previous, seq },
          signedAt: createdAt.toISOString(),
        }),
      ),
    }
  })
}

/** The same with every revision, the consent history and the payments: for the file that the patient keeps. */
export async function exportChart(actor: PatientActor, _: unknown, { now }: Ctx): Promise<Result<PatientExport>> {
  const chart = await chartOf(actor, true, now)
  await inClinic(actor.clinicId, (tx) =>
    audit(tx, actor, 'patient.exported', actor.patientId, { records: touched(chart.records) }),
  )
  return ok(chart)
}
