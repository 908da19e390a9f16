import 'server-only'
import { type MailFacts, whenOf } from '../booking/mail.ts'
import { translator } from '../messages/translator.ts'
import type { Mail } from '../server/mail.ts'
import { stopLinks } from './choice.ts'

/** In the patient's language and zone; the clinic, a time and links, and nothing that says what for. */
export async function reminderMail(facts: MailFacts): Promise<Mail> {
  const { row, locale, clinic, link, to } = facts
  const t = translator(locale, 'mail')
  const stop = await stopLinks(row.id)
  return {
    to,
    subject: t('reminderSubject', { clinic: clinic.name }),
    text: [
      t('hello'),
      t('reminder', { clinic: clinic.name }),
      whenOf(facts),
      `${t('open')}\n${link}`,
      clinic.phone ? `${clinic.name}\n${clinic.phone}` : clinic.name,
      `${t('reminderStop')}\n${stop.page}`,
    ].join('\n\n'),
    unsubscribe: stop.post,
  }
}
