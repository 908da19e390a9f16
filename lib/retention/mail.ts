import 'server-only'
import { emailContext } from '../access/flow.ts'
import { findClinic } from '../clinic/store.ts'
import { translator } from '../messages/translator.ts'
import { listMailed } from '../rekey/store.ts'
import { env } from '../server/env.ts'
import type { JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { sendMail } from '../server/mail.ts'
import { inClinic } from '../server/tx.ts'

/** To every officer: that a shorter time was set, and that there are days left to set it back. */
export const mailShorter: JobHandler = async (data, jobId) => {
  const [clinicId, memberId] = [String(data.clinicId), String(data.memberId)]
  const { clinic, all } = await inClinic(clinicId, async (tx) => ({
    clinic: await findClinic(tx, clinicId),
    all: await listMailed(tx, clinicId, memberId, true),
  }))
  if (!clinic) return
  const t = translator(clinic.locale === 'fr' ? 'fr' : 'en', 'retention')
  const name = all.find(({ id }) => id === memberId)?.displayName ?? ''
  for (const { id, emailSealed } of all)
    await sendMail({
      to: await openField(emailSealed, emailContext(clinicId, id)),
      subject: t('mail.shorterSubject', { clinic: clinic.name }),
      text: [t('mail.shorter', { name }), `${env().APP_ORIGIN}/admin/records`, clinic.name].join('\n\n'),
      messageId: `retention-shorter-${jobId}-${id}`,
    })
}
