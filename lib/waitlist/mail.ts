import 'server-only'
import * as bookings from '../booking/store.ts'
import { findClinic } from '../clinic/store.ts'
import { translator } from '../messages/translator.ts'
import { decideFailed, decideTextFailed, type Failure } from '../reminder/rules.ts'
import { inGsm } from '../reminder/text.ts'
import { env } from '../server/env.ts'
import type { JobHandler } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { log } from '../server/log.ts'
import { sendMail } from '../server/mail.ts'
import { limit } from '../server/rate-limit.ts'
import { sendText, TextFailed } from '../server/sms.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { formatDay, formatTime, zoneCity } from '../time.ts'
import { sendsTexts } from './entry.ts'
import { letGo, tendAll, tendClinic } from './offers.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

// Operational words only: the clinic, a time, a link. Not the service, for its name may say too much.

const minute = 60_000
const longestName = 40

interface To {
  entry: store.EntryRow
  to: string
  link: string
  locale: 'en' | 'fr'
  clinic: { name: string; phone: string; waitlistMinutes: number }
}

/** Null for who waits no longer. */
async function toOf(tx: Tx, clinicId: string, entryId: string): Promise<To | null> {
  const entry = await store.findEntry(tx, entryId)
  if (!entry?.contactSealed || !entry.linkSealed) return null
  const secret = await openField(entry.linkSealed, `waitlist.link|${clinicId}|${entryId}`)
  return {
    entry,
    to: await openField(entry.contactSealed, `waitlist.contact|${clinicId}|${entryId}`),
    // The secret is in the fragment: it reaches no server, ours included, when the link is opened.
    link: `${env().APP_ORIGIN}/wait/${entryId}#s=${secret}`,
    locale: entry.locale === 'fr' ? 'fr' : 'en',
    clinic: (await findClinic(tx, clinicId))!,
  }
}

/** Counted apart from reminders, which no list of callers may use up. */
async function isAffordable(clinicId: string, number: string): Promise<boolean> {
  if (!(await inClinic(clinicId, async (tx) => sendsTexts(tx, (await findClinic(tx, clinicId))!)))) return false
  const [one, all] = [
    await limit('wait-text', number, rules.textsADay),
    await limit('wait-text-clinic', clinicId, rules.clinicTextsADay),
  ]
  return one.ok && all.ok
}

const shortName = (name: string) => (name.length > longestName ? `${name.slice(0, longestName - 3)}...` : name)

/** Asks whoever reads it to confirm; or tells them that they wait. */
const sayHello: JobHandler = async (data, jobId) => {
  const clinicId = String(data.clinicId)
  const found = await inClinic(clinicId, (tx) => toOf(tx, clinicId, String(data.entryId)))
  if (!found) return
  const { entry, to, link, locale, clinic } = found
  const t = translator(locale, 'mail')
  const kind = entry.state === 'asked' ? 'ask' : data.added === true ? 'added' : 'already'
  if (entry.channel === 'text') {
    if (!(await isAffordable(clinicId, to))) return
    // Sent once at most: nobody who carries messages takes a key for repeats.
    await sendText({ to, text: inGsm(t(`wait.${kind}Sms`, { clinic: shortName(clinic.name), link })) }).catch(
      (error: unknown) => log.warn({ code: 'TEXT_FAILED', entryId: entry.id, err: error }),
    )
    return
  }
  const signature = clinic.phone ? `${clinic.name}\n${clinic.phone}` : clinic.name
  await sendMail({
    to,
    subject: t(`wait.${kind}Subject`, { clinic: clinic.name }),
    text: [
      t('hello'),
      t(`wait.${kind}Text`, { clinic: clinic.name }),
      link,
      t(kind === 'ask' ? 'wait.notYou' : 'wait.leave'),
      signature,
    ].join('\n\n'),
    messageId: `wait-${entry.id}-${jobId}`,
  })
}

/** Locks what is to be told, and holds the time for as long as the message says. Null for what is over, or was told. */
async function prepare(tx: Tx, clinicId: string, offerId: string, now: Date) {
  await hold(tx, `waitlist|${clinicId}`, 'write')
  const offer = await store.findOffer(tx, offerId)
  if (!offer || offer.outcome || offer.toldAt) return null
  const row = (await bookings.lockAppointment(tx, offer.appointmentId))!
  if (row.status !== 'held' || row.patientId || row.heldUntil! < now) return null
  const found = await toOf(tx, clinicId, offer.entryId)
  if (!found) return null
  const until = rules.offerUntil(row.startsAt, found.clinic.waitlistMinutes, now)
  await bookings.updateAppointment(tx, row.id, { heldUntil: until })
  return { ...found, offer, row, until }
}

/**
 * Tells of an offer, from when on it counts. Whoever dies before that is followed by another, who sends the same mail under the same
 * id; a text message, which nobody would know to be the same, is sent once at most.
 */
export async function tellOffer(clinicId: string, offerId: string, clock: () => Date): Promise<void> {
  const found = await inClinic(clinicId, (tx) => prepare(tx, clinicId, offerId, clock()))
  if (!found) return
  const { entry, to, link, locale, clinic, offer, row, until } = found
  const t = translator(locale, 'mail')
  const zone = entry.timeZone
  const day = formatDay(row.startsAt, zone, locale)
  const when = `${day}, ${formatTime(row.startsAt, zone, locale)} (${zoneCity(zone)})`
  const end = formatTime(until, zone, locale)
  const told = () => inClinic(clinicId, (tx) => store.markTold(tx, offerId, clock()))
  try {
    if (entry.channel === 'text') {
      if (!(await isAffordable(clinicId, to))) return void (await untold(clinicId, offer, clock()))
      await told()
      await sendText({
        to,
        text: inGsm(t('wait.offerSms', { clinic: shortName(clinic.name), when, until: end, link })),
      })
      return
    }
    const signature = clinic.phone ? `${clinic.name}\n${clinic.phone}` : clinic.name
    await sendMail({
      to,
      subject: t('wait.offerSubject', { clinic: clinic.name }),
      text: [
        t('hello'),
        t('wait.offer', { clinic: clinic.name }),
        when,
        t('wait.offerUntil', { until: end }),
        link,
        t('wait.leave'),
        signature,
      ].join('\n\n'),
      messageId: `offer-${offerId}`,
    })
    await told()
  } catch (error) {
    const fate = error instanceof TextFailed ? decideTextFailed(error) : decideFailed(error as Failure, false)
    log.warn({ code: 'OFFER_UNTOLD', offerId, outcome: fate, err: error })
    // A text message, which counts from before it is handed over: it may have arrived, and is not sent twice.
    if (fate === 'unsure') return
    if (fate === 'refused')
      return void (await inClinic(clinicId, async (tx) => {
        if (await isTaken(tx, offer)) return
        await letGo(tx, offer, 'withdrawn')
        await store.endEntry(tx, entry.id, 'unreachable', clock())
      }))
    await untold(clinicId, offer, clock())
    throw error
  }
}

/** Whoever has the link open knows of an offer before its message has gone out, and may have taken it by then. */
async function isTaken(tx: Tx, { clinicId, appointmentId }: Pick<store.OfferRow, 'clinicId' | 'appointmentId'>) {
  await hold(tx, `waitlist|${clinicId}`, 'write')
  const { holdHash, patientId } = (await bookings.lockAppointment(tx, appointmentId))!
  return holdHash !== null || patientId !== null
}

/** Nobody knows of it: its time is held for others' sake no longer than at first. */
const untold = (clinicId: string, { id, appointmentId, madeAt }: store.OfferRow, now: Date): Promise<void> =>
  inClinic(clinicId, async (tx) => {
    if (await isTaken(tx, { clinicId, appointmentId })) return
    await store.markTold(tx, id, null)
    const row = (await bookings.lockAppointment(tx, appointmentId))!
    if (row.status !== 'held') return
    const first = new Date(madeAt.getTime() + rules.untoldMinutes * minute)
    await bookings.updateAppointment(tx, row.id, { heldUntil: first > now ? first : new Date(now.getTime() - 1) })
  })

export const waitlistJobs = {
  handlers: {
    'waitlist.tend': () => tendAll(new Date()),
    'waitlist.freed': ({ clinicId }) => tendClinic(String(clinicId), new Date()),
    'waitlist.hello': sayHello,
    'waitlist.tell': ({ clinicId, offerId }) => tellOffer(String(clinicId), String(offerId), () => new Date()),
  } satisfies Record<string, JobHandler>,
  every: { 'waitlist.tend': '* * * * *' },
  // Each is made for one offer or one who asks, and looks at its row first.
  atOnce: { 'waitlist.tell': 4, 'waitlist.hello': 2 },
}
