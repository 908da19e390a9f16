import 'server-only'
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { PatientActor } from '../access/rules.ts'
import * as bookings from '../booking/store.ts'
import { findConsentText, findService } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { handIns } from '../patient/rules.ts'
import { findDeviceKey } from '../patient/store.ts'
import { insertRecords } from '../record/store.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { proofBytes, verifyProof } from '../server/proof.ts'
import { limit } from '../server/rate-limit.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import {
  consentFields,
  consentPurpose,
  consentWords,
  nextConsent,
  type ConsentInput,
  type SignConsentInput,
} from './rules.ts'

/** One more event of the patient's history: over the text as offered, in its place, signed by this device's key. */
export async function addConsent(
  tx: Tx,
  actor: PatientActor,
  {
    appointmentId,
    signKey,
    consent,
  }: { appointmentId: string; signKey: string; consent: z.output<typeof ConsentInput> },
): Promise<Result<{ seq: number }>> {
  const { clinicId, patientId } = actor
  const text = await findConsentText(tx, consent.consentTextId)
  if (!text) return refuse('BAD_INPUT', { 'consent.consentTextId': 'invalid' })
  const textHash = createHash('sha256').update(consentWords(text)).digest('base64url')
  // The text was changed while it was being read: it must be read again.
  if (textHash !== consent.textHash) return refuse('STALE')
  const last = await bookings.lastConsent(tx, patientId)
  if (consent.seq !== (last ? last.seq + 1 : 0) || consent.previous !== (last?.hash ?? '')) return refuse('STALE')
  const { seq, previous, recordId, consentTextId } = consent
  const fields = consentFields({
    clinicId,
    patientId,
    appointmentId,
    consentTextId,
    textHash,
    recordId,
    seq,
    previous,
    state: 'signed',
  })
  if (!(await verifyProof(signKey, consentPurpose, fields, consent.signature))) return refuse('BAD_PROOF')
  await bookings.insertConsent(tx, {
    clinicId,
    patientId,
    seq,
    previous,
    hash: createHash('sha256').update(proofBytes(consentPurpose, fields)).digest('base64url'),
    state: 'signed',
    appointmentId,
    consentTextId,
    textHash,
    recordId,
    signer: signKey,
    signature: consent.signature,
  })
  await audit(tx, actor, 'consent.signed', appointmentId)
  return ok({ seq })
}

/** Signed after the booking, on the appointment's page. */
export async function signConsent(
  actor: PatientActor,
  input: z.output<typeof SignConsentInput>,
): Promise<Result<{ done: true }>> {
  const counted = await limit('hand-in', actor.keyId, handIns)
  if (!counted.ok) return counted
  return inClinic(actor.clinicId, async (tx) => {
    const row = await bookings.lockAppointment(tx, input.appointmentId)
    if (!row || row.patientId !== actor.patientId) return refuse('NOT_FOUND')
    if (!['held', 'booked', 'arrived', 'in_consult'].includes(row.status)) return refuse('WRONG_STATE')
    const service = await findService(tx, row.serviceId)
    if (service?.consentTextId !== input.consent.consentTextId) return refuse('STALE')
    const { consent: signedBefore } = await bookings.listDone(tx, row.id)
    if (!nextConsent(signedBefore ? 'signed' : 'offered', 'sign')) return refuse('WRONG_STATE')
    if (input.records.some(({ meta }) => meta.type !== 'consent' && meta.type !== 'checklist'))
      return refuse('NOT_ALLOWED')
    const key = await findDeviceKey(tx, actor)
    if (!key) return refuse('NO_KEY')
    // Let in by a mailed code alone: whoever reads the mail would sign for the patient.
    if (key.state === 'confirmed') return refuse('NOT_CONFIRMED')
    const stored = await insertRecords(tx, actor, input.records, { patientId: actor.patientId, appointmentId: row.id })
    if (!stored.ok) return stored
    const signed = await addConsent(tx, actor, { appointmentId: row.id, signKey: key.signKey, consent: input.consent })
    if (!signed.ok) return signed
    await notify(tx, 'staff', actor.clinicId)
    await notify(tx, 'patient', actor.patientId)
    return ok({ done: true as const })
  })
}
