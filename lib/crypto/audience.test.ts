import { expect, test } from 'vitest'
import { audienceOf } from './policy.ts'
import type { Group, RecordType } from './types.ts'

const [OWN, SITE, OTHER] = ['1', '2', '3'].map((n) => `${n.repeat(8)}-1111-4111-8111-111111111111`) as [
  string,
  string,
  string,
]
const member = (memberId: string, ...groups: Group[]) => ({ memberId, groups })
const members = [
  member('whole', 'clinical', 'desk'),
  member(OWN, `clinical:${OWN}`),
  member('desk too', `clinical:${SITE}`, 'desk'),
  member('both', 'clinical', `clinical:${SITE}`),
  member('desk alone', 'desk'),
  member('at site', `clinical:${SITE}`, `desk:${SITE}`),
  member('at both', `clinical:${SITE}`, `clinical:${OTHER}`, `desk:${SITE}`, `desk:${OTHER}`),
]

// Defence: the line on scopes in audienceOf. Without it, what is written for one practitioner's own patients has no scope.
test.each<[string, RecordType, Group, Group[], string?]>([
  ['whole', 'reason', 'clinical', ['clinical']],
  ['whole', 'identity', 'desk', ['desk', 'clinical']],
  [OWN, 'reason', `clinical:${OWN}`, ['clinical', `clinical:${OWN}`]],
  [OWN, 'note', `clinical:${OWN}`, ['clinical', `clinical:${OWN}`]],
  [OWN, 'identity', 'desk', ['desk', 'clinical', `clinical:${OWN}`]],
  [OWN, 'checklist', 'desk', ['desk', 'clinical', `clinical:${OWN}`]],
  ['desk too', 'intake', `clinical:${SITE}`, ['clinical', `clinical:${SITE}`]],
  ['both', 'intake', 'clinical', ['clinical']],
  ['desk alone', 'intake', 'clinical', ['clinical']],
  ['nobody', 'intake', 'clinical', ['clinical']],
  ['whole', 'note', `clinical:${SITE}`, ['clinical', `clinical:${SITE}`], SITE],
  ['whole', 'identity', `desk:${SITE}`, ['desk', 'clinical', `desk:${SITE}`, `clinical:${SITE}`], SITE],
  ['at site', 'note', `clinical:${SITE}`, ['clinical', `clinical:${SITE}`], SITE],
  ['at site', 'identity', `desk:${SITE}`, ['desk', 'clinical', `desk:${SITE}`, `clinical:${SITE}`]],
  // Another site than the practitioner's, whoever says so.
  ['at site', 'note', `clinical:${SITE}`, ['clinical', `clinical:${SITE}`], OTHER],
  ['at both', 'note', `clinical:${OTHER}`, ['clinical', `clinical:${OTHER}`], OTHER],
  ['nobody', 'intake', 'clinical', ['clinical'], SITE],
  ['desk alone', 'intake', 'clinical', ['clinical'], SITE],
  // Of their own patients, what is clinical is theirs and not the site's; names are both's.
  [OWN, 'note', `clinical:${OWN}`, ['clinical', `clinical:${OWN}`], SITE],
  [
    ...([OWN, 'identity', `desk:${SITE}`] as [string, RecordType, Group]),
    ['desk', 'clinical', `desk:${SITE}`, `clinical:${SITE}`, `clinical:${OWN}`],
    SITE,
  ],
])('for %s, a record of type %s is managed by %s', (practitioner, type, managing, groups, site) => {
  expect(audienceOf(members, practitioner, type, site)).toEqual({ managing, groups })
})
