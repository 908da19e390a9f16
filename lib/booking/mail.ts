import 'server-only'
import type { Way } from '../clinic/rules.ts'
import { findClinic } from '../clinic/store.ts'
import type { Locale } from '../messages/catalogue.ts'
import { translator } from '../messages/translator.ts'
import { formatMoney } from '../money.ts'
import { endedOf } from '../payment/fee.ts'
import { standingIn } from '../payment/parts.ts'
import { isOpen, type PaymentStatus } from '../payment/rules.ts'
import { findPayment } from '../payment/store.ts'
import { bookedTerms, cancelTerms } from '../price/rules.ts'
import { env } from '../server/env.ts'
import type { JobData, JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { type CalendarFile, sendMail } from '../server/mail.ts'
import { inClinic } from '../server/tx.ts'
import { formatDate, formatPlainDay, formatTime, sameClock, zoneCity } from '../time.ts'
import { calendarOf, calendarOfAll, methodOf } from './calendar.ts'
import { findSite } from '../site/store.ts'
import type { SiteView } from '../site/rules.ts'
import { placeName } from './rules.ts'
import { voucherOf } from '../voucher/flow.ts'
import * as store from './store.ts'

// Operational words only: "your appointment", the clinic, a time, a link. Not the service, for its name may say too much.

/** What mails about one appointment say. */
export interface MailFacts {
  row: store.AppointmentRow
  locale: Locale
  to: string
  clinic: { name: string; phone: string; timeZone: string; slug: string }
  price: string | null
  money: { status: PaymentStatus; paidMinor: number; askedMinor: number } | null
  /** Where to be, or how it takes place; null where that is the link's page. */
  place: string | null
  /** What went back, or all of it before that is written down. */
  refunded: string
  link: string
}

const localeOf = (text: string): Locale => (text === 'fr' ? 'fr' : 'en')

/** Null for what has no patient, or none whom a mail reaches. */
export async function factsOf(data: JobData): Promise<MailFacts | null> {
  const clinicId = String(data.clinicId)
  const appointmentId = String(data.appointmentId)
  return inClinic(clinicId, async (tx) => {
    const row = await store.findAppointment(tx, appointmentId)
    const patient = row?.patientId ? await store.findPatient(tx, row.patientId) : null
    if (!row?.linkSealed || !patient?.emailSealed) return null
    const clinic = (await findClinic(tx, clinicId))!
    const payment = await findPayment(tx, row.id)
    const locale = localeOf(row.locale)
    const secret = await openField(row.linkSealed, `appointment.link|${clinicId}|${row.id}`)
    return {
      row,
      locale,
      to: await openField(patient.emailSealed, `patient.email|${clinicId}|${patient.id}`),
      clinic: {
        name: clinic.name,
        phone: clinic.phone,
        timeZone: clinic.timeZone,
        slug: clinic.slug,
      },
      price: payment && payment.amountMinor > 0 ? formatMoney(payment.amountMinor, payment.currency, locale) : null,
      money: payment && { status: payment.status, ...(await standingIn(tx, payment, row.depositMinor)) },
      place: placeWords(row.way, clinic, await findSite(tx, row.siteId), locale),
      refunded: payment ? formatMoney(payment.refundedMinor || payment.amountMinor, payment.currency, locale) : '',
      // The secret is in the fragment: it reaches no server, ours included, when the link is opened.
      link: `${env().APP_ORIGIN}/a/${row.id}#s=${secret}`,
    }
  })
}

/** As a mail and a calendar say it: the clinic's name and an address. A site's own name may say too much. */
export function placeWords(
  way: Way,
  clinic: { name: string; address: string },
  site: SiteView | null,
  locale: Locale,
): string | null {
  if (way === 'video') return null
  if (way === 'phone') return translator(locale, 'mail')('byPhone', { clinic: clinic.name })
  return [clinic.name, (site ?? clinic).address].filter(Boolean).join(', ')
}

/** When, and where unless that is the page of the link. */
export const whenAndWhere = (facts: MailFacts): string => [whenOf(facts), facts.place].filter(Boolean).join('\n')

/** The link, with what can be done by it. */
export const openWords = ({ row, locale, link }: MailFacts): string =>
  `${translator(locale, 'mail')(row.way === 'video' ? 'open' : 'openPlain')}\n${link}`

function whenOf({ row, clinic, locale }: MailFacts): string {
  const t = translator(locale, 'mail')
  const zone = row.timeZone
  const own = t('when', {
    date: formatDate(row.startsAt, zone, locale),
    time: formatTime(row.startsAt, zone, locale),
    zone: zoneCity(zone),
  })
  if (sameClock(zone, clinic.timeZone, row.startsAt)) return own
  const theirs = formatTime(row.startsAt, clinic.timeZone, locale)
  return `${own}\n${t('whenClinic', { time: theirs, zone: zoneCity(clinic.timeZone) })}`
}

const eventOf = ({ row, clinic, locale, place, link, to }: MailFacts) => ({
  ...{ row, clinic: clinic.name, place, locale, link },
  mail: { from: env().MAIL_FROM, to },
})

function invitationOf(facts: MailFacts, nth = 1): CalendarFile {
  const event = eventOf(facts)
  const name = nth > 1 ? `appointment-${nth}.ics` : 'appointment.ics'
  return { name, content: calendarOf(event), method: methodOf(event) }
}

const calendarFileOf = (all: readonly MailFacts[]): CalendarFile => ({
  ...{ name: 'appointments.ics', content: calendarOfAll(all.map(eventOf)), method: 'PUBLISH' },
})

/** What is paid and what is not, as it is when the mail goes out; empty where nothing is either. */
function paidWords({ row, locale, price, money }: MailFacts): string {
  const t = translator(locale, 'mail')
  if (row.voucherId) return t('byVoucher')
  if (!price || !money) return ''
  const amount = (minor: number) => formatMoney(minor, row.currency, locale)
  if (row.paymentMode === 'online') return t('paid', { price })
  if (money.status === 'paid') return t('paidAll', { price })
  if (!isOpen(money.status)) return ''
  if (money.paidMinor === 0) return t('payLater', { price: amount(money.askedMinor) })
  return t('paidPart', { paid: amount(money.paidMinor), rest: amount(money.askedMinor) })
}

/** What it costs to change one's mind; empty where it never costs anything. */
function costsOf({ row, locale, clinic }: MailFacts): string {
  const t = translator(locale, 'mail')
  const { freeUntil, lateMinor, missedMinor } = cancelTerms(bookedTerms(row), row.startsAt)
  const amount = (minor: number) => formatMoney(minor, row.currency, locale)
  const until = new Date(freeUntil)
  const zone = row.timeZone || clinic.timeZone
  const when = `${formatDate(until, zone, locale)}, ${formatTime(until, zone, locale)}`
  const isFree = until > row.timedAt
  if (row.voucherId)
    return [
      lateMinor > 0 ? (isFree ? t('voucherFree', { when }) : t('voucherNow')) : '',
      missedMinor > 0 ? t('voucherMissed') : '',
    ]
      .filter(Boolean)
      .join(' ')
  return [
    lateMinor > 0 && isFree ? t('cancelFree', { when }) : '',
    lateMinor > 0 ? t(isFree ? 'cancelLate' : 'cancelNow', { amount: amount(lateMinor) }) : '',
    missedMinor > 0 ? t('cancelMissed', { amount: amount(missedMinor) }) : '',
  ]
    .filter(Boolean)
    .join(' ')
}

const signatureOf = ({ clinic }: MailFacts) => (clinic.phone ? `${clinic.name}\n${clinic.phone}` : clinic.name)

/** What is said to be booked: of a series the visit and the later ones. What was cancelled meanwhile is overtaken. */
async function standingOf(asked: MailFacts): Promise<MailFacts[]> {
  const { row } = asked
  const isAsked = ['booked', 'arrived', 'in_consult', 'completed'].includes(row.status)
  const standing = isAsked ? [asked] : []
  for (const each of await inClinic(row.clinicId, (tx) => store.listSeries(tx, row)))
    if (each.id !== row.id && each.startsAt >= row.startsAt && ['booked', 'arrived'].includes(each.status)) {
      const facts = await factsOf({ clinicId: row.clinicId, appointmentId: each.id })
      if (facts) standing.push(facts)
    }
  return standing
}

/** What it costs to cancel any of a series: the same for each. */
function costsOfEach({ row, locale }: MailFacts): string {
  const t = translator(locale, 'mail')
  const { lateMinor, missedMinor } = cancelTerms(bookedTerms(row), row.startsAt)
  const amount = (minor: number) => formatMoney(minor, row.currency, locale)
  const hours = bookedTerms(row).freeUntilMinutes / 60
  return [
    lateMinor > 0 ? t('seriesLate', { hours, amount: amount(lateMinor) }) : '',
    missedMinor > 0 ? t('cancelMissed', { amount: amount(missedMinor) }) : '',
  ]
    .filter(Boolean)
    .join(' ')
}

/** All dates in one mail. The link in its text is the first one's; in a calendar each event leads to its own. */
async function mailSeries(all: readonly MailFacts[], data: JobData): Promise<void> {
  const [first] = all as [MailFacts, ...MailFacts[]]
  const { row, locale, clinic, to, price, money, place } = first
  const t = translator(locale, 'mail')
  const isOwed = price && money && row.paymentMode !== 'online' && isOpen(money.status)
  const paragraphs = [
    t('hello'),
    t('series', { clinic: clinic.name, count: all.length }),
    [...all.map(whenOf), place].filter(Boolean).join('\n'),
    isOwed ? t('seriesPay', { price }) : '',
    costsOfEach(first),
    `${t('seriesOpen')}\n${first.link}`,
    t('seriesKeep'),
    signatureOf(first),
  ]
  await sendMail({
    to,
    subject: t('seriesSubject', { clinic: clinic.name }),
    text: paragraphs.filter(Boolean).join('\n\n'),
    ics: calendarFileOf(all),
    messageId: data.again ? `series-${row.id}-${Date.parse(String(data.again))}` : `series-${row.id}`,
  })
}

const mailBooked: JobHandler = async (data) => {
  const asked = await factsOf(data)
  const standing = asked ? await standingOf(asked) : []
  const [facts] = standing
  if (!facts) return
  if (standing.length > 1) return mailSeries(standing, data)
  const { row, locale, clinic, to } = facts
  const t = translator(locale, 'mail')
  const paragraphs = [
    t('hello'),
    t('booked', { clinic: clinic.name }),
    whenAndWhere(facts),
    paidWords(facts),
    costsOf(facts),
    openWords(facts),
    t('keep'),
    signatureOf(facts),
  ]
  await sendMail({
    to,
    subject: t('bookedSubject', { clinic: clinic.name }),
    text: paragraphs.filter(Boolean).join('\n\n'),
    ics: invitationOf(facts),
    // Asked for once more, it is another mail.
    messageId: data.again ? `booked-${row.id}-${Date.parse(String(data.again))}` : `booked-${row.id}`,
  })
}

/** Moved again meanwhile, the mail of that time says so, and this one nothing. */
const mailMoved: JobHandler = async (data) => {
  const facts = await factsOf(data)
  if (!facts || !['booked', 'arrived'].includes(facts.row.status) || placeName(facts.row) !== data.place) return
  const { row, locale, clinic, to } = facts
  const t = translator(locale, 'mail')
  await sendMail({
    to,
    subject: t('movedSubject', { clinic: clinic.name }),
    text: [
      t('hello'),
      t('moved', { clinic: clinic.name }),
      whenAndWhere(facts),
      costsOf(facts),
      openWords(facts),
      t('movedNot'),
      signatureOf(facts),
    ]
      .filter(Boolean)
      .join('\n\n'),
    ics: invitationOf(facts),
    messageId: `moved-${row.id}-${row.sequence}`,
  })
}

const fullDay = { day: 'numeric', month: 'long', year: 'numeric' } as const

/** What cancelling did cost; empty where it did not. */
async function endedWords({ row, locale, clinic }: MailFacts): Promise<string> {
  if (row.voucherId) {
    const voucher = await inClinic(row.clinicId, (tx) => voucherOf(tx, row, clinic.timeZone, new Date()))
    const t = translator(locale, 'mail')
    if (voucher?.is === 'used') return t('voucherUsed')
    return voucher?.is === 'back' ? t('voucherBack', { day: formatPlainDay(voucher.lastDay, locale, fullDay) }) : ''
  }
  if (row.feeMinor === 0) return ''
  const t = translator(locale, 'mail')
  const { feeMinor, owedMinor, backMinor } = await inClinic(row.clinicId, (tx) => endedOf(tx, row))
  const line = (key: 'endedFee' | 'endedOwed' | 'endedBack', minor: number) =>
    minor > 0 ? [t(key, { amount: formatMoney(minor, row.currency, locale) })] : []
  return [...line('endedFee', feeMinor), ...line('endedOwed', owedMinor), ...line('endedBack', backMinor)].join(' ')
}

/** Those that were cancelled with it. */
async function alsoCancelled({ clinicId, also }: JobData): Promise<MailFacts[]> {
  const all: MailFacts[] = []
  for (const appointmentId of String(also ?? '')
    .split(',')
    .filter(Boolean)) {
    const facts = await factsOf({ clinicId: clinicId ?? null, appointmentId })
    if (facts?.row.status === 'cancelled') all.push(facts)
  }
  return all
}

const mailCancelled: JobHandler = async (data) => {
  const facts = await factsOf(data)
  if (facts?.row.status !== 'cancelled') return
  const { row, locale, clinic, to } = facts
  const t = translator(locale, 'mail')
  const also = await alsoCancelled(data)
  const all = [facts, ...also]
  const isOne = also.length === 0
  // No fingerprint: this database's word would look like the clinic's own link, and prove nothing.
  const again = `${env().APP_ORIGIN}/c/${clinic.slug}`
  await sendMail({
    to,
    subject: t(isOne ? 'cancelledSubject' : 'seriesCancelledSubject', { clinic: clinic.name }),
    text: [
      t('hello'),
      isOne ? t('cancelled', { clinic: clinic.name }) : t('seriesCancelled', { clinic: clinic.name }),
      all.map(whenOf).join('\n'),
      await endedWords(facts),
      `${t('again')}\n${again}`,
      clinic.name,
    ]
      .filter(Boolean)
      .join('\n\n'),
    ics: invitationOf(facts),
    files: also.map((each, index) => invitationOf(each, index + 2)),
    messageId: `cancelled-${row.id}`,
  })
}

const mailRefunded: JobHandler = async (data) => {
  const facts = await factsOf(data)
  if (!facts?.price) return
  const { row, locale, clinic, to, refunded } = facts
  const t = translator(locale, 'mail')
  const gone = row.status === 'expired' ? t('refundedGone') : ''
  await sendMail({
    to,
    subject: t('refundedSubject', { clinic: clinic.name }),
    text: [t('hello'), gone, t('refunded', { price: refunded }), clinic.name].filter(Boolean).join('\n\n'),
    messageId: `refunded-${row.id}`,
  })
}

/** To the address that was, so that whoever still reads it learns of a change that was not theirs. Not where to. */
const mailContact: JobHandler = async (data, jobId) => {
  const { clinicId, patientId } = { clinicId: String(data.clinicId), patientId: String(data.patientId) }
  const sealed = Buffer.from(String(data.to), 'base64url')
  const to = await openField(sealed, `patient.email|${clinicId}|${patientId}`)
  const clinic = (await inClinic(clinicId, (tx) => findClinic(tx, clinicId)))!
  const t = translator(localeOf(String(data.locale)), 'mail')
  const signature = clinic.phone ? `${clinic.name}\n${clinic.phone}` : clinic.name
  await sendMail({
    to,
    subject: t('contactSubject', { clinic: clinic.name }),
    text: [t('hello'), t('contact', { clinic: clinic.name }), t('contactNotYou'), signature].join('\n\n'),
    messageId: `contact-${jobId}`,
  })
}

/** Neutral: neither what was done nor what it costs. */
const mailDocument: JobHandler = async (data) => {
  const facts = await factsOf(data)
  if (!facts) return
  const { locale, clinic, link, to } = facts
  const t = translator(locale, 'mail')
  await sendMail({
    to,
    subject: t('documentSubject', { clinic: clinic.name }),
    text: [
      t('hello'),
      t('document', { clinic: clinic.name }),
      `${t('documentOpen')}\n${link}`,
      signatureOf(facts),
    ].join('\n\n'),
    messageId: `document-${String(data.documentId)}`,
  })
}

export const mailJobs = {
  handlers: {
    'mail.booked': mailBooked,
    'mail.moved': mailMoved,
    'mail.cancelled': mailCancelled,
    'mail.refunded': mailRefunded,
    'mail.contact': mailContact,
    'mail.document': mailDocument,
  },
  every: {},
  // Made once for an appointment; the others look at what was told before, one after the other.
  atOnce: { 'mail.booked': 4 },
}
