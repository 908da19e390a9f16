import 'server-only'
import { type MailFacts, openWords, whenAndWhere } from '../booking/mail.ts'
import { findPatient } from '../booking/store.ts'
import { translator } from '../messages/translator.ts'
import { openField } from '../server/kms.ts'
import type { Mail } from '../server/mail.ts'
import { inClinic } from '../server/tx.ts'
import { formatDay, formatTime, zoneCity } from '../time.ts'
import { stopLinks } from './choice.ts'
import { e164, inGsm } from './text.ts'

/** In the patient's language and zone; the clinic, a time and links, and nothing that says what for. */
export async function reminderMail(facts: MailFacts): Promise<Mail> {
  const { row, locale, clinic, to } = facts
  const t = translator(locale, 'mail')
  const stop = await stopLinks(row.id)
  return {
    to,
    subject: t('reminderSubject', { clinic: clinic.name }),
    text: [
      t('hello'),
      t('reminder', { clinic: clinic.name }),
      whenAndWhere(facts),
      openWords(facts),
      clinic.phone ? `${clinic.name}\n${clinic.phone}` : clinic.name,
      `${t('reminderStop')}\n${stop.page}`,
    ].join('\n\n'),
    unsubscribe: stop.post,
  }
}

const longestName = 40

/** The same as a text message, in two parts at the most; null without a number in E.164. */
export async function textOf({ row, locale, clinic }: MailFacts): Promise<{ to: string; text: string } | null> {
  const { clinicId, patientId } = row
  const patient = await inClinic(clinicId, (tx) => findPatient(tx, patientId!))
  const sealed = patient?.phoneSealed
  const to = sealed && e164(await openField(sealed, `patient.phone|${clinicId}|${patientId}`))
  if (!to) return null
  const zone = row.timeZone
  const when = `${formatDay(row.startsAt, zone, locale)}, ${formatTime(row.startsAt, zone, locale)} (${zoneCity(zone)})`
  const name = clinic.name.length > longestName ? `${clinic.name.slice(0, longestName - 3)}...` : clinic.name
  const { page } = await stopLinks(row.id)
  return { to, text: inGsm(translator(locale, 'mail')('reminderText', { clinic: name, when, link: page })) }
}
