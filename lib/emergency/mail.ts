import 'server-only'
import { findClinic } from '../clinic/store.ts'
import { translator } from '../messages/translator.ts'
import { env } from '../server/env.ts'
import type { JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { sendMail } from '../server/mail.ts'
import { inClinic } from '../server/tx.ts'
import * as store from './store.ts'

/** That it happened, and where to read the rest. No reason, no name: the mail is the operator's to read. */
const mailEmergency: JobHandler = async (data) => {
  const { clinicId, requestId } = { clinicId: String(data.clinicId), requestId: String(data.requestId) }
  const found = await inClinic(clinicId, async (tx) => {
    const mailing = await store.findMailing(tx, { clinicId }, requestId)
    return mailing && { ...mailing, clinic: (await findClinic(tx, clinicId))! }
  })
  if (!found) return
  const { patientId, appointmentId, clinic } = found
  const t = translator(found.locale === 'fr' ? 'fr' : 'en', 'emergency')
  await sendMail({
    to: await openField(found.emailSealed, `patient.email|${clinicId}|${patientId}`),
    subject: t('mail.subject', { clinic: clinic.name }),
    text: [
      t('mail.hello'),
      t('mail.opened', { clinic: clinic.name }),
      `${t('mail.where')}\n${env().APP_ORIGIN}/a/${appointmentId}/access`,
      clinic.phone ? `${t('mail.ask')}\n${clinic.name}\n${clinic.phone}` : clinic.name,
    ].join('\n\n'),
    messageId: `emergency-${requestId}`,
  })
}

export const emergencyJobs = { handlers: { 'mail.emergency': mailEmergency } }
