import type { AppointmentView } from '../booking/rules.ts'
import type { ConsentContent } from '../consent/rules.ts'
import { askedAnswers, type Answers, type IntakeContent, type IntakeForm } from '../intake/rules.ts'
import type { ChecklistContent } from '../record/rules.ts'
import { call, type Answer } from './api.ts'
import { sealFor, signConsent } from './booking-send.ts'
import type { OwnChart } from './patient-chart.ts'
import { openPatientSession } from './patient-session.ts'
import { sendSealed } from './send-sealed.ts'
import { vault } from './vault.ts'

type Done = Answer<{ done: true }>

/** The desk's checklist is a new record each time: the newest of an appointment counts. */
function checklist(view: AppointmentView, now: { intake?: boolean; consent?: boolean }): ChecklistContent {
  return {
    appointmentId: view.id,
    formDone: now.intake ?? view.done.intake,
    consentSigned: now.consent ?? view.done.consent,
  }
}

/** With whom and where: what is written for it is sealed for those who take care of it. */
const visitOf = ({ practitioner, site }: AppointmentView) => ({ practitioner: practitioner.id, site: site?.id ?? null })

export async function sendIntake(
  view: AppointmentView,
  own: OwnChart,
  form: IntakeForm,
  answers: Answers,
): Promise<Done> {
  const { clinicId, patientId, keys } = own.patient
  const session = await openPatientSession(own.patient)
  if (!session.ok) return session
  const draft = sealFor({ ...{ clinicId, patientId, key: keys.dh }, ...visitOf(view) })
  const content: IntakeContent = {
    appointmentId: view.id,
    serviceId: view.service.id,
    intakeVersion: view.service.intakeVersion,
    form,
    answers: askedAnswers(form, answers),
    answeredAt: new Date().toISOString(),
  }
  const drafts = [draft('intake', content), draft('checklist', checklist(view, { intake: true }))]
  return sendSealed(
    clinicId,
    () => vault().sealMany(drafts),
    (records) =>
      call(
        'intake/submit',
        { appointmentId: view.id, records: records as never },
        { as: 'patient', patientId, retry: true },
      ),
  )
}

export async function sendConsent(view: AppointmentView, own: OwnChart, signedName: string): Promise<Done> {
  const { clinicId, patientId, keys } = own.patient
  const session = await openPatientSession(own.patient)
  if (!session.ok) return session
  const text = view.consentText!
  const recordId = crypto.randomUUID()
  const consent = await signConsent({
    clinicId,
    patientId,
    appointmentId: view.id,
    text,
    recordId,
    at: own.chart.consent,
  })
  const draft = sealFor({ ...{ clinicId, patientId, key: keys.dh }, ...visitOf(view) })
  const content: ConsentContent = {
    appointmentId: view.id,
    consentTextId: text.id,
    version: text.version,
    title: text.title,
    body: text.body,
    textHash: consent.textHash,
    signedName: signedName.trim(),
    signedAt: new Date().toISOString(),
  }
  const drafts = [draft('consent', content, recordId), draft('checklist', checklist(view, { consent: true }))]
  return sendSealed(
    clinicId,
    () => vault().sealMany(drafts),
    (records) =>
      call(
        'consent/sign',
        { appointmentId: view.id, consent, records: records as never },
        { as: 'patient', patientId, retry: true },
      ),
  )
}
