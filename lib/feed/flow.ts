import 'server-only'
import { createHash, randomBytes } from 'node:crypto'
import ical, { ICalCalendarMethod } from 'ical-generator'
import type { StaffActor } from '../access/rules.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { translator } from '../messages/translator.ts'
import { audit } from '../server/audit.ts'
import { env } from '../server/env.ts'
import { limitHere } from '../server/rate-limit.ts'
import { inClinic, inNoClinic } from '../server/tx.ts'
import { dayIn } from '../time.ts'
import { feedDays, feedFile, type FeedView } from './rules.ts'
import * as store from './store.ts'

interface At {
  now: Date
}
const day = 86_400_000
const hashOf = (secret: string) => new Uint8Array(createHash('sha256').update(`calendar-feed\0${secret}`).digest())

export const loadFeed = (actor: StaffActor): Promise<FeedView> =>
  inClinic(actor.clinicId, async (tx) => ({ madeAt: await store.findMade(tx, actor) }))

export async function makeFeed(actor: StaffActor, _: object, { now }: At): Promise<Result<FeedView & { url: string }>> {
  const secret = randomBytes(32).toString('base64url')
  return inClinic(actor.clinicId, async (tx) => {
    await store.saveFeed(tx, actor, hashOf(secret), now)
    await audit(tx, actor, 'feed.made', actor.memberId)
    return ok({ madeAt: now.toISOString(), url: `${env().APP_ORIGIN}/api/ics/${secret}.ics` })
  })
}

export async function removeFeed(actor: StaffActor): Promise<Result<FeedView>> {
  return inClinic(actor.clinicId, async (tx) => {
    if (await store.deleteFeed(tx, actor)) await audit(tx, actor, 'feed.removed', actor.memberId)
    return ok({ madeAt: null })
  })
}

/** A practitioner's times, and where each leads; nobody's name, no service. What is cancelled is not in it, so that it goes. */
export async function readFeed(file: string, now: Date): Promise<Result<{ text: string; etag: string }>> {
  const [, secret] = feedFile.exec(file) ?? []
  if (!secret) return refuse('NOT_FOUND')
  const hash = hashOf(secret)
  const clinicId = await inNoClinic((tx) => store.lookupFeed(tx, hash))
  if (!clinicId) return refuse('NOT_FOUND')
  const counted = await limitHere('feed', Buffer.from(hash).toString('base64url'), { points: 30, seconds: 60 })
  if (!counted.ok) return counted
  return inClinic(clinicId, async (tx) => {
    const owner = await store.findOwner(tx, hash)
    if (!owner) return refuse('NOT_FOUND')
    const clinic = (await findClinic(tx, clinicId))!
    const t = translator(clinic.locale === 'fr' ? 'fr' : 'en', 'feed')
    const calendar = ical({
      prodId: { company: 'Curtain', product: 'Curtain', language: clinic.locale.toUpperCase() },
      method: ICalCalendarMethod.PUBLISH,
      name: clinic.name,
      ttl: 900,
    })
    const stretch = { from: new Date(+now - feedDays.back * day), until: new Date(+now + feedDays.ahead * day) }
    for (const visit of await store.listVisits(tx, owner.memberId, stretch))
      calendar.createEvent({
        id: `visit-${visit.sessionId}`,
        sequence: visit.sequence,
        // Of its last change: the same appointments are the same bytes.
        stamp: visit.changedAt,
        start: visit.startsAt,
        end: visit.endsAt,
        summary: t('event'),
        url: `${env().APP_ORIGIN}${visit.seat === null ? `/encounter/${visit.id}` : `/calendar?day=${dayIn(clinic.timeZone, visit.startsAt)}`}`,
      })
    const text = calendar.toString()
    return ok({ text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` })
  })
}
