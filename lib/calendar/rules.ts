import { z } from 'zod'
import type { CompanionKind } from '../companion/rules.ts'
import { Day } from '../day.ts'
import type { DayRow } from '../encounter/rules.ts'
import { Id } from '../ids.ts'
import type { StoredRecord } from '../record/rules.ts'
import type { Stretch } from '../schedule/rules.ts'

export const CalendarInput = z.object({
  day: Day.optional(),
  span: z.enum(['day', 'week']),
  memberId: Id.optional(),
  /** Without them for who has them already: most of what changes is a time or a state. */
  names: z.boolean().default(true),
})

/** When something of one practitioner's begins and ends: milliseconds since 1970. */
export interface MemberStretch extends Stretch {
  memberId: string
}

/** A time that is somebody's once who comes along has said yes. */
export interface HeldVisit extends MemberStretch {
  appointmentId: string
  patientId: string
  service: string
  practitioner: string
  kind: CompanionKind
}

/**
 * Some days of the clinic. One day, or one practitioner's week, has every appointment with the records that say whose it is; the
 * week of everybody has `load` alone, and nobody's name.
 */
export interface CalendarView {
  span: 'day' | 'week'
  day: string
  /** Local days that are shown, oldest first. */
  days: string[]
  zone: string
  today: string
  /** One column each; of a week, the one asked for. */
  practitioners: { memberId: string; name: string }[]
  /** Whose calendar may be chosen. */
  choices: { memberId: string; name: string }[]
  /** What stands, and what touches the first of these days from the one before. What was cancelled stands nowhere. */
  rows: DayRow[]
  load: MemberStretch[]
  /** What may be visits yet: taken until then. */
  held: HeldVisit[]
  /** Taken by appointments that the one who asks does not see. */
  taken: MemberStretch[]
  /** By the hours, absences not taken out; each within one local day. */
  open: MemberStretch[]
  away: MemberStretch[]
  /** Busy by a calendar of their own, of which nothing else is known. */
  elsewhere: MemberStretch[]
  /** Days on which the clinic is closed. */
  closed: string[]
  /** Who the patients of `rows` and `held` are, sealed; none where they were not asked for. */
  records: StoredRecord[]
}

export interface CalendarContract {
  'calendar/load': { in: z.input<typeof CalendarInput>; out: CalendarView }
}
