import 'server-only'
import { translator } from '../messages/translator.ts'
import { mailPatient } from '../patient/mail.ts'
import type { JobHandler } from '../server/jobs.ts'

const mailEmergency: JobHandler = ({ clinicId, patientId, requestId }) =>
  mailPatient(
    { clinicId: String(clinicId), patientId: String(patientId) },
    `emergency-${String(requestId)}`,
    (locale, clinic) => {
      const t = translator(locale, 'emergency')
      return {
        ...{ subject: t('mail.subject', { clinic }), hello: t('mail.hello'), what: t('mail.opened', { clinic }) },
        ...{ where: t('mail.where'), ask: t('mail.ask') },
      }
    },
  )

export const emergencyJobs = { handlers: { 'mail.emergency': mailEmergency } }
