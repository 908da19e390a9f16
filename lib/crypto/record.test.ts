import { expect, test } from 'vitest'
import { openRecord, sealRecord } from './record.ts'
import { codeOf, newKeys, testClinic } from './testing.ts'

const clinic = await testClinic()
const header: Parameters<typeof sealRecord>[0] = {
  ...{ clinicId: clinic.clinicId, patientId: 'p1', recordId: 'r1', revision: 1, previous: null },
  ...{ type: 'note', managing: 'clinical', chainHead: clinic.chain.head, schema: 1 },
}
const { owner } = clinic
const sealBy = (keys: typeof owner.public) =>
  sealRecord(header, { text: 'rest' }, [clinic.recipient('clinical')], { sign: owner.sign.privateKey, keys })
const reader = clinic.reader(['clinical'])

// Defence: the comparison of agreement keys in judgeAuthor. The signature is the member's own, the key beside it is not.
test('attack 7: a record that gives its author another agreement key than the chain does is not vouched for', async () => {
  const other = await newKeys()
  expect(await codeOf(openRecord(await sealBy(owner.public), reader))).toBe('accepted')
  const mixed = { sign: owner.public.sign, dh: other.public.dh }
  expect(await codeOf(openRecord(await sealBy(mixed), reader))).toBe('NOT_VOUCHED')
})
