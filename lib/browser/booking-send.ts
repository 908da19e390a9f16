import { bookingFields, bookingPurpose, type Booked, type BookingOffer } from '../booking/rules.ts'
import { consentFields, consentPurpose, consentWords, type ConsentContent } from '../consent/rules.ts'
import { askedAnswers, type Answers, type IntakeContent } from '../intake/rules.ts'
import type { ChecklistContent, IdentityContent, ReasonContent } from '../record/rules.ts'
import { call, type Answer } from './api.ts'
import { audienceOf, isScoped } from '../crypto/policy.ts'
import { loadChart, readClinicChain, type KnownPatient } from './booking-device.ts'
import { visitBrought } from './earlier-visit.ts'
import type { HeldTicket } from './booking-hold.ts'
import type { KeyHome, SealInput } from './vault-api.ts'
import { sendSealed } from './send-sealed.ts'
import { vault } from './vault.ts'

export interface BookingAnswers {
  /** A patient of this device, or null for a new one. */
  known: KnownPatient | null
  identity: IdentityContent
  reason: string
  answers: Answers | null
  signedName: string
  voucher: string
  home: KeyHome
}

type Draft = SealInput & { asPatient: string }

/**
 * Everything that is sealed here is sealed for the patient's key and for those at the clinic who may see this practitioner's
 * patients, before a byte of it leaves.
 */
export const sealFor = (place: {
  clinicId: string
  patientId: string
  key: string
  practitioner: string
  site: string | null
}) =>
  function draft(type: SealInput['type'], content: unknown, recordId: string = crypto.randomUUID()): Draft {
    return {
      clinicId: place.clinicId,
      patientId: place.patientId,
      recordId,
      revision: 1,
      type,
      schema: 1,
      content,
      ...{ practitioner: place.practitioner, site: place.site },
      patients: [{ patientId: place.patientId, key: place.key }],
      asPatient: place.patientId,
    }
  }

/** A consent as it is signed: over the hash of the very text that was shown, in its place of the patient's history. */
export async function signConsent(facts: {
  clinicId: string
  patientId: string
  appointmentId: string
  text: NonNullable<BookingOffer['consentText']>
  recordId: string
  at: { seq: number; previous: string }
}) {
  const { clinicId, patientId, appointmentId, text, recordId, at } = facts
  const textHash = await vault().hashText(consentWords(text))
  const fields = consentFields({
    clinicId,
    patientId,
    appointmentId,
    consentTextId: text.id,
    textHash,
    recordId,
    ...at,
    state: 'signed',
  })
  const signature = await vault().signPatient({ patientId, purpose: consentPurpose, fields })
  return { consentTextId: text.id, textHash, recordId, ...at, signature }
}

/** A patient's history of consents that has grown elsewhere since the form began is read again, and signed after. */
export async function sendBooking(
  offer: BookingOffer,
  ticket: HeldTicket,
  given: BookingAnswers,
): Promise<Answer<Booked>> {
  const sent = await sendOnce(offer, ticket, given)
  const { known } = given
  if (sent.ok || sent.code !== 'STALE' || !known) return sent
  const chart = await loadChart(known.handle)
  if (!chart.ok || chart.value.consent.seq === known.consent.seq) return sent
  return sendOnce(offer, ticket, { ...given, known: { ...known, consent: chart.value.consent } })
}

/**
 * Whether a part of the clinic takes care of this visit, a site or a practitioner who sees their own patients only: the name that
 * a known patient gave before was sealed for others then, and goes to this one with the booking. When in doubt, it is sealed again.
 */
async function isForPart(clinicId: string, practitioner: string, site: string | null): Promise<boolean> {
  const chain = await readClinicChain(clinicId)
  return !chain || audienceOf(chain.members, practitioner, 'identity', site).groups.some(isScoped)
}

/** Who signs in the patient's place: as it was agreed on, or, at the first booking, as they say it. */
function onBehalf(
  { bookedBy, relation }: Pick<IdentityContent, 'bookedBy' | 'relation'>,
  helper?: { name: string; relation: string } | null,
): Pick<ConsentContent, 'onBehalf'> {
  if (helper) return { onBehalf: { name: helper.name, relation: helper.relation } }
  return bookedBy && relation ? { onBehalf: { name: bookedBy, relation } } : {}
}

async function sendOnce(offer: BookingOffer, ticket: HeldTicket, given: BookingAnswers): Promise<Answer<Booked>> {
  const { clinicId } = offer
  const appointmentId = ticket.id
  const handle =
    given.known?.handle ?? (await vault().createPatient({ clinicId, patientId: ticket.patientId, home: given.home }))
  const { patientId, keyId, keys } = handle
  const practitioner = ticket.memberId
  const site = ticket.slot.siteId
  const draft = sealFor({ clinicId, patientId, key: keys.dh, practitioner, site })
  const now = new Date().toISOString()
  const text = offer.consentText
  const consentRecordId = crypto.randomUUID()
  const consent = text
    ? await signConsent({
        clinicId,
        patientId,
        appointmentId,
        text,
        recordId: consentRecordId,
        at: given.known?.consent ?? { seq: 0, previous: '' },
      })
    : null
  const drafts: Draft[] = [
    draft('checklist', {
      appointmentId,
      formDone: given.answers !== null,
      consentSigned: consent !== null,
    } satisfies ChecklistContent),
    draft('reason', { appointmentId, reason: given.reason } satisfies ReasonContent),
  ]
  if (!given.known?.identity || (await isForPart(clinicId, practitioner, site)))
    drafts.unshift(draft('identity', given.identity))
  if (given.answers)
    drafts.push(
      draft('intake', {
        appointmentId,
        serviceId: offer.service.id,
        intakeVersion: offer.service.intakeVersion,
        form: offer.service.intakeForm,
        answers: askedAnswers(offer.service.intakeForm, given.answers),
        answeredAt: now,
      } satisfies IntakeContent),
    )
  if (text && consent)
    drafts.push(
      draft(
        'consent',
        {
          appointmentId,
          consentTextId: text.id,
          version: text.version,
          title: text.title,
          body: text.body,
          textHash: consent.textHash,
          signedName: given.signedName,
          ...onBehalf(given.identity, given.known?.helper),
          signedAt: now,
        } satisfies ConsentContent,
        consentRecordId,
      ),
    )
  const fields = bookingFields({ clinicId, appointmentId, patientId, keyId, sign: keys.sign, dh: keys.dh })
  const proof = await vault().signPatient({ patientId, purpose: bookingPurpose, fields })
  await vault().bindAppointment({ appointmentId, patientId, linkSecret: ticket.linkSecret })
  return sendSealed(
    clinicId,
    () => vault().sealMany(drafts),
    (records) =>
      call(
        'booking/book',
        {
          id: appointmentId,
          secret: ticket.secret,
          key: ticket.key,
          linkSecret: ticket.linkSecret,
          patient: { patientId, keyId, sign: keys.sign, dh: keys.dh, proof },
          email: given.identity.email,
          phone: given.identity.phone ?? '',
          locale: offer.locale,
          timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || offer.zone,
          records: records.map(({ meta, header, commit, ciphertext, signature, grants }) => ({
            ...{ meta, header, commit, ciphertext, signature },
            grants: grants as never,
          })),
          consent,
          recallId: offer.recallId,
          voucher: given.voucher || null,
          earlier: offer.onlyKnown && visitBrought(clinicId),
        },
        { retry: true },
      ),
  )
}
