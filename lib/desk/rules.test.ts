import { expect, test } from 'vitest'
import { mayWriteForPatient, recordTypes } from '../record/rules.ts'
import { isCallersWord, isFirstWord, mayWriteUnder } from './rules.ts'

const meta = (type: string, revision = 1, recordId = type) => ({ meta: { type, revision, recordId } })

test('of who has no key an identity and a reason are written, once; of who has one, nothing of theirs', () => {
  const may = (hasKey: boolean, revision = 1) =>
    recordTypes.filter((type) => mayWriteForPatient({ type, revision }, hasKey))
  const clinics = ['note', 'draft', 'prescription', 'recall', 'care']
  expect(may(false)).toEqual(['identity', 'reason', ...clinics])
  expect(may(true)).toEqual(clinics)
  expect(may(false, 2)).toEqual(clinics)
})

test.each([
  [[meta('identity')], true],
  [[meta('identity'), meta('reason')], true],
  [[meta('reason')], false],
  [[meta('identity'), meta('identity', 1, 'other')], false],
  [[meta('identity'), meta('reason', 1, 'identity')], false],
  [[meta('identity', 2)], false],
  [[meta('identity'), meta('consent')], false],
  [[], false],
])('what a caller said: %j is whole: %s', (records, whole) => expect(isCallersWord(records)).toBe(whole))

test('a first device says who it is, and what is done', () => {
  expect(isFirstWord([meta('identity'), meta('checklist')])).toBe(true)
  expect(isFirstWord([meta('checklist')])).toBe(false)
  expect(isFirstWord([meta('identity'), meta('consent')])).toBe(false)
})

const site = 'desk:6f1c2a4e-0000-4000-8000-000000000001'
const ofSite = site.replace('desk', 'clinical')
test.each([
  [['desk'], 'identity', 'desk', true],
  [['desk'], 'reason', 'clinical', true],
  [['desk'], 'reason', ofSite, true],
  [['desk', 'clinical'], 'reason', 'clinical', true],
  [[site], 'identity', site, true],
  [[site], 'reason', ofSite, true],
  [[site], 'identity', 'desk', false],
  [[site], 'reason', 'clinical', false],
  [['clinical:own'], 'identity', 'desk', false],
  [['clinical:own'], 'reason', 'clinical:own', true],
  [['officers'], 'identity', 'desk', false],
  [['desk'], 'identity', 'officers', false],
  [['desk'], 'identity', 'clinical', false],
  [['desk'], 'reason', 'desk', false],
])('%j writes %s under %s: %s', (groups, type, managing, may) => {
  expect(mayWriteUnder(groups, type, managing)).toBe(may)
})
