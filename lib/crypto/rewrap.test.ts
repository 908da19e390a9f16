import { expect, test } from 'vitest'
import { fromB64, random, sha256, toB64 } from './bytes.ts'
import type { Chain } from './chain.ts'
import type { Entry } from './chain-statement.ts'
import { readEnvelope } from './envelope.ts'
import { makeGrant } from './grant.ts'
import { type Reader, sealRecord } from './record.ts'
import { rewrapRecord, type Superseded } from './rewrap.ts'
import { newEpoch } from './epoch.ts'
import { codeOf, DESK, newKeys, OWNER, say, signerOf, testClinic } from './testing.ts'
import type { Keys } from './keys.ts'
import type { SealedGrant } from './types.ts'

const clinic = await testClinic()
const { clinicId, owner, statements } = clinic

/** A note of the owner's, without its ciphertext. */
async function note(): Promise<Superseded> {
  const { ciphertext, ...record } = await sealRecord(
    {
      ...{ clinicId, patientId: 'patient-1', recordId: toB64(random(12)), revision: 1, previous: null },
      ...{ type: 'note', chainHead: clinic.chain.head, schema: 1, managing: 'clinical' },
    },
    { text: 'hello' },
    [clinic.recipient('clinical')],
    { sign: owner.sign.privateKey, keys: owner.public },
  )
  return { ...record, ciphertextHash: toB64(await sha256(fromB64(ciphertext))) }
}
/** A grant of any key at all to the clinical group, for this note, by whoever. */
async function grantBy(keys: Keys, record: Superseded): Promise<SealedGrant> {
  const commit = fromB64(record.commit)
  const { hash } = await readEnvelope({ header: fromB64(record.header), commit }, fromB64(record.ciphertextHash))
  return makeGrant(random(32), { hash, commit }, clinic.recipient('clinical'), signerOf(keys))
}
const passOn = (record: Superseded, chain: Chain) => {
  const reader: Reader = { ...clinic.reader(['clinical']), chain, trustPatient: () => 'none' }
  const member = chain.members.find((each) => each.memberId === OWNER && each.until === null)!
  return rewrapRecord(record, reader, { sign: owner.sign.privateKey, member }, () => [])
}
const next = (entry: Entry) => say(clinicId, statements, entry, signerOf(owner))

// Defence: checkGrant in rewrapRecord.
test('attack 7: a grant by somebody outside the managing group is renewed for nobody', async () => {
  const record = await note()
  const strangers = await grantBy(await newKeys(), record)
  expect(await codeOf(passOn({ ...record, grants: [strangers] }, clinic.chain))).toBe('NOT_VOUCHED')
  expect(await codeOf(passOn({ ...record, grants: [...record.grants, strangers] }, clinic.chain))).toBe('NOT_VOUCHED')
})

// Defence: checkCommitment in rewrapRecord. The grant is a member's, and what it holds is not the record's key.
test('attack 9: a key that the author did not commit to replaces no grant', async () => {
  const record = await note()
  expect(await codeOf(passOn({ ...record, grants: [await grantBy(owner, record)] }, clinic.chain))).toBe(
    'BAD_COMMITMENT',
  )
})

// Defence: `stale` in newestOf.
test('attack 15: nothing is passed on to a key that somebody took along, and everything to the next', async () => {
  const record = await note()
  const left = await next({ kind: 'member-removed', memberId: DESK })
  // The desk's key is stale; clinical's is not, and the note has it already.
  expect(await passOn(record, left)).toEqual([])
  const joined = await newKeys()
  await next({
    ...{ kind: 'member-added', memberId: 'leaver-1', keys: joined.public },
    ...{ roles: ['practitioner'], groups: ['clinical'] },
  })
  const gone = await next({ kind: 'member-removed', memberId: 'leaver-1' })
  expect(await codeOf(passOn(record, gone))).toBe('NO_KEY')
  const { public: key } = await newEpoch()
  const chain = await next({ kind: 'epoch', group: 'clinical', epoch: 2, key })
  expect(await passOn(record, chain)).toMatchObject([
    { recipient: { kind: 'group', id: 'clinical', epoch: 2, key: toB64(key) } },
  ])
})
