import { z } from 'zod'
import type { Sealed } from '../crypto/types.ts'
import { SealedRecord, type StoredRecord } from '../record/rules.ts'
import { Id, isId } from '../ids.ts'

/** Checked at the door to its shape; typed as what browsers seal. */
const sealed = SealedRecord as unknown as z.ZodType<Sealed, Sealed>

const day = z.iso.date({ error: 'date' })

/** In so many weeks or months, or on a day. */
export const RecallRule = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('in'),
    count: z.coerce
      .number({ error: 'number' })
      .int({ error: 'number' })
      .min(1, { error: 'number' })
      .max(60, { error: 'number' }),
    unit: z.enum(['weeks', 'months']),
  }),
  z.object({ kind: z.literal('on'), date: day }),
])
export type RecallRule = z.infer<typeof RecallRule>

export const RecallForm = z.object({
  rule: RecallRule,
  serviceId: z.string().refine(isId, { error: 'required' }),
  reason: z.string().trim().max(600, { error: 'tooLong' }),
})
export type RecallForm = z.infer<typeof RecallForm>

/** Sealed in the record of type `recall`, schema 1. */
export interface RecallContent {
  reason: string
  rule: RecallRule
  dueOn: string
}

/** The day a recall is due. Months keep the day, or take the month's last: January 31st and a month is February's end. */
export function dueOn(rule: RecallRule, today: string): string {
  if (rule.kind === 'on') return rule.date
  const [year, month, date] = today.split('-').map(Number) as [number, number, number]
  if (rule.unit === 'weeks') return isoDay(new Date(Date.UTC(year, month - 1, date + 7 * rule.count)))
  const last = new Date(Date.UTC(year, month + rule.count, 0)).getUTCDate()
  return isoDay(new Date(Date.UTC(year, month - 1 + rule.count, Math.min(date, last))))
}

const isoDay = (at: Date) => at.toISOString().slice(0, 10)

export type RecallStatus = 'scheduled' | 'invited' | 'booked' | 'declined' | 'overdue'
export type RecallEvent = 'invite' | 'book' | 'decline' | 'lapse'

/** How long after its day an unanswered recall is shown as overdue. */
export const overdueDays = 21

const moves: Record<RecallStatus, Partial<Record<RecallEvent, RecallStatus>>> = {
  scheduled: { invite: 'invited', book: 'booked', decline: 'declined' },
  invited: { book: 'booked', decline: 'declined', lapse: 'overdue' },
  overdue: { invite: 'invited', book: 'booked', decline: 'declined' },
  booked: {},
  declined: {},
}

export function nextRecall(status: RecallStatus, event: RecallEvent): RecallStatus | null {
  return moves[status][event] ?? null
}

/** What the day's job does with one recall. `booked`: the patient has a coming appointment made since. */
export function decideDue(
  recall: { status: RecallStatus; dueOn: string; booked: boolean },
  today: string,
): RecallEvent | null {
  if (nextRecall(recall.status, 'book') && recall.booked) return 'book'
  if (recall.status === 'scheduled' && recall.dueOn <= today) return 'invite'
  const lapses = dueOn({ kind: 'in', count: overdueDays / 7, unit: 'weeks' }, recall.dueOn)
  return recall.status === 'invited' && lapses <= today ? 'lapse' : null
}

export interface RecallRow {
  id: string
  patientId: string
  memberId: string
  practitioner: string
  serviceId: string
  service: string
  recordId: string
  dueOn: string
  status: RecallStatus
}

export const SetRecallInput = z.object({
  id: Id,
  appointmentId: Id,
  serviceId: Id,
  dueOn: day,
  record: sealed,
})
export const RecallMove = z.object({ id: Id })
export const RecallList = z.object({ status: z.enum(['open', 'all']).default('open') })

export interface RecallContract {
  'recall/set': { in: z.input<typeof SetRecallInput>; out: RecallRow }
  'recall/list': {
    in: z.input<typeof RecallList>
    out: { recalls: RecallRow[]; identities: StoredRecord[]; reasons: StoredRecord[] }
  }
  'recall/invite-now': { in: z.input<typeof RecallMove>; out: { done: true } }
  'recall/decline': { in: z.input<typeof RecallMove>; out: { done: true } }
}
