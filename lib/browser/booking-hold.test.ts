import { beforeEach, expect, test, vi } from 'vitest'
import type { BookingOffer } from '../booking/rules.ts'
import { markBooked, takeSlot, type Ticket } from './booking-hold.ts'

const here = vi.hoisted(() => ({
  drafts: new Map<string, unknown>(),
  asked: [] as string[],
  appointment: {} as unknown,
}))
vi.mock('./vault.ts', () => ({
  vault: () => ({
    loadDraft: (name: string) => Promise.resolve(here.drafts.get(name) ?? null),
    saveDraft: (name: string, value: unknown) => Promise.resolve(here.drafts.set(name, value)),
  }),
}))
vi.mock('./api.ts', () => ({
  call: (action: string) => {
    here.asked.push(action)
    if (action === 'booking/appointment') return Promise.resolve(here.appointment)
    return Promise.resolve({ ok: true, value: { memberId: 'doctor' } })
  },
}))

const offer = { clinicId: 'clinic', service: { id: 'service' } } as BookingOffer
const slot = { startsAt: '2026-12-01T09:00:00.000Z', memberId: 'doctor', siteId: null }
const take = async () => {
  const taken = await takeSlot(offer, slot, () => undefined)
  return taken.ok ? taken.value : (null as never)
}
let booked: Ticket
beforeEach(async () => {
  here.drafts.clear()
  booked = (await take()).ticket
  await markBooked('clinic', booked)
  here.asked.length = 0
})

test.each([
  ['stands', { ok: true, value: { status: 'booked', startsAt: '2026-12-01T09:00:00Z' } }],
  ['lapsed unpaid, which its page says', { ok: true, value: { status: 'expired', startsAt: '2026-12-01T09:00:00Z' } }],
  ['is not asked about, with no way to the server', { ok: false, code: 'OFFLINE' }],
])('a time that this device booked leads to its visit where that %s', async (_, answer) => {
  here.appointment = answer
  expect(await take()).toMatchObject({ hold: null, ticket: { id: booked.id } })
  expect(here.asked).toEqual(['booking/appointment'])
})

// Defence: `stands`.
test.each([
  ['was cancelled', { ok: true, value: { status: 'cancelled', startsAt: slot.startsAt } }],
  ['was moved', { ok: true, value: { status: 'booked', startsAt: '2026-12-02T09:00:00.000Z' } }],
  ['was purged', { ok: false, code: 'NOT_FOUND' }],
])('a time that this device booked is held anew where that visit %s', async (_, answer) => {
  here.appointment = answer
  const taken = await take()
  expect(taken.hold).not.toBeNull()
  expect(taken.ticket.id).not.toBe(booked.id)
  expect(taken.ticket.secret).not.toBe(booked.secret)
  expect(here.asked).toEqual(['booking/appointment', 'booking/hold'])
})
