import { z } from 'zod'
import { Id } from '../ids.ts'

const minute = 60_000

/** Most times before an appointment at which a clinic reminds of it. */
export const mostLeads = 3
/** Minutes before, as the settings page offers them. Elapsed time: a change of the clocks in between moves no reminder. */
export const leadChoices = [30, 60, 120, 240, 720, 1440, 2880, 4320, 10_080, 20_160] as const
/** For a clinic that has chosen nothing. */
export const defaultLeads: readonly number[] = [1440]

export interface Setting {
  leads: readonly number[]
  /** Since when; null: always. */
  setAt: Date | null
  /** By text message too. */
  texts: boolean
}
export const settingOf = (chosen: Setting | null): Setting =>
  chosen ?? { leads: defaultLeads, setAt: null, texts: false }

export type ReminderState = 'waiting' | 'sending' | 'sent' | 'refused' | 'dropped'

export interface Timed {
  startsAt: Date
  /** Since when it has this time. */
  timedAt: Date
}

/**
 * The time before for which a reminder is due now, or null. Of several that have passed the last one counts, so that a worker that
 * was away for a day does not send two at once; none for a time that had passed when the appointment was booked or moved, or when
 * the clinic chose it; none for what has begun.
 */
export function dueLead(
  { leads, setAt }: Omit<Setting, 'texts'>,
  { startsAt, timedAt }: Timed,
  now: Date,
): number | null {
  if (startsAt <= now) return null
  const at = (lead: number) => startsAt.getTime() - lead * minute
  const passed = leads.filter((lead) => at(lead) <= now.getTime())
  if (passed.length === 0) return null
  const last = Math.min(...passed)
  return at(last) >= Math.max(timedAt.getTime(), setAt?.getTime() ?? 0) ? last : null
}

/** When a reminder that did not get through is tried again: after 2, 4, 8 … minutes, at last every half hour until the start. */
export const nextTry = (tries: number, now: Date): Date =>
  new Date(now.getTime() + Math.min(2 ** (tries + 1), 30) * minute)

export interface Failure {
  /** The mail server's answer, if there was one, and what it answered to. */
  responseCode?: unknown
  command?: unknown
}

/**
 * What becomes of a reminder whose sending failed. Before the claim the server has not got all of it: it is tried again, unless it
 * answered that this address or this mail never will be taken; what it says of our sign-in, our sender or itself may be mended. After
 * the claim only an answer says so; without one it may have been taken, and it is not sent again.
 */
export function decideFailed({ responseCode, command }: Failure, claimed: boolean): 'refused' | 'waiting' | 'unsure' {
  const code = typeof responseCode === 'number' ? responseCode : 0
  if (code >= 500 && code < 600 && (command === 'RCPT TO' || command === 'DATA')) return 'refused'
  return claimed && !(code >= 400 && code < 600) ? 'unsure' : 'waiting'
}

/**
 * The same of a text message, which is claimed before it is handed over: what was answered with 4xx was not taken, and is tried again
 * where it came too fast, or where our key is not good; where no connection was made nothing was sent.
 */
export function decideTextFailed({ status, unsent }: { status: number | null; unsent: boolean }) {
  if (unsent || (status !== null && [401, 403, 404, 429].includes(status))) return 'waiting' as const
  return status !== null && status >= 400 && status < 500 ? ('refused' as const) : ('unsure' as const)
}

/** What became of the reminders of the last thirty days. */
export interface ReminderCounts {
  sent: number
  /** On their way, or tried again. */
  waiting: number
  /** The mail server, or who carries text messages, did not take them. */
  refused: number
  /** The worker or the line broke off while the last of it was on its way: they may have arrived, and are not sent twice. */
  unsure: number
}

export interface ReminderSettings {
  leads: number[]
  /** Null: this installation sends no text messages. */
  texts: boolean | null
  counts: ReminderCounts
}

export const SaveInput = z.object({
  leads: z
    .array(z.literal(leadChoices, { error: 'invalid' }))
    .max(mostLeads, { error: 'tooLong' })
    .transform((leads): number[] => [...new Set(leads)].toSorted((a, b) => b - a)),
  texts: z.boolean(),
})
/** By the link of an appointment: whether its patient wants reminders. */
export const ChooseInput = z.object({
  id: Id,
  secret: z.string().regex(/^[\w-]{22,64}$/, { error: 'invalid' }),
  on: z.boolean(),
})

export interface ReminderContract {
  'reminder/save': { in: z.input<typeof SaveInput>; out: { leads: number[] } }
  'reminder/choose': { in: z.input<typeof ChooseInput>; out: { on: boolean } }
}
