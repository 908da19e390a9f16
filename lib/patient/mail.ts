import 'server-only'
import { findClinic } from '../clinic/store.ts'
import type { Locale } from '../messages/catalogue.ts'
import { env } from '../server/env.ts'
import { openField } from '../server/kms.ts'
import { sendMail } from '../server/mail.ts'
import { inClinic } from '../server/tx.ts'
import * as store from './store.ts'

interface Words {
  subject: string
  hello: string
  what: string
  where: string
  ask: string
}

/**
 * That something happened, and the patient's own page, which tells the rest. No name and no reason: the mail is the operator's to
 * read. Nobody is told where there is no address or no appointment left.
 */
export async function mailPatient(
  { clinicId, patientId }: { clinicId: string; patientId: string },
  messageId: string,
  say: (locale: Locale, clinic: string) => Words,
): Promise<void> {
  const found = await inClinic(clinicId, async (tx) => {
    const mailing = await store.findMailing(tx, { clinicId }, patientId)
    return mailing && { ...mailing, clinic: (await findClinic(tx, clinicId))! }
  })
  if (!found) return
  const { appointmentId, clinic, emailSealed, locale } = found
  const { subject, hello, what, where, ask } = say(locale === 'fr' ? 'fr' : 'en', clinic.name)
  await sendMail({
    to: await openField(emailSealed, `patient.email|${clinicId}|${patientId}`),
    subject,
    text: [
      ...[hello, what, `${where}\n${env().APP_ORIGIN}/a/${appointmentId}/access`],
      clinic.phone ? `${ask}\n${clinic.name}\n${clinic.phone}` : clinic.name,
    ].join('\n\n'),
    messageId,
  })
}
