import { describe, expect, it } from 'vitest'
import {
  AddInput,
  JoinInput,
  againAfter,
  bookedSince,
  endOf,
  mailboxOf,
  mayTell,
  mostSlots,
  offerUntil,
  outcomeOf,
  seenEntries,
  suitingStarts,
  suits,
  type Wish,
} from './rules'

const wish: Wish = {
  ...{ serviceId: 's', memberId: null, siteId: null, timeZone: 'Asia/Kathmandu' },
  ...{ firstDay: '2026-12-01', lastDay: '2026-12-03', parts: ['morning', 'evening'] },
}
const slot = (startsAt: string, more: { memberId?: string; siteId?: string | null } = {}) => ({
  ...{ startsAt, memberId: 'a', siteId: null, ...more },
})

describe('a time suits', () => {
  // Kathmandu is 5:45 ahead.
  it.each([
    ['in the morning of the first day', slot('2026-11-30T18:15:00Z'), {}, true],
    ['the evening before', slot('2026-11-30T18:00:00Z'), {}, false],
    ['last minute of the morning', slot('2026-12-01T06:14:00Z'), {}, true],
    ['at noon', slot('2026-12-01T06:15:00Z'), {}, false],
    ['from six', slot('2026-12-01T12:15:00Z'), {}, true],
    ['on the last evening', slot('2026-12-03T18:00:00Z'), {}, true],
    ['on the day after', slot('2026-12-03T18:15:00Z'), {}, false],
    ['with whom they want', slot('2026-12-01T01:00:00Z'), { memberId: 'a' }, true],
    ['with somebody else', slot('2026-12-01T01:00:00Z'), { memberId: 'b' }, false],
    ['where they want', slot('2026-12-01T01:00:00Z', { siteId: 'x' }), { siteId: 'x' }, true],
    ['elsewhere', slot('2026-12-01T01:00:00Z'), { siteId: 'x' }, false],
    ['anywhere', slot('2026-12-01T01:00:00Z', { siteId: 'x' }), {}, true],
  ])('%s', (_, at, more, yes) => {
    expect(suits({ ...wish, ...more }, at)).toBe(yes)
  })
})

describe('what was free before', () => {
  const early = '2026-12-01T01:00:00.000Z'
  const late = '2026-12-01T13:00:00.000Z'
  it('is each start once, of those that suit', () => {
    const slots = [slot(early), slot(early, { memberId: 'b' }), slot('2026-12-01T09:00:00.000Z'), slot(late)]
    expect(suitingStarts(wish, slots)).toEqual([early, late])
  })
  it.each([
    ['is so while anybody has it free', {}, [slot(early, { memberId: 'b' }), slot(late)], []],
    ['is news once it was booked', {}, [slot(late)], [early]],
    ['of one practitioner is theirs', { memberId: 'a' }, [slot(early, { memberId: 'b' }), slot(late)], [early]],
    ['at one site is there', { siteId: 'x' }, [slot(early), slot(late, { siteId: 'x' })], [early]],
    ['is not known beyond what is looked at', {}, Array<ReturnType<typeof slot>>(mostSlots).fill(slot(early)), []],
  ])('%s', (_, more, slots, booked) => {
    expect(bookedSince([early, late], { ...wish, ...more }, slots)).toEqual(booked)
  })
})

it.each([
  ['at eight', '2026-12-01T07:00:00Z', '2026-12-20T09:00:00Z', true],
  ['just before eight', '2026-12-01T06:59:00Z', '2026-12-20T09:00:00Z', false],
  ['just before eight in the evening', '2026-12-01T18:59:00Z', '2026-12-20T09:00:00Z', true],
  ['at eight in the evening', '2026-12-01T19:00:00Z', '2026-12-20T09:00:00Z', false],
  ['at night, where the morning is soon enough', '2026-12-01T23:00:00Z', '2026-12-02T09:00:00Z', false],
  ['at night, where the morning would be too late', '2026-12-01T23:00:00Z', '2026-12-02T08:59:00Z', true],
  ['at night, for what begins at night', '2026-12-01T23:00:00Z', '2026-12-02T01:00:00Z', true],
])('tells in Paris %s', (_, now, startsAt, yes) => {
  expect(mayTell('Europe/Paris', new Date(startsAt), new Date(now))).toBe(yes)
})

it('holds for as long as the clinic says, and not up to the start', () => {
  const now = new Date('2026-12-01T10:00:00Z')
  expect(offerUntil(new Date('2026-12-02T10:00:00Z'), 30, now)).toEqual(new Date('2026-12-01T10:30:00Z'))
  expect(offerUntil(new Date('2026-12-01T10:20:00Z'), 30, now)).toEqual(new Date('2026-12-01T10:15:00Z'))
})

const now = new Date('2026-12-01T10:00:00Z')
const told = { toldAt: now }
it.each([
  ['stands while it is held', told, { status: 'held', heldUntil: now, patientId: null }, null],
  ['was let pass', told, { status: 'held', heldUntil: new Date(+now - 1), patientId: null }, 'missed'],
  ['was let pass, as the minute job saw', told, { status: 'expired', heldUntil: now, patientId: null }, 'missed'],
  ['was told to nobody', { toldAt: null }, { status: 'expired', heldUntil: now, patientId: null }, 'untold'],
  ['was booked and not paid', { toldAt: null }, { status: 'expired', heldUntil: now, patientId: 'p' }, 'missed'],
  ['is booked', told, { status: 'booked', heldUntil: null, patientId: 'p' }, 'booked'],
  ['was booked and cancelled', told, { status: 'cancelled', heldUntil: null, patientId: 'p' }, 'booked'],
  [
    'was cancelled before it was paid',
    told,
    { status: 'cancelled', heldUntil: null, patientId: 'p', timedAt: new Date(now.getTime() - 60_000) },
    'missed',
  ],
] as const)('an offer %s', (_, offer, held, outcome) => {
  expect(outcomeOf(offer, { heldSince: now, timedAt: now, ...held }, now)).toBe(outcome)
})

const entry = {
  ...{
    state: 'waiting' as const,
    missed: 0,
    untold: 0,
    lastDay: '2026-12-01',
    timeZone: 'Pacific/Kiritimati',
    madeAt: now,
  },
}
it.each([
  ['goes on', {}, { inOffer: false }, new Date('2026-12-01T09:59:00Z'), null],
  ['is over after its last day, in its zone', {}, { inOffer: false }, now, 'over'],
  ['is not over while a time is held', {}, { inOffer: true }, now, null],
  ['ends after two that were let pass', { missed: 2, lastDay: '2027-01-01' }, { inOffer: false }, now, 'missed'],
  [
    'ends after six that nobody could be told of',
    { untold: 6, lastDay: '2027-01-01' },
    { inOffer: false },
    now,
    'unreachable',
  ],
  ['goes on after one', { missed: 1, lastDay: '2027-01-01' }, { inOffer: false }, now, null],
  [
    'ends unconfirmed after a day',
    { state: 'asked' as const, lastDay: '2027-01-01' },
    { inOffer: false },
    new Date(+now + 86_400_000),
    'unconfirmed',
  ],
  [
    'waits a day for a confirmation',
    { state: 'asked' as const, lastDay: '2027-01-01' },
    { inOffer: false },
    new Date(+now + 86_399_999),
    null,
  ],
])('waiting %s', (_, more, offer, at, reason) => {
  expect(endOf({ ...entry, ...more }, offer, at)).toBe(reason)
})

it('a desk of one site sees who waits there or anywhere', () => {
  const desk = { memberId: 'm', roles: ['frontdesk' as const] }
  expect(seenEntries(desk, {})).toEqual({})
  expect(seenEntries(desk, { sites: ['x'] })).toEqual({
    OR: [{ siteId: { in: ['x'] } }, { memberId: 'm' }, { siteId: null, memberId: null }],
  })
  expect(seenEntries({ memberId: 'm', roles: ['practitioner'] }, { own: 'm' })).toEqual({ memberId: 'm' })
})

it('what is waited for is in order, and somebody can be reached', () => {
  const id = '00000000-0000-4000-8000-000000000000'
  const input = {
    ...{ id, clinicId: id, serviceId: id, memberId: null, siteId: null, firstDay: '2026-12-01', lastDay: '2026-12-31' },
    ...{
      parts: ['evening', 'morning', 'evening'],
      email: ' Pat@Example.org ',
      phone: '',
      locale: 'en',
      timeZone: 'UTC',
    },
  }
  expect(JoinInput.parse(input)).toMatchObject({ parts: ['morning', 'evening'], email: 'pat@example.org' })
  for (const fault of [
    { lastDay: '2026-11-30' },
    { lastDay: '2027-12-31' },
    { parts: [] },
    { email: '' },
    { email: 'pat' },
    { email: '', phone: '+33612345678' },
    { timeZone: 'Nowhere/City' },
  ])
    expect(JoinInput.safeParse({ ...input, ...fault }).success).toBe(false)
  // A number is for the desk to take down, which has heard it.
  expect(AddInput.safeParse({ ...input, email: '', phone: '+33612345678' }).success).toBe(true)
  expect(AddInput.safeParse({ ...input, email: '', phone: '' }).success).toBe(false)
})

it.each([
  ['Ada+one@Example.org', 'ada@example.org'],
  ['a.da@example.org', 'a.da@example.org'],
  ['A.d.a+x+y@googlemail.com', 'ada@gmail.com'],
  ['+only@example.org', '+only@example.org'],
])('%s is read by whoever reads %s', (typed, mailbox) => {
  expect(mailboxOf(typed)).toBe(mailbox)
})

it('is tried again later and later', () => {
  expect([0, 1, 2, 5].map((times) => againAfter(times) / 60_000)).toEqual([15, 30, 60, 480])
})
