import 'server-only'
import { calendarOf, methodOf } from '../booking/calendar.ts'
import { placeWords } from '../booking/mail.ts'
import * as bookings from '../booking/store.ts'
import { findClinic } from '../clinic/store.ts'
import type { Locale } from '../messages/catalogue.ts'
import { translator } from '../messages/translator.ts'
import { env } from '../server/env.ts'
import type { JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { sendMail } from '../server/mail.ts'
import { inClinic } from '../server/tx.ts'
import { findSite } from '../site/store.ts'
import { formatDate, formatTime, zoneCity } from '../time.ts'
import { personOf, type Word } from './ask.ts'
import { tendAll } from './flow.ts'
import { changeableUntil } from './rules.ts'
import * as store from './store.ts'

// Operational words only: the clinic, a time, a place, a language. Not the service, for its name may say too much; and nobody's name.

/** What was asked or answered, as it is when the mail goes out: what was overtaken meanwhile is told of by the next. */
const mailCompanion: JobHandler = async (data) => {
  const clinicId = String(data.clinicId)
  const word = String(data.word) as Word
  const found = await inClinic(clinicId, async (tx) => {
    const companion = await store.findCompanion(tx, String(data.companionId))
    if (!companion || companion.sequence !== data.sequence) return null
    const row = (await bookings.findAppointment(tx, companion.appointmentId))!
    const clinic = (await findClinic(tx, clinicId))!
    return { companion, row, clinic, site: await findSite(tx, row.siteId) }
  })
  if (!found) return
  const { companion, row, clinic, site } = found
  const person = await personOf(companion)
  const locale: Locale = companion.locale === 'fr' ? 'fr' : 'en'
  const t = translator(locale, 'mail')
  const secret = await openField(companion.linkSealed, `companion.link|${clinicId}|${companion.id}`)
  // The secret is in the fragment: it reaches no server, ours included, when the link is opened.
  const link = `${env().APP_ORIGIN}/along/${companion.id}#s=${secret}`
  const zone = clinic.timeZone
  const length = +row.endsAt - +row.startsAt
  const spoken = companion.askedFor
  const time = (at: Date) => formatTime(at, zone, locale)
  const when = t('along.when', {
    date: formatDate(spoken, zone, locale),
    from: time(spoken),
    until: time(new Date(+spoken + length)),
    zone: zoneCity(zone),
  })
  const moment = (at: Date) => `${formatDate(at, zone, locale)}, ${time(at)}`
  const isAsked = word === 'asked' || word === 'moved'
  const where = row.way === 'in_person' ? placeWords(row.way, clinic, site, locale) : null
  const about = { clinic: clinic.name, language: person.language }
  const paragraphs = [
    t('hello'),
    isAsked
      ? `${word === 'moved' ? `${t('along.moved')} ` : ''}${t(`along.ask.${companion.kind}`, about)}`
      : t(`along.${word as 'kept'}`, about),
    [when, where].filter(Boolean).join('\n'),
    (isAsked || word === 'kept') && row.way !== 'in_person' ? t(`along.way.${row.way}`) : '',
    isAsked
      ? `${t(companion.first ? 'along.answerFirst' : 'along.answer', { until: moment(companion.answerBy) })}\n${link}`
      : '',
    word === 'kept' ? `${t('along.change', { until: moment(changeableUntil(spoken)) })}\n${link}` : '',
    isAsked ? t('along.notYou') : '',
    clinic.phone ? `${clinic.name}\n${clinic.phone}` : clinic.name,
  ]
  const isInCalendar = word !== 'asked' && companion.calendarAt !== null
  const event = {
    row: {
      ...{ id: companion.id, sequence: companion.sequence, createdAt: companion.madeAt },
      ...(word === 'kept'
        ? { startsAt: row.startsAt, endsAt: row.endsAt, status: 'booked' as const, cancelledAt: null }
        : endOf(companion.calendarAt ?? spoken, length)),
    },
    ...{ clinic: clinic.name, place: where, locale, link, mail: { from: env().MAIL_FROM, to: person.email } },
  } as const
  await sendMail({
    to: person.email,
    subject: t(`along.${word}Subject`, { clinic: clinic.name }),
    text: paragraphs.filter(Boolean).join('\n\n'),
    ...(isInCalendar && { ics: { name: 'appointment.ics', content: calendarOf(event), method: methodOf(event) } }),
    messageId: `companion-${companion.id}-${companion.sequence}`,
  })
}

/** The end of an event that a calendar has. */
const endOf = (startsAt: Date, length: number) => ({
  ...{ startsAt, endsAt: new Date(+startsAt + length), status: 'cancelled' as const, cancelledAt: new Date() },
})

export const companionJobs = {
  handlers: {
    'companion.mail': mailCompanion,
    'companion.tend': () => tendAll(new Date()),
  } satisfies Record<string, JobHandler>,
  every: { 'companion.tend': '* * * * *' },
  // Each is made for one word to one person, and looks at its row first.
  atOnce: { 'companion.mail': 2 },
}
