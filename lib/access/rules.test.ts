import { expect, test } from 'vitest'
import { decideSession, groupsOf, type InvitationState, nextInvitation, pronounce, slugify } from './rules.ts'

const now = new Date('2026-03-01T10:00:00Z')
const later = new Date('2026-03-01T11:00:00Z')
const before = new Date('2026-03-01T09:00:00Z')

test.each([
  [{ revokedAt: null, expiresAt: later, memberStatus: 'active' }, 'live'],
  [{ revokedAt: before, expiresAt: later, memberStatus: 'active' }, 'revoked'],
  [{ revokedAt: null, expiresAt: now, memberStatus: 'active' }, 'expired'],
  [{ revokedAt: null, expiresAt: later, memberStatus: 'removed' }, 'removed'],
  [{ revokedAt: null, expiresAt: later, memberStatus: 'registered' }, 'removed'],
] as const)('session %o is %s', (session, verdict) => {
  expect(decideSession(session, now)).toBe(verdict)
})

test.each([
  ['open', 'answered', null, 'cancelled'],
  ['answered', null, 'vouched', 'cancelled'],
  ['vouched', null, null, null],
  ['cancelled', null, null, null],
] as [InvitationState, InvitationState | null, InvitationState | null, InvitationState | null][])(
  'an invitation that is %s: answer %s, vouch %s, cancel %s',
  (state, answer, vouch, cancel) => {
    const at = { now, expiresAt: later }
    expect(nextInvitation(state, 'answer', at)).toBe(answer)
    expect(nextInvitation(state, 'vouch', at)).toBe(vouch)
    expect(nextInvitation(state, 'cancel', at)).toBe(cancel)
    expect(nextInvitation(state, 'answer', { now, expiresAt: before })).toBeNull()
  },
)

test.each([
  [['practitioner'], ['desk', 'clinical']],
  [['frontdesk'], ['desk']],
  [['admin'], ['desk', 'officers']],
  [
    ['admin', 'practitioner'],
    ['desk', 'clinical', 'officers'],
  ],
] as const)('%s belongs to %s', (roles, groups) => {
  expect(groupsOf(roles)).toEqual(groups)
})

test.each([
  ['Cabinet Médical de l’Église', 'cabinet-medical-de-l-eglise'],
  ['  --Ünïted  Clinic!!  ', 'united-clinic'],
  ['診療所', ''],
  ['a'.repeat(39) + ' bc', 'a'.repeat(39)],
])('%s becomes %s', (name, slug) => {
  expect(slugify(name)).toBe(slug)
})

test('bytes are spoken as the proquints of their 16 bits', () => {
  // From the proquints' own paper: 127.0.0.1 and 63.84.220.193.
  expect(pronounce(Uint8Array.of(127, 0, 0, 1))).toEqual(['lusab', 'babad'])
  expect(pronounce(Uint8Array.of(63, 84, 220, 193))).toEqual(['gutih', 'tugad'])
})
