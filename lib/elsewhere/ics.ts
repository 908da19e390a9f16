import 'server-only'
import { runInNewContext } from 'node:vm'
import ICAL from 'ical.js'
import { Temporal } from 'temporal-polyfill'
import type { Stretch } from '../schedule/rules.ts'
import { knownZone } from '../time.ts'

// What another calendar says of somebody's time (RFC 5545): from when to when, and nothing of why or with whom.

export interface Range extends Stretch {
  /** In which days and times without a zone are meant. */
  zone: string
}
/** More than this is no practitioner's calendar. */
const mostStretches = 5_000
const mostSteps = 100_000
/** A rule that finds no day looks for one until it is stopped. */
const patienceMs = 1_000

/** Not a calendar, or not one that can be read in time. */
export class NotACalendar extends Error {}

/** Busy stretches of a calendar file within a range, oldest first; events that are free, cancelled or our own feed's are none. */
export function busyIn(text: string, range: Range): Stretch[] {
  try {
    return runInNewContext('read()', { read: () => read(text, range) }, { timeout: patienceMs }) as Stretch[]
  } catch (error) {
    throw new NotACalendar('no calendar', { cause: error })
  }
}

function read(text: string, range: Range): Stretch[] {
  const parsed = ICAL.parse(text) as unknown[]
  const files = (typeof parsed[0] === 'string' ? [parsed] : parsed) as unknown[][]
  if (!files.length) throw new NotACalendar()
  const found: Stretch[] = []
  const steps = { left: mostSteps }
  for (const file of files) {
    const calendar = new ICAL.Component(file as never)
    if (calendar.name !== 'vcalendar') throw new NotACalendar()
    const clock = clockOf(calendar, range.zone)
    for (const stretch of [...ofEvents(calendar, range, clock, steps), ...ofFreeBusy(calendar, clock)]) {
      const [from, until] = [Math.max(stretch.from, range.from), Math.min(stretch.until, range.until)]
      if (from < until) found.push({ from, until })
      if (found.length > mostStretches) throw new NotACalendar('too much')
    }
  }
  return union(found)
}

// ── the clock ──

type Clock = (time: ICAL.Time, tzid: string | null) => number

/** Instants of the file's times: by a zone's own name, else by what the file says of it, else by the clinic's clock. */
function clockOf(calendar: ICAL.Component, zone: string): Clock {
  return (time, tzid) => {
    if (!time.isDate && time.zone?.tzid === 'UTC') return time.toUnixTime() * 1000
    const at = { year: time.year, month: time.month, day: time.day }
    const clock = time.isDate ? {} : { hour: time.hour, minute: time.minute, second: time.second }
    const named = time.isDate || !tzid ? zone : knownZone(tzid)
    if (named) return Temporal.PlainDateTime.from({ ...at, ...clock }).toZonedDateTime(named).epochMilliseconds
    const written = calendar.getTimeZoneByID(tzid!)
    if (!written) return Temporal.PlainDateTime.from({ ...at, ...clock }).toZonedDateTime(zone).epochMilliseconds
    const wall = new ICAL.Time({ ...at, ...clock, isDate: false }, ICAL.Timezone.localTimezone)
    return wall.toUnixTime() * 1000 - written.utcOffset(wall) * 1000
  }
}

// ── events ──

const text = (component: ICAL.Component, name: string) =>
  String(component.getFirstPropertyValue(name) ?? '').toUpperCase()

/** Our own feed, subscribed to there and given back: those times are taken here already. */
const isOurs = (component: ICAL.Component) =>
  /^visit-[0-9a-f-]{36}$/.test(String(component.getFirstPropertyValue('uid') ?? ''))
const isBusy = (component: ICAL.Component) =>
  text(component, 'transp') !== 'TRANSPARENT' &&
  text(component, 'status') !== 'CANCELLED' &&
  text(component, 'x-microsoft-cdo-busystatus') !== 'FREE' &&
  !isOurs(component)

const zoneOf = (component: ICAL.Component, name: string): string | null => {
  const tzid = component.getFirstProperty(name)?.getParameter('tzid')
  return typeof tzid === 'string' ? tzid : null
}

function* ofEvents(calendar: ICAL.Component, range: Range, clock: Clock, steps: { left: number }): Generator<Stretch> {
  const all = calendar.getAllSubcomponents('vevent').filter((each) => each.hasProperty('dtstart'))
  const series = Map.groupBy(all, (each) => String(each.getFirstPropertyValue('uid') ?? ''))
  for (const [uid, components] of series) {
    const changed = uid ? components.filter((each) => each.hasProperty('recurrence-id')) : []
    const whole = components.filter((each) => !changed.includes(each))
    // A change without its series, as some calendars give out: a time of its own.
    if (!whole.length) for (const each of changed) if (isBusy(each)) yield once(each, clock)
    for (const each of whole) {
      const event = new ICAL.Event(each)
      if (!event.isRecurring()) {
        if (isBusy(each)) yield once(each, clock)
        continue
      }
      for (const change of changed) event.relateException(new ICAL.Event(change))
      yield* occurrences(event, range, clock, steps)
    }
  }
}

function once(component: ICAL.Component, clock: Clock): Stretch {
  const event = new ICAL.Event(component)
  const tzid = zoneOf(component, 'dtstart')
  const until = component.hasProperty('dtend')
    ? clock(event.endDate, zoneOf(component, 'dtend') ?? tzid)
    : clock(event.endDate, tzid)
  return { from: clock(event.startDate, tzid), until }
}

function* occurrences(event: ICAL.Event, range: Range, clock: Clock, steps: { left: number }): Generator<Stretch> {
  const tzid = zoneOf(event.component, 'dtstart')
  const iterator = event.iterator()
  for (let next = iterator.next(); next; next = iterator.next()) {
    if (steps.left-- <= 0) throw new NotACalendar('too much')
    // A changed time may lie well before or after its place in the series: a month is looked further.
    if (clock(next, tzid) >= range.until + month) return
    const { item, startDate, endDate } = event.getOccurrenceDetails(next)
    if (!isBusy(item.component)) continue
    const of = item === event ? tzid : (zoneOf(item.component, 'dtstart') ?? tzid)
    const stretch = { from: clock(startDate, of), until: clock(endDate, of) }
    if (stretch.until > range.from && stretch.from < range.until) yield stretch
  }
}
const month = 31 * 24 * 60 * 60_000

/** VFREEBUSY, as calendars publish that shall say no more. */
function* ofFreeBusy(calendar: ICAL.Component, clock: Clock): Generator<Stretch> {
  for (const component of calendar.getAllSubcomponents('vfreebusy'))
    for (const property of component.getAllProperties('freebusy')) {
      if (property.getParameter('fbtype') === 'FREE') continue
      for (const period of property.getValues() as ICAL.Period[])
        yield { from: clock(period.start, null), until: clock(period.getEnd(), null) }
    }
}

/** The same instants in stretches that neither meet nor touch. */
function union(all: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = []
  for (const { from, until } of all.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && from <= last.until) last.until = Math.max(last.until, until)
    else merged.push({ from, until })
  }
  return merged
}
