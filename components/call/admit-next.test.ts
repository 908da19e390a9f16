import { afterEach, expect, test, vi } from 'vitest'
import { admitNext, takeAdmitNext } from './admit-next'

afterEach(() => vi.useRealTimers())

test('the press counts once, for the appointment that it was for', () => {
  admitNext('a')
  expect(takeAdmitNext('b')).toBe(false)
  expect(takeAdmitNext('a')).toBe(true)
  expect(takeAdmitNext('a')).toBe(false)
})

test('and for a minute: who arrives later is let in by a press of their own', () => {
  vi.useFakeTimers()
  admitNext('a')
  vi.advanceTimersByTime(60_000)
  expect(takeAdmitNext('a')).toBe(false)
})
