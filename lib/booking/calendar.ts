import 'server-only'
import ical, {
  ICalAlarmType,
  ICalAttendeeRole,
  ICalAttendeeStatus,
  type ICalCalendar,
  ICalCalendarMethod,
  type ICalEvent,
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

/** Several at once: events that are published, for an invitation is to one alone. A change of one comes as its own. */
export function calendarOfAll(all: readonly CalendarFacts[]): string {
  const calendar = ical({
    prodId: { company: 'Curtain', product: 'Curtain', language: all[0]!.locale.toUpperCase() },
    method: ICalCalendarMethod.PUBLISH,
  })
  for (const facts of all) addEvent(calendar, facts)
  return calendar.toString()
}

/** One event for as long as the appointment lives: its id stays, its sequence rises. Neutral words, for calendars are shared. */
export function calendarOf(facts: CalendarFacts): string {
  const { locale, mail } = facts
  const calendar = ical({
    prodId: { company: 'Curtain', product: 'Curtain', language: locale.toUpperCase() },
    method: ICalCalendarMethod[methodOf(facts)],
  })
  const event = addEvent(calendar, facts)
  if (mail)
    event.createAttendee({
      email: mail.to,
      rsvp: false,
      role: ICalAttendeeRole.REQ,
      status: ICalAttendeeStatus.ACCEPTED,
    })
  return calendar.toString()
}

function addEvent(calendar: ICalCalendar, { row, clinic, place, locale, link, mail }: CalendarFacts): ICalEvent {
  const cancelled = row.status === 'cancelled'
  const event = calendar.createEvent({
    id: row.id,
    sequence: row.sequence,
    stamp: row.cancelledAt ?? row.createdAt,
    start: row.startsAt,
    end: row.endsAt,
    summary: translator(locale, 'mail')('event', { clinic }),
    description: link,
    url: link,
    ...(place && { location: place }),
    status: cancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    ...(mail ? { organizer: { name: clinic, email: addressIn(mail.from) } } : {}),
  })
  if (!cancelled) event.createAlarm({ type: ICalAlarmType.display, trigger: reminderSeconds })
  return event
}

/** The address of `Name <address>`. */
const addressIn = (from: string) => /<([^>]+)>/.exec(from)?.[1] ?? from.trim()
