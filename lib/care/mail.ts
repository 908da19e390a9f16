import 'server-only'
import type { SystemActor } from '../access/rules.ts'
import { findClinic } from '../clinic/store.ts'
import { translator } from '../messages/translator.ts'
import { lookupClinics } from '../retention/store.ts'
import { env } from '../server/env.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { sendMail } from '../server/mail.ts'
import { inClinic, inNoClinic } from '../server/tx.ts'
import { tellUntil } from './rules.ts'
import * as store from './store.ts'

/** Each that ends soon, once: told in a mail to the patient's address, which a child's guardian reads. */
export async function tellEnding(now: Date): Promise<void> {
  for (const clinicId of await inNoClinic((tx) => lookupClinics(tx))) {
    const actor: SystemActor = { kind: 'system', clinicId }
    await inClinic(clinicId, async (tx) => {
      for (const careId of await store.takeEnding(tx, actor, tellUntil(now), now))
        await enqueue(tx, 'mail.care', { clinicId, careId }, { singletonKey: careId })
    })
  }
}

/** That somebody's access ends soon, and where to read whose. No name, no relation: the mail is the operator's to read. */
const mailEnding: JobHandler = async (data) => {
  const { clinicId, careId } = { clinicId: String(data.clinicId), careId: String(data.careId) }
  const found = await inClinic(clinicId, async (tx) => {
    const mailing = await store.findMailing(tx, { kind: 'system', clinicId }, careId)
    return mailing && { ...mailing, clinic: (await findClinic(tx, clinicId))! }
  })
  if (!found) return
  const { patientId, appointmentId, clinic } = found
  const t = translator(found.locale === 'fr' ? 'fr' : 'en', 'care')
  await sendMail({
    to: await openField(found.emailSealed, `patient.email|${clinicId}|${patientId}`),
    subject: t('mail.subject', { clinic: clinic.name }),
    text: [
      t('mail.hello'),
      t('mail.ends', { clinic: clinic.name }),
      `${t('mail.where')}\n${env().APP_ORIGIN}/a/${appointmentId}/access`,
      clinic.phone ? `${t('mail.ask')}\n${clinic.name}\n${clinic.phone}` : clinic.name,
    ].join('\n\n'),
    messageId: `care-${careId}`,
  })
}

export const careJobs = {
  handlers: {
    'care.due': async () => tellEnding(new Date()),
    'mail.care': mailEnding,
  } satisfies Record<string, JobHandler>,
  every: { 'care.due': '17 * * * *' },
}
