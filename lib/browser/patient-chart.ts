import { birthdayOf, COMING_OF_AGE, guardianAgeOf } from '../care/rules.ts'
import type { NoteContent } from '../encounter/rules.ts'
import type { PatientChart } from '../patient/rules.ts'
import type { PrescriptionContent } from '../prescription/rules.ts'
import type { IdentityContent, ReasonContent } from '../record/rules.ts'
import { loadChart, pinOf } from './booking-device.ts'
import { sayWhoBooked, termsOf } from './care.ts'
import { deskIdentity, identityOf } from './identity.ts'
import { handOnAll } from './own-keys.ts'
import type { Opened, PatientHandle } from './vault-api.ts'
import { isPast, type CareVault, type CareView, type HelperView } from './vault-care-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'
import { compareWitness } from './witness.ts'

export interface OwnChart {
  patient: PatientHandle
  linkSecret: string
  chart: PatientChart
  identity: IdentityContent | null
  /** What somebody at the clinic wrote down when they booked. */
  fromClinic: { identity: IdentityContent | null; reasons: ReasonContent[] }
  notes: (Opened<NoteContent> & { appointmentId: string | null })[]
  prescriptions: (Opened<PrescriptionContent> & { status: string; appointmentId: string | null })[]
  /** Who helps the patient, or did. */
  care: CareView[]
  /** Who signed in the patient's place, by record. */
  signers: Map<string, HelperView>
  /** Records that are there and did not open: altered, or not for this device. */
  broken: number
  rootFingerprint: string
}
export type OwnAnswer =
  | { ok: true; value: OwnChart }
  | { ok: false; why: 'no-keys' | 'forged' | 'offline' }
  /** This device helped the patient, and does no longer. */
  | { ok: false; why: 'helped'; patient: PatientHandle; care: CareView }

/** Everything of the patient's that this device opens, after the clinic's chain was checked. */
export async function loadOwn(appointmentId: string): Promise<OwnAnswer> {
  const own = await readOwn(appointmentId)
  return own.ok && (await saysWhoBooked(own.value, appointmentId)) ? readOwn(appointmentId) : own
}

/** The first browser of a patient whom somebody else booked for is that one's. */
async function saysWhoBooked({ patient, identity, care, chart }: OwnChart, appointmentId: string): Promise<boolean> {
  const terms =
    identity && !care.some(({ mine }) => mine) ? termsOf(identity, guardianAgeOf(chart.guardianAge), new Date()) : null
  const isFirst = chart.keys.some(({ keyId, state }) => keyId === patient.keyId && state === 'booking')
  const at = chart.appointments.find(({ id }) => id === appointmentId)
  return (
    terms !== null &&
    isFirst &&
    at !== undefined &&
    sayWhoBooked(patient, terms, { practitioner: at.practitionerId, site: at.siteId })
  )
}

/**
 * Of a minor whom the clinic recognised on this device, and who did not say whose it is: the patient's own, or a helper's. A member
 * compared a code with whoever stood there, who may have been the mother.
 */
export function mayBeHelpers({ patient, identity, care, chart }: OwnChart, now: Date): boolean {
  const isRecognised = chart.keys.some(({ keyId, state }) => keyId === patient.keyId && state === 'vouched')
  const isMinor = identity !== null && birthdayOf(identity.birthDate, COMING_OF_AGE) > now.toISOString().slice(0, 10)
  return isRecognised && isMinor && !care.some(({ mine }) => mine)
}

type Said = Pick<Parameters<CareVault['loadCare']>[0], 'records' | 'rows' | 'now'>

async function asHelper({ clinicId, patientId }: PatientHandle, said: Said): Promise<CareView | null> {
  const care = await vault().loadCare({ clinicId, patientId, asPatient: patientId, ...said })
  return care.find(({ mine }) => mine) ?? null
}

async function readOwn(appointmentId: string): Promise<OwnAnswer> {
  const bound = await vault().appointment(appointmentId)
  if (!bound) return { ok: false, why: 'no-keys' }
  const { patient, linkSecret } = bound
  const answer = await loadChart(patient)
  if (!answer.ok) {
    if (answer.code !== 'BAD_PROOF' && answer.code !== 'SIGN_IN_FIRST') return { ok: false, why: 'offline' }
    // Shut out by the server: as what this device helped, it knows by itself.
    const helped = await asHelper(patient, { records: [], rows: [], now: new Date().toISOString() })
    return helped ? { ok: false, why: 'helped', patient, care: helped } : { ok: false, why: 'no-keys' }
  }
  const chart = answer.value
  // Whose page this is, the device knows. It may hold several patients: another's answer is refused, not opened as another's.
  const { clinicId, patientId } = patient
  if (chart.clinicId !== clinicId || chart.patientId !== patientId) return { ok: false, why: 'forged' }
  const { statements, records } = chart
  let rootFingerprint: string
  try {
    rootFingerprint = (await vault().loadChain({ clinicId, statements }, pinOf(clinicId))).rootFingerprint
    await compareWitness(clinicId)
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, why: 'forged' }
    throw error
  }
  // Who helps first: what they handed in is read as theirs.
  const care = await vault().loadCare({
    ...{ clinicId, patientId, asPatient: patientId, rows: chart.care, now: chart.now },
    records: records.filter(({ meta }) => meta.type === 'care'),
  })
  // The defence that needs no server: from the day that was signed, this device shows nothing, whatever it is answered.
  const mine = care.find((each) => each.mine)
  if (mine && isPast(mine)) return { ok: false, why: 'helped', patient, care: mine }
  const opened = await vault().open(records, { asPatient: patientId, patientId })
  // Their other devices get what came for this one alone. Nothing on this page waits for it.
  if (chart.keys.filter(({ state }) => state !== 'revoked').length > 1) void handOnAll(patient)
  const good = opened.flatMap((each) => (each.ok ? [each.value] : []))
  const of = <T>(type: string) => good.filter((each) => each.type === type) as Opened<T>[]
  const placed = new Map(records.map((record) => [record.meta.recordId, record.appointmentId]))
  const statusOf = (recordId: string) =>
    chart.prescriptions.find((each) => each.recordId === recordId)?.status ?? 'issued'
  return {
    ok: true,
    value: {
      patient,
      linkSecret,
      chart,
      identity: (identityOf(good)?.content as IdentityContent | undefined) ?? null,
      fromClinic: {
        identity: (deskIdentity(good)?.content as IdentityContent | undefined) ?? null,
        reasons: of<ReasonContent>('reason').flatMap(({ author, content }) =>
          author.kind === 'member' ? content : [],
        ),
      },
      notes: of<NoteContent>('note').map((note) => ({ ...note, appointmentId: placed.get(note.recordId) ?? null })),
      prescriptions: of<PrescriptionContent>('prescription').map((rx) => ({
        ...rx,
        status: statusOf(rx.recordId),
        appointmentId: placed.get(rx.recordId) ?? null,
      })),
      care,
      signers: new Map(good.flatMap(({ recordId, author }) => (author.helper ? [[recordId, author.helper]] : []))),
      broken: opened.length - good.length,
      rootFingerprint,
    },
  }
}
