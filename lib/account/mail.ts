import 'server-only'
import { emailContext } from '../access/flow.ts'
import { findClinic } from '../clinic/store.ts'
import { translator } from '../messages/translator.ts'
import { env } from '../server/env.ts'
import type { JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { sendMail } from '../server/mail.ts'
import { inClinic } from '../server/tx.ts'
import * as store from './store.ts'

/** Whoever holds a kit is in: its owner hears of each use, wherever they are. */
const mailKitUsed: JobHandler = async (data, jobId) => {
  const [clinicId, memberId] = [String(data.clinicId), String(data.memberId)]
  const { clinic, emailSealed } = await inClinic(clinicId, async (tx) => ({
    clinic: await findClinic(tx, clinicId),
    emailSealed: await store.findEmail(tx, { clinicId, memberId }),
  }))
  if (!clinic || !emailSealed) return
  const t = translator(clinic.locale === 'fr' ? 'fr' : 'en', 'account')
  await sendMail({
    to: await openField(emailSealed, emailContext(clinicId, memberId)),
    subject: t('kit.mailSubject', { clinic: clinic.name }),
    text: [t('kit.mailLead'), t('kit.mailNotYou'), `${env().APP_ORIGIN}/account`, clinic.name].join('\n\n'),
    messageId: `kit-used-${jobId}`,
  })
}

export const accountJobs = { handlers: { 'mail.kit-used': mailKitUsed } }
