import { expect, test } from 'vitest'
import { audienceOf } from './policy.ts'
import type { Group, RecordType } from './types.ts'

const [OWN, SITE] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
const member = (memberId: string, ...groups: Group[]) => ({ memberId, groups })
const members = [
  member('whole', 'clinical', 'desk'),
  member(OWN, `clinical:${OWN}`),
  member('desk too', `clinical:${SITE}`, 'desk'),
  member('both', 'clinical', `clinical:${SITE}`),
  member('desk alone', 'desk'),
]

// Defence: the line on scopes in audienceOf. Without it, what is written for one practitioner's own patients has no scope.
test.each<[string, RecordType, Group, Group[]]>([
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
])('for %s, a record of type %s is managed by %s', (practitioner, type, managing, groups) => {
  expect(audienceOf(members, practitioner, type)).toEqual({ managing, groups })
})
