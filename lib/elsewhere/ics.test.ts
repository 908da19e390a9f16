// Calendars as Google, Outlook, Apple and Nextcloud write them: from when to when somebody is busy.
import ical from 'ical-generator'
import { describe, expect, test } from 'vitest'
import { busyIn, NotACalendar } from './ics.ts'

const day = 86_400_000
const range = (from: string, days = 7, zone = 'Europe/Paris') => ({
  ...{ from: Date.parse(from), until: Date.parse(from) + days * day, zone },
})
const file = (...lines: string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//EN', ...lines, 'END:VCALENDAR'].join('\r\n')
const event = (...lines: string[]) =>
  file('BEGIN:VEVENT', 'UID:a@b', 'DTSTAMP:20270301T000000Z', ...lines, 'END:VEVENT')
const said = (text: string, within = range('2027-03-22T00:00:00Z')) =>
  busyIn(text, within).map(({ from, until }) => [new Date(from).toISOString(), (until - from) / 60_000])

describe('one event', () => {
  test('in UTC, in a zone by its name, and in none: then by the clinic’s clock', () => {
    const at = [['2027-03-23T09:00:00.000Z', 60]]
    expect(said(event('DTSTART:20270323T090000Z', 'DTEND:20270323T100000Z'))).toEqual(at)
    expect(said(event('DTSTART;TZID=Europe/Paris:20270323T100000', 'DURATION:PT1H'))).toEqual(at)
    expect(
      said(event('DTSTART;TZID=America/New_York:20270323T050000', 'DTEND;TZID=America/New_York:20270323T060000')),
    ).toEqual(at)
    expect(said(event('DTSTART:20270323T100000', 'DTEND:20270323T110000'))).toEqual(at)
  })

  test('by what the file says of a zone that nobody else knows, as Outlook names them', () => {
    const zone = [
      ...['BEGIN:VTIMEZONE', 'TZID:W. Europe Standard Time', 'BEGIN:STANDARD', 'DTSTART:16010101T030000'],
      ...['TZOFFSETFROM:+0200', 'TZOFFSETTO:+0100', 'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10', 'END:STANDARD'],
      ...['BEGIN:DAYLIGHT', 'DTSTART:16010101T020000', 'TZOFFSETFROM:+0100', 'TZOFFSETTO:+0200'],
      ...['RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3', 'END:DAYLIGHT', 'END:VTIMEZONE'],
    ]
    const at = (start: string) =>
      file(
        ...zone,
        'BEGIN:VEVENT',
        'UID:x',
        `DTSTART;TZID=W. Europe Standard Time:${start}`,
        'DURATION:PT30M',
        'END:VEVENT',
      )
    expect(said(at('20270323T100000'))).toEqual([['2027-03-23T09:00:00.000Z', 30]])
    expect(said(at('20270329T100000'), range('2027-03-29T00:00:00Z'))).toEqual([['2027-03-29T08:00:00.000Z', 30]])
  })

  test('of a whole day is the clinic’s day, with the hour that it lacks', () => {
    expect(said(event('DTSTART;VALUE=DATE:20270328', 'DTEND;VALUE=DATE:20270329'))).toEqual([
      ['2027-03-27T23:00:00.000Z', 23 * 60],
    ])
    expect(said(event('DTSTART;VALUE=DATE:20270324'))).toEqual([['2027-03-23T23:00:00.000Z', 24 * 60]])
  })

  test('that is free, cancelled, or our own given back, is none', () => {
    const times = ['DTSTART:20270323T090000Z', 'DTEND:20270323T100000Z']
    expect(said(event(...times, 'TRANSP:TRANSPARENT'))).toEqual([])
    expect(said(event(...times, 'STATUS:CANCELLED'))).toEqual([])
    expect(said(event(...times, 'X-MICROSOFT-CDO-BUSYSTATUS:FREE'))).toEqual([])
    expect(said(event(...times).replace('a@b', `visit-${crypto.randomUUID()}`))).toEqual([])
    expect(said(event(...times, 'TRANSP:OPAQUE', 'STATUS:TENTATIVE'))).toHaveLength(1)
  })
})

describe('a series', () => {
  test('keeps its time on the wall through a change of the clock', () => {
    const weekly = event('DTSTART;TZID=Europe/Paris:20270105T100000', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;BYDAY=MO,TU')
    expect(said(weekly, range('2027-03-26T00:00:00Z', 8))).toEqual([
      ['2027-03-29T08:00:00.000Z', 60],
      ['2027-03-30T08:00:00.000Z', 60],
    ])
    expect(said(weekly)).toEqual([
      ['2027-03-22T09:00:00.000Z', 60],
      ['2027-03-23T09:00:00.000Z', 60],
    ])
  })

  test('leaves out what it excludes, moves what was moved, and is free where one was made so', () => {
    const text = file(
      ...[
        'BEGIN:VEVENT',
        'UID:s',
        'DTSTART;TZID=Europe/Paris:20270322T100000',
        'DTEND;TZID=Europe/Paris:20270322T110000',
      ],
      ...['RRULE:FREQ=DAILY;COUNT=5', 'EXDATE;TZID=Europe/Paris:20270323T100000', 'END:VEVENT'],
      ...[
        'BEGIN:VEVENT',
        'UID:s',
        'RECURRENCE-ID;TZID=Europe/Paris:20270324T100000',
        'DTSTART:20270324T140000Z',
        'DTEND:20270324T143000Z',
        'END:VEVENT',
      ],
      ...['BEGIN:VEVENT', 'UID:s', 'RECURRENCE-ID;TZID=Europe/Paris:20270325T100000', 'TRANSP:TRANSPARENT'],
      ...['DTSTART;TZID=Europe/Paris:20270325T100000', 'DTEND;TZID=Europe/Paris:20270325T110000', 'END:VEVENT'],
    )
    expect(said(text)).toEqual([
      ['2027-03-22T09:00:00.000Z', 60],
      ['2027-03-24T14:00:00.000Z', 30],
      ['2027-03-26T09:00:00.000Z', 60],
    ])
  })

  test('that began long ago is found, and one without an end ends with the range', () => {
    const old = event('DTSTART:19990101T080000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY')
    expect(said(old, range('2027-03-22T00:00:00Z', 400))).toHaveLength(400)
  })
})

test('what overlaps is one, and what lies outside is none', () => {
  const at = (from: string, until: string) => [
    'BEGIN:VEVENT',
    `UID:${from}`,
    `DTSTART:${from}`,
    `DTEND:${until}`,
    'END:VEVENT',
  ]
  const text = file(
    ...at('20270323T090000Z', '20270323T100000Z'),
    ...at('20270323T093000Z', '20270323T110000Z'),
    ...at('20270321T220000Z', '20270322T010000Z'),
    ...at('20280101T090000Z', '20280101T100000Z'),
  )
  expect(said(text)).toEqual([
    ['2027-03-22T00:00:00.000Z', 60],
    ['2027-03-23T09:00:00.000Z', 120],
  ])
})

test('busy times alone, as some calendars publish them', () => {
  const text = file(
    ...['BEGIN:VFREEBUSY', 'UID:f', 'FREEBUSY;FBTYPE=BUSY:20270323T090000Z/20270323T100000Z,20270324T090000Z/PT15M'],
    ...['FREEBUSY;FBTYPE=FREE:20270325T090000Z/PT1H', 'END:VFREEBUSY'],
  )
  expect(said(text)).toEqual([
    ['2027-03-23T09:00:00.000Z', 60],
    ['2027-03-24T09:00:00.000Z', 15],
  ])
})

test('another library’s file is read as it was meant', () => {
  const calendar = ical({ name: 'Mine' })
  calendar.createEvent({
    start: new Date('2027-03-23T09:00:00Z'),
    end: new Date('2027-03-23T09:45:00Z'),
    summary: 'Dentist',
  })
  expect(said(calendar.toString())).toEqual([['2027-03-23T09:00:00.000Z', 45]])
})

describe('what is no calendar', () => {
  test('is said so', () => {
    for (const text of ['', '<html>Sign in</html>', 'BEGIN:VCARD\r\nEND:VCARD', 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT'])
      expect(() => busyIn(text, range('2027-03-22T00:00:00Z')), text).toThrow(NotACalendar)
  })

  test('nor one that never ends: each second, each minute; and a rule without a day has none, or is stopped', () => {
    const within = range('2027-03-22T00:00:00Z')
    const each = (rule: string) => event('DTSTART:20200101T000000Z', 'DURATION:PT1S', `RRULE:${rule}`)
    for (const rule of ['FREQ=SECONDLY', 'FREQ=MINUTELY'])
      expect(() => busyIn(each(rule), within), rule).toThrow(NotACalendar)
    let found: unknown[] = []
    try {
      found = busyIn(each('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31'), within)
    } catch (error) {
      expect(error).toBeInstanceOf(NotACalendar)
    }
    expect(found).toEqual([])
  }, 20_000)
})
