import type { DeskBooked, DeskContract } from '../desk/rules.ts'
import type { IdentityContent, ReasonContent } from '../record/rules.ts'
import { type Answer, call } from './api.ts'
import { newSecret } from './booking-hold.ts'
import { sendSealed } from './send-sealed.ts'
import type { SealInput } from './vault-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'

/** One booking of the desk's, from when the dialog opens: sent twice, it is one. */
export interface DeskTicket {
  id: string
  key: string
  linkSecret: string
  patientId: string
}

export function newTicket(): DeskTicket {
  return { id: crypto.randomUUID(), key: crypto.randomUUID(), linkSecret: newSecret(), patientId: crypto.randomUUID() }
}

type Visit = Omit<DeskContract['desk/book']['in'], 'id' | 'key' | 'linkSecret' | 'patient'>

export interface Caller {
  name: string
  birthDate: string
  reason: string
  email: string
  phone: string
  locale: 'en' | 'fr'
}

interface Place {
  clinicId: string
  patientId: string
  memberId: string
  siteId: string | null
}
const draftIn =
  ({ clinicId, patientId, memberId, siteId }: Place) =>
  (type: SealInput['type'], content: unknown): SealInput => ({
    ...{ clinicId, patientId, recordId: crypto.randomUUID(), revision: 1, type, schema: 1, content },
    ...{ practitioner: memberId, site: siteId },
  })

/** What the caller said, sealed here and signed as this member's: it opens to whom an own booking's would. */
function identityDraft(place: Place, { name, birthDate, email, phone }: Caller): SealInput {
  const identity: IdentityContent = { name, birthDate, email, ...(phone && { phone }) }
  return draftIn(place)('identity', identity)
}
const reasonDrafts = (place: Place, appointmentId: string, { reason }: Caller): SealInput[] =>
  reason ? [draftIn(place)('reason', { appointmentId, reason } satisfies ReasonContent)] : []

type Sent = Answer<DeskBooked> | { ok: false; code: VaultError['code']; fields?: undefined }

export async function bookCaller(clinicId: string, ticket: DeskTicket, visit: Visit, caller: Caller): Promise<Sent> {
  const { id, key, linkSecret, patientId } = ticket
  const { email, phone, locale } = caller
  const place = { clinicId, patientId, memberId: visit.memberId, siteId: visit.siteId }
  try {
    return await sendSealed(
      clinicId,
      () => vault().sealMany([identityDraft(place, caller), ...reasonDrafts(place, id, caller)]),
      (records) =>
        call(
          'desk/book',
          {
            ...{ ...visit, id, key, linkSecret },
            patient: { kind: 'new', patientId, email, phone, locale, records: records as never },
          },
          { retry: true },
        ),
    )
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}

/** For somebody whom the clinic knows: nothing of them is sealed, and nothing said. */
export const bookKnown = ({ id, key, linkSecret }: DeskTicket, visit: Visit, patientId: string): Promise<Sent> =>
  call('desk/book', { ...visit, id, key, linkSecret, patient: { kind: 'known', patientId } }, { retry: true })

// ── several visits at once ──

type SeriesIn = DeskContract['desk/book-series']['in']
/** From when the dialog opens, with an id for each visit that there may be. */
export interface SeriesTicket {
  id: string
  visits: Pick<DeskTicket, 'id' | 'key' | 'linkSecret'>[]
}
export type SeriesPlan = Pick<SeriesIn, 'serviceId' | 'memberId' | 'siteId'> & {
  visits: { startsAt: string; anyway: boolean }[]
}

/** The first visit is what the dialog would book alone. */
export const newSeriesTicket = ({ id, key, linkSecret }: DeskTicket, most: number): SeriesTicket => ({
  id: crypto.randomUUID(),
  visits: [{ id, key, linkSecret }, ...Array.from({ length: most - 1 }, () => newTicket())].map((each) => ({
    ...{ id: each.id, key: each.key, linkSecret: each.linkSecret },
  })),
})

const visitsOf = ({ visits }: SeriesPlan, ticket: SeriesTicket) =>
  visits.map((visit, index) => ({ ...visit, ...ticket.visits[index]!, records: [] as never[] }))

/** Who it is once, and the reason for each visit: each opens with its own. */
export async function bookSeriesForCaller(
  clinicId: string,
  patientId: string,
  ticket: SeriesTicket,
  plan: SeriesPlan,
  caller: Caller,
): Promise<Sent> {
  const { serviceId, memberId, siteId } = plan
  const { email, phone, locale } = caller
  const place = { clinicId, patientId, memberId, siteId }
  const visits = visitsOf(plan, ticket)
  const reasons = visits.flatMap(({ id }) => reasonDrafts(place, id, caller))
  try {
    return await sendSealed(
      clinicId,
      () => vault().sealMany([identityDraft(place, caller), ...reasons]),
      ([identity, ...sealed]) =>
        call(
          'desk/book-series',
          {
            ...{ id: ticket.id, serviceId, memberId, siteId },
            visits: visits.map((visit, index) => ({ ...visit, records: sealed.slice(index, index + 1) as never })),
            patient: { kind: 'new', patientId, email, phone, locale, records: [identity] as never },
          },
          { retry: true },
        ),
    )
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}

export function bookSeriesForKnown(ticket: SeriesTicket, plan: SeriesPlan, patientId: string): Promise<Sent> {
  const { serviceId, memberId, siteId } = plan
  const input = { id: ticket.id, serviceId, memberId, siteId, visits: visitsOf(plan, ticket) }
  return call('desk/book-series', { ...input, patient: { kind: 'known', patientId } }, { retry: true })
}
