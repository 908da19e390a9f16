// Patients with keys of their own, who book, answer and sign as the booking page lets them.
import { bookingFields, bookingPurpose } from '../lib/booking/rules.ts'
import { consentFields, consentPurpose, consentWords } from '../lib/consent/rules.ts'
import type { RecordType, Sealed } from '../lib/crypto/types.ts'
import { addDays, dayIn } from '../lib/time.ts'
import { Browser } from './seed-client.ts'
import { clinic, consentText, services } from './seed-data.ts'
import { people, type Visit } from './seed-visits.ts'
import { base, now, type Opened, secret, type Shop, sql, whenOf } from './seed-world.ts'

const taken = new Set<string>()

/** One of the next free slots that this seed has not yet used. */
async function freeSlot(browser: Browser, clinicId: string, serviceId: string, memberId: string): Promise<string> {
  for (let from = addDays(dayIn(clinic.timeZone, now), 1), turns = 0; turns < 6; turns++, from = addDays(from, 7)) {
    const { slots } = await browser.call('booking/slots', { clinicId, serviceId, memberId, from, days: 7 })
    // Not the very next ones: a demo is nicer when the booking page still offers tomorrow morning.
    const free = slots.filter((slot, index) => index % 3 === 1 && !taken.has(slot.startsAt + memberId))
    if (!free[0]) continue
    taken.add(free[0].startsAt + memberId)
    return free[0].startsAt
  }
  throw new Error('no free slot')
}

export interface Patient {
  browser: Browser
  patientId: string
  keyId: string
  keys: { sign: string; dh: string }
  /** Hash and number of the consents signed so far. */
  consents: number
  lastConsent: string
}
const patients = new Map<string, Patient>()

async function patientOf(opened: Opened, who: string): Promise<Patient> {
  const known = patients.get(who)
  if (known) return known
  const browser = new Browser(base)
  await browser.loadChain(opened.clinicId, opened.rootFingerprint)
  const handle = await browser.vault.createPatient({
    clinicId: opened.clinicId,
    patientId: crypto.randomUUID(),
    home: 'memory',
  })
  const { patientId, keyId, keys } = handle
  const patient = { browser, patientId, keyId, keys, consents: 0, lastConsent: '' }
  patients.set(who, patient)
  return patient
}

export async function book(
  opened: Opened,
  shop: Shop,
  visit: Visit,
): Promise<{ id: string; linkSecret: string; patient: Patient }> {
  const { clinicId } = opened
  const person = people[visit.who]!
  const isNew = !patients.has(visit.who)
  const patient = await patientOf(opened, visit.who)
  const { browser, patientId, keyId, keys } = patient
  const { vault } = browser
  const service = services.find((each) => each.key === visit.service)!
  const serviceId = shop.ids.get(visit.service)!
  const { memberId } = opened.practitioners[visit.by]!
  const [id, hold, linkSecret] = [crypto.randomUUID(), secret(), secret()]
  const startsAt = await freeSlot(browser, clinicId, serviceId, memberId)
  await browser.call('booking/hold', { id, secret: hold, clinicId, serviceId, memberId, startsAt })

  const seal = (
    type: RecordType,
    content: unknown,
    groups: ('desk' | 'clinical')[],
    recordId: string = crypto.randomUUID(),
  ) =>
    vault.seal({
      clinicId,
      patientId,
      recordId,
      revision: 1,
      type,
      schema: 1,
      content,
      managing: groups[0]!,
      groups,
      patients: [{ patientId, key: keys.dh }],
      asPatient: patientId,
    })
  const at = whenOf(visit) ?? new Date(startsAt)
  const signedAt = new Date(Math.min(now.getTime(), at.getTime()) - 26 * 3_600_000).toISOString()
  const { questions } = service.intakeForm
  const formDone = questions.length === 0 || Object.keys(visit.answers).length > 0
  const consent = service.consent ? await signConsent(opened, shop, patient, id) : null
  const records: Sealed[] = [
    ...(isNew
      ? [
          await seal(
            'identity',
            { name: person.name, birthDate: person.birthDate, email: person.email, phone: person.phone || undefined },
            ['desk', 'clinical'],
          ),
        ]
      : []),
    await seal('checklist', { appointmentId: id, formDone, consentSigned: service.consent }, ['desk', 'clinical']),
    await seal('reason', { appointmentId: id, reason: visit.reason }, ['clinical']),
  ]
  if (questions.length) {
    const content = {
      appointmentId: id,
      serviceId,
      intakeVersion: 1,
      form: service.intakeForm,
      answers: visit.answers,
      answeredAt: signedAt,
    }
    records.push(await seal('intake', content, ['clinical']))
  }
  if (consent) {
    const { textHash, consentTextId, recordId } = consent
    const content = {
      appointmentId: id,
      consentTextId,
      version: 1,
      title: consentText.title,
      body: consentText.body,
      textHash,
      signedName: person.name,
      signedAt,
    }
    records.push(await seal('consent', content, ['clinical'], recordId))
  }
  const proof = await vault.signPatient({
    patientId,
    purpose: bookingPurpose,
    fields: bookingFields({ clinicId, appointmentId: id, patientId, keyId, sign: keys.sign, dh: keys.dh }),
  })
  await browser.call('booking/book', {
    id,
    secret: hold,
    key: crypto.randomUUID(),
    linkSecret,
    patient: { patientId, keyId, sign: keys.sign, dh: keys.dh, proof },
    email: person.email,
    phone: person.phone,
    locale: person.locale,
    timeZone: clinic.timeZone,
    records: records as never,
    consent,
  })
  if (visit.paid) {
    const paid = `UPDATE payment SET status = 'paid', payment_intent = 'pi_demo_' || left(id::text, 8), updated_at = now() WHERE appointment_id = $1`
    await sql(clinicId, paid, [id])
    await sql(clinicId, `UPDATE appointment SET status = 'booked', held_until = null WHERE id = $1`, [id])
  }
  return { id, linkSecret, patient }
}

async function signConsent(opened: Opened, shop: Shop, patient: Patient, appointmentId: string) {
  const { vault } = patient.browser
  const { patientId } = patient
  const textHash = await vault.hashText(consentWords(consentText))
  const at = {
    consentTextId: shop.consentId,
    textHash,
    recordId: crypto.randomUUID(),
    seq: patient.consents,
    previous: patient.lastConsent,
  }
  const fields = consentFields({ clinicId: opened.clinicId, patientId, appointmentId, ...at, state: 'signed' })
  const signature = await vault.signPatient({ patientId, purpose: consentPurpose, fields })
  patient.consents += 1
  patient.lastConsent = await hashEvent(fields)
  return { ...at, signature }
}

/** As the server hashes an event: the signed bytes. */
async function hashEvent(fields: (string | number)[]): Promise<string> {
  const { encode, rfc8949EncodeOptions } = await import('cborg')
  const bytes = Buffer.concat([Buffer.from(`curtain/v1/${consentPurpose}`), encode(fields, rfc8949EncodeOptions)])
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('base64url')
}
