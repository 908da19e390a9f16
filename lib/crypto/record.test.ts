import { expect, test } from 'vitest'
import { openRecord, sealRecord } from './record.ts'
import { toB64 } from './bytes.ts'
import { newEpoch } from './epoch.ts'
import { importSecret } from './keys.ts'
import { adding, codeOf, newKeys, OWNER, say, signerOf, testClinic } from './testing.ts'
import type { Recipient } from './types.ts'

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

// Defence: isDatedBack in record.ts. The head that a record cites may be as old as its author likes.
test('attack 15: a record that a former member dates back reaches nobody by a key that was made after they left', async () => {
  const world = await testClinic()
  const { clinicId, statements } = world
  const [former, own] = [await newKeys(), signerOf(world.owner)]
  const then = await say(clinicId, statements, adding('former', former, ['practitioner'], ['clinical', 'desk']), own)
  const gone = await say(clinicId, statements, { kind: 'member-removed', memberId: 'former' }, own)
  const { secret, public: key } = await newEpoch()
  const { pair } = await importSecret('X25519', secret)
  const now = await say(clinicId, statements, { kind: 'epoch', group: 'clinical', epoch: 2, key }, own)
  const toNew: Recipient = { kind: 'group', id: 'clinical', key: toB64(key), epoch: 2 }
  const toOwner: Recipient = { kind: 'member', id: OWNER, key: toB64(world.owner.public.dh), epoch: 0 }
  const sealAt = (head: typeof then.head, to: Recipient, by = former) =>
    sealRecord({ ...header, chainHead: head }, { text: 'late' }, [to], { sign: by.sign.privateKey, keys: by.public })
  const reading = { chain: now, trustPatient: () => null }
  const byNew = { ...reading, keysFor: () => pair }
  const byOwner = { ...reading, keysFor: () => world.owner.dh }
  expect(await codeOf(openRecord(await sealAt(then.head, toNew), byNew))).toBe('NOT_VOUCHED')
  expect(await codeOf(openRecord(await sealAt(then.head, toOwner), byOwner))).toBe('NOT_VOUCHED')
  expect(await codeOf(openRecord(await sealAt(gone.head, toOwner), byOwner))).toBe('NOT_VOUCHED')
  // Who is still there writes both while the group waits, and after.
  expect(await codeOf(openRecord(await sealAt(gone.head, toOwner, world.owner), byOwner))).toBe('accepted')
  expect(await codeOf(openRecord(await sealAt(now.head, toNew, world.owner), byNew))).toBe('accepted')
  // What the former member wrote while there was nobody to keep it from stays readable.
  const honest = await sealAt(then.head, world.recipient('clinical'))
  expect(await codeOf(openRecord(honest, { ...reading, keysFor: () => world.epochs.clinical.pair }))).toBe('accepted')
})

// Defence: writesFor in isDatedBack. A reason is managed by a group that its author from the desk was never in.
test('attack 15: nor does a reason that a former member of the desk dates back', async () => {
  const world = await testClinic()
  const { clinicId, statements } = world
  const [former, own] = [await newKeys(), signerOf(world.owner)]
  const then = await say(clinicId, statements, adding('former', former, ['frontdesk'], ['desk']), own)
  await say(clinicId, statements, adding('other', await newKeys(), ['practitioner'], ['clinical', 'desk']), own)
  for (const memberId of ['former', 'other']) await say(clinicId, statements, { kind: 'member-removed', memberId }, own)
  const { secret, public: key } = await newEpoch()
  const { pair } = await importSecret('X25519', secret)
  const now = await say(clinicId, statements, { kind: 'epoch', group: 'clinical', epoch: 2, key }, own)
  const toNew: Recipient = { kind: 'group', id: 'clinical', key: toB64(key), epoch: 2 }
  const reason = { ...header, type: 'reason' as const, chainHead: then.head }
  const sealTo = (to: Recipient) =>
    sealRecord(reason, { reason: 'late' }, [to], { sign: former.sign.privateKey, keys: former.public })
  const reading = { chain: now, trustPatient: () => null }
  expect(await codeOf(openRecord(await sealTo(toNew), { ...reading, keysFor: () => pair }))).toBe('NOT_VOUCHED')
  const honest = await sealTo(world.recipient('clinical'))
  expect(await codeOf(openRecord(honest, { ...reading, keysFor: () => world.epochs.clinical.pair }))).toBe('accepted')
})
