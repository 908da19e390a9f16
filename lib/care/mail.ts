import 'server-only'
import type { SystemActor } from '../access/rules.ts'
import { translator } from '../messages/translator.ts'
import { mailPatient } from '../patient/mail.ts'
import { lookupClinics } from '../retention/store.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { inClinic, inNoClinic } from '../server/tx.ts'
import { tellUntil } from './rules.ts'
import * as store from './store.ts'

/** Each that ends soon, once: told in a mail to the patient's address, which a child's guardian reads. */
export async function tellEnding(now: Date): Promise<void> {
  for (const clinicId of await inNoClinic((tx) => lookupClinics(tx))) {
    const actor: SystemActor = { kind: 'system', clinicId }
    await inClinic(clinicId, async (tx) => {
      for (const { id, patientId } of await store.takeEnding(tx, actor, tellUntil(now), now))
        await enqueue(tx, 'mail.care', { clinicId, patientId, careId: id }, { singletonKey: id })
    })
  }
}

const mailEnding: JobHandler = async (data) => {
  const [clinicId, patientId, careId] = [String(data.clinicId), String(data.patientId), String(data.careId)]
  const care = await inClinic(clinicId, (tx) => store.findCare(tx, patientId, { id: careId }))
  // Ended by somebody since: there is nothing left to end.
  if (!care || care.endedAt) return
  await mailPatient({ clinicId, patientId }, `care-${careId}`, (locale, clinic) => {
    const t = translator(locale, 'care')
    return {
      ...{ subject: t('mail.subject', { clinic }), hello: t('mail.hello'), what: t('mail.ends', { clinic }) },
      ...{ where: t('mail.where'), ask: t('mail.ask') },
    }
  })
}

export const careJobs = {
  handlers: {
    'care.due': async () => tellEnding(new Date()),
    'mail.care': mailEnding,
  } satisfies Record<string, JobHandler>,
  every: { 'care.due': '17 * * * *' },
}
