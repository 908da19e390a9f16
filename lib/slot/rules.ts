import { z } from 'zod'
import type { Assignment } from '../clinic/rules.ts'
import { Day } from '../day.ts'
import { Id } from '../ids.ts'
import { addDays, dayIn } from '../time.ts'

/** A new start is offered at the service's own pace: each 10 to 30 minutes. */
export const stepMinutes = (minutes: number) => Math.min(30, Math.max(10, minutes))

/** Where each further fortnight to search begins. Never before today: whoever asks about long ago would have us search centuries. */
export function fortnightsAfter(lastDay: string, today: string, horizonDays: number): string[] {
  const days: string[] = []
  const next = addDays(lastDay, 1)
  const horizon = addDays(today, horizonDays + 1)
  for (let day = next < today ? today : next; day <= horizon; day = addDays(day, 14)) days.push(day)
  return days
}

export const SlotsInput = z.object({
  clinicId: Id,
  serviceId: Id,
  memberId: Id.nullish(),
  siteId: Id.nullish(),
  from: Day,
  days: z.number().int().min(1).max(31),
})

export interface SlotView {
  startsAt: string
  /** Null: whoever it will be, the patient does not choose. */
  memberId: string | null
  siteId: string | null
}
/** With whom it is. */
export interface MemberSlot extends SlotView {
  memberId: string
}
/** Free times, or the day of the next one. */
export interface FreeTimes<S extends SlotView = SlotView> {
  slots: S[]
  next: string | null
}
/** The day after those shown on which the next free time is: it was read with them, or found further on. */
export function nextFree({ slots, next }: FreeTimes, lastShown: string, zone: string): string | null {
  const days = slots.map(({ startsAt }) => dayIn(zone, new Date(startsAt)))
  return days.find((day) => day > lastShown) ?? next
}
/** Each time and place once, whoever has it. */
export function withoutWhom(slots: readonly MemberSlot[]): SlotView[] {
  const byTime = new Map(slots.map(({ startsAt, siteId }) => [`${startsAt} ${siteId}`, { startsAt, siteId }]))
  return [...byTime.values()].map((each) => ({ ...each, memberId: null }))
}
/**
 * Who is asked, one after the other, for a time that these have: as the clinic lists them, or in turn, whoever has fewest first.
 * `had`: how many each has; with as many, the id decides, so that it is the same for whoever asks.
 */
export function askedInOrder(
  assignment: Exclude<Assignment, 'choose'>,
  memberIds: readonly string[],
  had: ReadonlyMap<string, number>,
): string[] {
  if (assignment === 'first') return [...memberIds]
  const count = (id: string) => had.get(id) ?? 0
  return memberIds.toSorted((a, b) => count(a) - count(b) || (a < b ? -1 : 1))
}
/** The free time nearest to one that was lost; of two as near, one with the same practitioner. Null where there is none. */
export function nearestSlot(
  slots: readonly SlotView[],
  lost: Pick<SlotView, 'startsAt' | 'memberId'>,
): SlotView | null {
  const away = ({ startsAt }: SlotView) => Math.abs(Date.parse(startsAt) - Date.parse(lost.startsAt))
  const other = ({ memberId }: SlotView) => Number(memberId !== lost.memberId)
  return slots.toSorted((a, b) => away(a) - away(b) || other(a) - other(b))[0] ?? null
}
/** What may become of an appointment: where it stands, who could take it, and when. */
export interface MoveTimes extends FreeTimes {
  zone: string
  today: string
  sequence: number
  memberId: string
  startsAt: string
  endsAt: string
  /** Beside others. */
  walkIn: boolean
  /** Booked by the clinic, with practitioners whose hours have room for walk-ins. */
  mayBeside: boolean
  practitioners: { memberId: string; name: string }[]
  sites: { id: string; name: string }[]
}
/** A slot as a link or a choice names it. */
export const slotName = ({ startsAt, memberId, siteId }: SlotView) =>
  [startsAt, memberId ?? '', ...(siteId ? [siteId] : [])].join('~')
export function readSlot(text: string): SlotView {
  const [startsAt = '', memberId = '', siteId = null] = text.split('~')
  return { startsAt, memberId: memberId || null, siteId }
}
