import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { partOf } from '../access/part.ts'
import { tellWaitlist } from '../booking/hold.ts'
import { isBookable } from '../clinic/rules.ts'
import { findClinic, listPractitioners, listServices } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { openField } from '../server/kms.ts'
import { notify } from '../server/notify.ts'
import { limit } from '../server/rate-limit.ts'
import { hold, inClinic, type Tx } from '../server/tx.ts'
import { listSites } from '../site/store.ts'
import { dayIn } from '../time.ts'
import { contactIndex, contactOf, insertWaiting, nameOf, sendsTexts, wishedService } from './entry.ts'
import { letGo } from './offers.ts'
import { freeBefore } from './plan.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof rules.WaitlistContract> = Promise<Result<rules.WaitlistContract[K]['out']>>
interface Context {
  now: Date
}

const seenBy = async (tx: Tx, actor: StaffActor) => rules.seenEntries(actor, await partOf(tx, actor))

/** Who waits, in order, of what the member's days are about; and what a caller can wait for. */
export const list = (actor: StaffActor, _: unknown, { now }: Context): Out<'waitlist/list'> =>
  inClinic(actor.clinicId, async (tx) => {
    const { clinicId } = actor
    const clinic = (await findClinic(tx, clinicId))!
    const services = (await listServices(tx, { all: true })).map(({ id, name, practitionerIds, ...rest }) => ({
      ...{ id, name, practitionerIds },
      offered: isBookable({ ...rest, practitionerIds }, clinic.takesPayments),
    }))
    const practitioners = await listPractitioners(tx)
    const sites = await listSites(tx)
    const offers = new Map((await store.listOpenOffers(tx, clinicId)).map((offer) => [offer.entryId, offer]))
    const rows: rules.WaitRow[] = []
    for (const row of await store.listEntries(tx, await seenBy(tx, actor))) {
      const offer = offers.get(row.id)
      const stands = offer && rules.outcomeOf(offer, offer.appointment, now) === null
      rows.push({
        ...{ id: row.id, serviceId: row.serviceId, firstDay: row.firstDay, lastDay: row.lastDay, parts: row.parts },
        contact: await openField(row.contactSealed!, `waitlist.contact|${clinicId}|${row.id}`),
        service: services.find(({ id }) => id === row.serviceId)?.name ?? '',
        practitioner: practitioners.find(({ id }) => id === row.memberId)?.displayName ?? null,
        site: sites.find(({ id }) => id === row.siteId)?.name ?? null,
        since: row.madeAt.toISOString(),
        state: row.state === 'asked' ? 'asked' : 'waiting',
        offered: stands
          ? { startsAt: offer.appointment.startsAt.toISOString(), until: offer.appointment.heldUntil!.toISOString() }
          : null,
      })
    }
    return ok({
      ...{ zone: clinic.timeZone, today: dayIn(clinic.timeZone, now), minutes: clinic.waitlistMinutes, rows },
      services: services.filter(({ offered }) => offered).map(({ offered: _offered, ...service }) => service),
      practitioners: practitioners.map(({ id, displayName }) => ({ memberId: id, name: displayName })),
      sites: sites.map(({ id, name }) => ({ id, name })),
      texts: await sendsTexts(tx, clinic),
      locale: clinic.locale === 'fr' ? 'fr' : 'en',
    })
  })

/** For somebody on the telephone: they wait at once, and a message gives them the link to leave. */
export async function add(actor: StaffActor, input: In<typeof rules.AddInput>, { now }: Context): Out<'waitlist/add'> {
  const counted = await limit('wait-add', actor.memberId, rules.addsAnHour)
  if (!counted.ok) return counted
  const { clinicId } = actor
  const { id, email, phone, locale, ...days } = input
  return inClinic(clinicId, async (tx) => {
    const clinic = (await findClinic(tx, clinicId))!
    const wish = { ...days, timeZone: clinic.timeZone }
    const contact = await contactOf(tx, clinic, { email, phone })
    if (!contact.ok) return contact
    const service = await wishedService(tx, clinic, wish, { now, asDesk: true })
    if (!service.ok) return service
    // Sent again after a lost answer: it is done.
    if (await store.findEntry(tx, id)) return ok({ added: true })
    if ((await store.countEntries(tx, clinicId)).waiting >= rules.mostWaiting) return refuse('LIST_FULL')
    const known = (await store.listOfContact(tx, await contactIndex(clinicId, contact.value))).find(
      ({ serviceId }) => serviceId === wish.serviceId,
    )
    const waits = known?.state === 'waiting' ? known : null
    if (!waits) {
      // Asked for by an address alone, by whomever, and not confirmed: what the clinic has heard from its patient counts.
      if (known) await store.endEntry(tx, known.id, 'unconfirmed', now)
      const added = { id, contact: contact.value, wish, locale, state: 'waiting' as const, network: null }
      const before = await freeBefore(tx, clinic, wish, now)
      await insertWaiting(tx, clinicId, { ...added, ...before }, now)
    }
    const entryId = waits?.id ?? id
    // Nobody adds to what they do not see.
    const seen = await store.listEntries(tx, await seenBy(tx, actor))
    if (!seen.some((row) => row.id === entryId)) return refuse('NOT_ALLOWED')
    // Written to often today, from wherever: they wait all the same.
    const isHeard = !waits && (await limit('wait-contact', nameOf(contact.value), rules.asksADay)).ok
    if (isHeard) await enqueue(tx, 'waitlist.hello', { clinicId, entryId, added: true }, { singletonKey: entryId })
    await audit(tx, actor, 'waitlist.added', entryId)
    await tellWaitlist(tx, clinicId)
    await notify(tx, 'staff', clinicId)
    return ok({ added: !waits })
  })
}

/** Once, however often it is sent. A time that was held for them goes to the next. */
export const remove = (
  actor: StaffActor,
  { id }: In<typeof rules.RemoveInput>,
  { now }: Context,
): Out<'waitlist/remove'> =>
  inClinic(actor.clinicId, async (tx) => {
    await hold(tx, `waitlist|${actor.clinicId}`, 'write')
    const seen = await store.listEntries(tx, await seenBy(tx, actor))
    if (!seen.some((row) => row.id === id)) {
      const row = await store.findEntry(tx, id)
      return row?.state === 'ended' ? ok({ done: true as const }) : refuse('NOT_FOUND')
    }
    const offer = await store.openOffer(tx, id)
    if (offer) await letGo(tx, offer, 'withdrawn')
    await store.endEntry(tx, id, 'removed', now)
    await audit(tx, actor, 'waitlist.removed', id)
    await notify(tx, 'staff', actor.clinicId)
    return ok({ done: true as const })
  })

export const save = (actor: StaffActor, { minutes }: In<typeof rules.SaveInput>): Out<'waitlist/save'> =>
  inClinic(actor.clinicId, async (tx) => {
    const before = (await findClinic(tx, actor.clinicId))!.waitlistMinutes
    if (before === minutes) return ok({ minutes })
    await store.saveMinutes(tx, actor.clinicId, minutes)
    await audit(tx, actor, 'clinic.waitlist-saved')
    return ok({ minutes })
  })
