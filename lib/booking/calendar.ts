import 'server-only'
import ical, {
  ICalAlarmType,
  ICalAttendeeRole,
  ICalAttendeeStatus,
  ICalCalendarMethod,
  ICalEventStatus,
} from 'ical-generator'
import type { Locale } from '../messages/catalogue.ts'
import { translator } from '../messages/translator.ts'
import type { AppointmentRow } from './store.ts'

export interface CalendarFacts {
  row: Pick<AppointmentRow, 'id' | 'startsAt' | 'endsAt' | 'sequence' | 'createdAt' | 'cancelledAt' | 'status'>
  clinic: string
  /** Where to be, in words; null: on the page that it leads to. */
  place: string | null
  locale: Locale
  /** Where the event leads. */
  link: string
  /** Who sends it to whom, when it goes by mail: then calendars take it up, change it and drop it by themselves. */
  mail?: { from: string; to: string }
}

/** The calendar's words for what is sent: an invitation or its end by mail, a file otherwise. */
export const methodOf = ({ row, mail }: Pick<CalendarFacts, 'row' | 'mail'>): 'REQUEST' | 'CANCEL' | 'PUBLISH' =>
  row.status === 'cancelled' ? 'CANCEL' : mail ? 'REQUEST' : 'PUBLISH'

const reminderSeconds = 15 * 60

/** One event for as long as the appointment lives: its id stays, its sequence rises. Neutral words, for calendars are shared. */
export function calendarOf(facts: CalendarFacts): string {
  const { row, clinic, locale, link, mail } = facts
  const cancelled = row.status === 'cancelled'
  const calendar = ical({
    prodId: { company: 'Curtain', product: 'Curtain', language: locale.toUpperCase() },
    method: ICalCalendarMethod[methodOf(facts)],
  })
  const event = calendar.createEvent({
    id: row.id,
    sequence: row.sequence,
    stamp: row.cancelledAt ?? row.createdAt,
    start: row.startsAt,
    end: row.endsAt,
    summary: translator(locale, 'mail')('event', { clinic }),
    description: link,
    url: link,
    ...(facts.place && { location: facts.place }),
    status: cancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    ...(mail ? { organizer: { name: clinic, email: addressIn(mail.from) } } : {}),
  })
  if (mail)
    event.createAttendee({
      email: mail.to,
      rsvp: false,
      role: ICalAttendeeRole.REQ,
      status: ICalAttendeeStatus.ACCEPTED,
    })
  if (!cancelled) event.createAlarm({ type: ICalAlarmType.display, trigger: reminderSeconds })
  return calendar.toString()
}

/** The address of `Name <address>`. */
const addressIn = (from: string) => /<([^>]+)>/.exec(from)?.[1] ?? from.trim()
