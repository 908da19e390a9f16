import { beforeEach, expect, test, vi } from 'vitest'
import { groupsOf } from '../access/rules.ts'
import type { BookingOffer } from '../booking/rules.ts'
import type { Sealed } from '../crypto/types.ts'
import type { Vault } from './vault-api.ts'
import { clinic, patientOf } from './vault-world.ts'
import { sendBooking } from './booking-send.ts'

const here = vi.hoisted(() => ({ vault: null as Vault | null, chain: null as unknown, sent: [] as Sealed[] }))
vi.mock('./vault.ts', () => ({ vault: () => here.vault }))
vi.mock('./api.ts', () => ({
  call: (action: string, input: { records?: Sealed[] }) => {
    if (action === 'access/chain') return Promise.resolve({ ok: true, value: here.chain })
    here.sent = input.records ?? []
    return Promise.resolve({ ok: true, value: {} })
  },
}))

const world = await clinic()
const whole = await world.join(['practitioner'])
const own = await world.join(['practitioner'], undefined, true)
const identity = { name: 'Vera', birthDate: '1990-01-01', email: 'vera@example.org' }
const offer = { clinicId: world.clinicId, service: {}, consentText: null } as unknown as BookingOffer
beforeEach(() => {
  here.chain = world.chain
})

/** The types sent and, of each, the groups that it went to. */
async function booked(practitioner: string, isKnown: boolean, site: string | null = null) {
  const { vault, handle } = await patientOf(world)
  here.vault = vault
  const known = isKnown
    ? { handle, identity, consent: { seq: 0, previous: '' }, helper: null, hasBeen: true, appointments: [] }
    : null
  const secret = 'A'.repeat(22)
  const ticket = {
    ...{ id: crypto.randomUUID(), secret, key: crypto.randomUUID(), linkSecret: secret },
    ...{
      patientId: crypto.randomUUID(),
      serviceId: 's',
      slot: { startsAt: '', memberId: null, siteId: site },
      memberId: practitioner,
      booked: false,
    },
  }
  const given = {
    known,
    identity,
    reason: 'a rash',
    answers: null,
    signedName: '',
    voucher: '',
    home: 'memory' as const,
  }
  expect(await sendBooking(offer, ticket, given)).toMatchObject({ ok: true })
  return here.sent.map(({ meta, grants }) => [
    meta.type,
    grants.flatMap(({ recipient }) => (recipient.kind === 'group' ? [recipient.id] : [])).sort(),
  ])
}

// Defence: `isOnTheirOwn` in booking-send.ts. Without it, the practitioner sees a patient without a name.
test('what a patient books with goes to those who may see that practitioner’s patients, a known one’s name too', async () => {
  const [scope] = groupsOf(['practitioner'], { own: own.memberId })
  const toOwn = [
    ['identity', ['clinical', scope, 'desk']],
    ['checklist', ['clinical', scope, 'desk']],
    ['reason', ['clinical', scope]],
  ]
  expect(await booked(own.memberId, false)).toEqual(toOwn)
  expect(await booked(own.memberId, true)).toEqual(toOwn)
  expect(await booked(whole.memberId, false)).toEqual([
    ['identity', ['clinical', 'desk']],
    ['checklist', ['clinical', 'desk']],
    ['reason', ['clinical']],
  ])
  expect(await booked(whole.memberId, true)).toEqual([
    ['checklist', ['clinical', 'desk']],
    ['reason', ['clinical']],
  ])
})
