import 'server-only'
import type { PatientActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { findDeviceKey } from '../patient/store.ts'
import { isAgreeable } from '../server/agreeable.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { openField, patientEmailIndex, sealField } from '../server/kms.ts'
import type { Tx } from '../server/tx.ts'
import type { z } from 'zod'
import type { BookInput } from './rules.ts'
import * as store from './store.ts'

type Given = Pick<z.output<typeof BookInput>, 'patient' | 'email' | 'phone' | 'locale' | 'timeZone'>

interface Admitted {
  isNew: boolean
  /** Where somebody books who helps. */
  care?: PatientActor['care']
}

/** A new patient with this device's key, or one whose key this is. Anybody else's patient id is refused. */
export async function admitPatient(tx: Tx, actor: PatientActor, input: Given): Promise<Result<Admitted>> {
  const { clinicId, patientId, keyId } = actor
  const contact: store.Contact = {
    emailIndex: await patientEmailIndex(clinicId, input.email),
    emailSealed: await sealField(input.email, `patient.email|${clinicId}|${patientId}`),
    phoneSealed: input.phone ? await sealField(input.phone, `patient.phone|${clinicId}|${patientId}`) : null,
    locale: input.locale,
    timeZone: input.timeZone,
  }
  const keys = await store.findPatientKeys(tx, patientId)
  if (!keys) {
    if (!isAgreeable(input.patient.dh)) return refuse('BAD_INPUT', { patient: 'invalid' })
    await store.insertPatient(
      tx,
      { ...contact, id: patientId, clinicId },
      { id: keyId, signKey: input.patient.sign, dhKey: input.patient.dh },
    )
    return ok({ isNew: true })
  }
  const mine = keys.find((key) => key.id === keyId)
  if (mine?.signKey !== input.patient.sign || mine.dhKey !== input.patient.dh) return refuse('NO_KEY')
  const key = await findDeviceKey(tx, actor)
  if (!key) return refuse('NO_KEY')
  // A code by e-mail shows that somebody reads the mail. It books and joins; where mail goes from now on is the patient's word.
  if (key.state !== 'confirmed') await changeContact(tx, actor, contact, input.phone)
  return ok({ isNew: false, ...(key.care && { care: key.care }) })
}

async function changeContact(tx: Tx, actor: PatientActor, contact: store.Contact, phone: string): Promise<void> {
  const { clinicId, patientId } = actor
  const before = (await store.findPatient(tx, patientId))!
  const phoneBefore =
    before.phoneSealed && (await openField(before.phoneSealed, `patient.phone|${clinicId}|${patientId}`))
  await store.updateContact(tx, patientId, contact)
  const isSame =
    before.emailIndex && Buffer.from(before.emailIndex).equals(contact.emailIndex) && (phoneBefore ?? '') === phone
  if (isSame) return
  await audit(tx, actor, 'patient.contact-changed', patientId)
  if (!before.emailSealed) return
  // To the address that is no longer kept: sealed, for jobs lie in the database in the clear.
  const to = Buffer.from(before.emailSealed).toString('base64url')
  await enqueue(tx, 'mail.contact', { clinicId, patientId, to, locale: before.locale })
}
