import { expect, test } from 'vitest'
import {
  decideSession,
  groupsAfter,
  groupsOf,
  sitesOf,
  type InvitationState,
  nextInvitation,
  pronounce,
  slugify,
} from './rules.ts'

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
  [['practitioner'], { sites: ['a'] }, ['desk:a', 'clinical:a']],
  [['practitioner'], { sites: ['a', 'b'] }, ['desk:a', 'desk:b', 'clinical:a', 'clinical:b']],
  [['frontdesk'], { sites: ['a'] }, ['desk:a']],
  [['frontdesk', 'practitioner'], { sites: ['a'] }, ['desk:a', 'clinical:a']],
  // Officers run the whole clinic; their notes are the site's all the same.
  [['admin'], { sites: ['a'] }, ['desk', 'officers']],
  [['admin', 'practitioner'], { sites: ['a'] }, ['desk', 'clinical:a', 'officers']],
  [['practitioner'], { own: 'me' }, ['clinical:me']],
  [['practitioner'], { own: 'me', sites: ['a'] }, ['clinical:me']],
  [['frontdesk', 'practitioner'], { own: 'me' }, ['desk', 'clinical:me']],
] as const)('%s who sees %o belongs to %s', (roles, part, groups) => {
  expect(groupsOf(roles, part)).toEqual(groups)
})

test('other roles or sites take the scopes away that came with the former ones, and leave what was given beside them', () => {
  const owner = { memberId: 'me', roles: ['admin'], groups: ['clinical', 'desk', 'officers'] }
  expect(groupsAfter(owner, { roles: ['admin'], ownPatients: false, siteIds: ['a'] })).toEqual(owner.groups)
  const at = { memberId: 'me', roles: ['practitioner'], groups: ['clinical:a', 'desk:a'] }
  const to = (siteIds: string[], ownPatients = false) =>
    groupsAfter(at, { roles: ['practitioner'], ownPatients, siteIds })
  expect(to(['b'])).toEqual(['clinical:b', 'desk:b'])
  expect(to([])).toEqual(['clinical', 'desk'])
  expect(to([], true)).toEqual(['clinical:me'])
  expect(sitesOf(to(['a', 'b']), 'me')).toEqual(['a', 'b'])
  expect(sitesOf(to([], true), 'me')).toEqual([])
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
