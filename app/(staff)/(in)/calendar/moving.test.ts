import { expect, test } from 'vitest'
import { axisOf } from './axis'
import { type Board, lengthenedTo, movedTo, pushed, type Target } from './moving'

const day = '2026-11-24'
const at = (time: string, on = day) => Date.parse(`${on}T${time}:00Z`)
const board = (days = [day], members = ['a', 'b'], openings: number[] = []): Board => ({
  axis: axisOf(days, 'Etc/UTC'),
  columns: days.flatMap((on) => members.map((memberId) => ({ key: `${on} ${memberId}`, day: on, memberId, openings }))),
  shown: { from: 480, until: 1080 },
})
const visit = (step = 15, from = '09:00', until = '09:20') => ({
  ...{ step, startsAt: `${day}T${from}:00Z`, endsAt: `${day}T${until}:00Z` },
})
const here: Target = { column: `${day} a`, memberId: 'a', from: at('09:00'), until: at('09:20') }

test('a start goes to the nearest of the service’s own pace, and keeps the length', () => {
  const all = board()
  expect(movedTo(all, visit(), all.columns[1]!, 10 * 60 + 8)).toEqual({
    ...{ column: `${day} b`, memberId: 'b', from: at('10:15'), until: at('10:35') },
  })
  expect(movedTo(all, visit(), all.columns[1]!, 10 * 60 + 7).from).toBe(at('10:00'))
  // Hours that begin at ten past set the pace from there on.
  const late = board([day], ['a'], [at('09:10')])
  expect(movedTo(late, visit(20), late.columns[0]!, 9 * 60 + 52).from).toBe(at('09:50'))
})

test('nothing goes out of what is drawn', () => {
  const all = board()
  expect(movedTo(all, visit(), all.columns[0]!, 0).from).toBe(at('08:00'))
  expect(movedTo(all, visit(), all.columns[0]!, 1440).from).toBe(at('17:45'))
  expect(pushed(all, visit(), { ...here, from: at('08:00'), until: at('08:20') }, 'earlier').from).toBe(at('08:00'))
})

test('a length changes by five minutes, from five minutes to eight hours', () => {
  const all = board()
  expect(lengthenedTo(all, here, 9 * 60 + 43).until).toBe(at('09:45'))
  expect(lengthenedTo(all, here, 8 * 60).until).toBe(at('09:05'))
  expect(lengthenedTo(all, here, 1440).until).toBe(at('17:00'))
  expect(pushed(all, visit(), here, 'longer').until).toBe(at('09:25'))
  expect(pushed(all, visit(), { ...here, until: at('09:05') }, 'shorter').until).toBe(at('09:05'))
})

test('the keyboard goes along the day and to the column beside, and stops at the edge', () => {
  const all = board()
  expect(pushed(all, visit(), here, 'later')).toMatchObject({ from: at('09:15'), until: at('09:35') })
  expect(pushed(all, visit(), here, 'after')).toEqual({ ...here, column: `${day} b`, memberId: 'b' })
  expect(pushed(all, visit(), here, 'before')).toEqual(here)
})

test('in a week it keeps its hour of the clock, over a change of it too', () => {
  const days = ['2026-10-24', '2026-10-25']
  const week: Board = {
    axis: axisOf(days, 'Europe/Paris'),
    columns: days.map((on) => ({ key: `${on} a`, day: on, memberId: 'a', openings: [] })),
    shown: { from: 0, until: 1500 },
  }
  const from = Date.parse('2026-10-24T07:00:00Z')
  const target = pushed(week, visit(), { column: '2026-10-24 a', memberId: 'a', from, until: from + 1 }, 'after')
  // Nine in summer time, nine in winter time.
  expect(target.from).toBe(Date.parse('2026-10-25T08:00:00Z'))
})
