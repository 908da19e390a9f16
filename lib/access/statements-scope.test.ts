// Keys of a site's groups at the server's door: it takes what browsers take (lib/crypto/chain-scope.test.ts), and nothing else.
import { beforeEach, expect, it } from 'vitest'
import { type Bytes, random, toB64 } from '../crypto/bytes'
import { encode } from '../crypto/cbor'
import { verifyChain } from '../crypto/chain'
import { newEpoch } from '../crypto/epoch'
import type { Keys } from '../crypto/keys'
import { approveRekey, readApproval, rekeySeconds } from '../crypto/rekey'
import { signBytes, signedBytes } from '../crypto/sign'
import { adding, codeOf, DESK, newKeys, OWNER, say, signerOf, testClinic, type TestClinic } from '../crypto/testing'
import type { EpochGrant, Group } from '../crypto/types'
import { readStanding } from './standing'
import { takeEpochs } from './statements'

const clinicId = 'clinic-1'
const [here, there] = [crypto.randomUUID(), crypto.randomUUID()]
const scope: Group = `desk:${here}`
let world: TestClinic
let people: Record<string, Keys>
beforeEach(async () => {
  world = await testClinic(clinicId)
  people = { [OWNER]: world.owner, [DESK]: world.desk, one: await newKeys(), other: await newKeys() }
  await ownerSays(adding('one', people.one!, ['frontdesk'], [scope]))
  await ownerSays(adding('other', people.other!, ['frontdesk'], [`desk:${there}`]))
})
const ownerSays = (entry: Parameters<typeof say>[2]) => say(clinicId, world.statements, entry, signerOf(world.owner))
const standing = () => readStanding(world.statements)
const keyOf = (group: Group) => standing().epochs.get(group)!.key
const staleOf = (...groups: Group[]) => groups.map((group) => standing().epochs.get(group)?.stale)

interface Next {
  by: string
  group?: Group
  epoch?: number
  /** Whom it is sealed to; all whom it must be, where nothing is said. */
  to?: string[]
  key?: Bytes
}
/** What the server says to a group's next key, and what browsers do. */
async function next({ by, group = scope, epoch = 1, to, key }: Next) {
  const { head } = await verifyChain(clinicId, world.statements)
  const signer = signerOf(people[by]!)
  const made = key ?? (await newEpoch()).public
  const fields = [1, clinicId, world.statements.length, head, signer.public, 'epoch', group, epoch, made]
  const signature = toB64(await signBytes(signer.key, signedBytes('chain', fields)))
  const statement = {
    seq: world.statements.length,
    body: toB64(encode(fields)),
    signer: toB64(signer.public),
    signature,
  }
  const readers = to ?? [toB64(people.one!.public.dh), keyOf('desk')]
  const epochGrants = readers.map((each): EpochGrant => ({
    group,
    epoch,
    to: each,
    enc: toB64(random(32)),
    ct: toB64(random(48)),
  }))
  const taken = await takeEpochs(clinicId, standing(), by, { statements: [statement], epochGrants })
  return {
    server: taken.ok ? 'accepted' : taken.code,
    browsers: await codeOf(verifyChain(clinicId, [...world.statements, statement])),
  }
}
const neither = { server: 'BAD_INPUT', browsers: 'CHAIN_INVALID' }

// Defences, in settle (statements.ts): isOf, `readers`, and the reader that a scope has beside its members.
it('attack 17: is made by who is of it, for somebody, and for the whole clinic too', async () => {
  expect(await next({ by: 'one' })).toEqual({ server: 'accepted', browsers: 'accepted' })
  expect(await next({ by: OWNER })).toEqual({ server: 'accepted', browsers: 'accepted' })
  expect(await next({ by: 'other' })).toEqual(neither)
  // Without the clinic's desk, which reads all of it; of a place where nobody is.
  expect((await next({ by: 'one', to: [toB64(people.one!.public.dh)] })).server).toBe('BAD_INPUT')
  const empty = { by: OWNER, group: `desk:${crypto.randomUUID()}` as const, to: [keyOf('desk')] }
  expect((await next(empty)).server).toBe('BAD_INPUT')
})

// Defences: isOf where somebody leaves (standing.ts), three times, and the line on the whole clinic's in `waits` (statements.ts).
it.each(['is removed', 'is moved', 'has new keys'])(
  'attack 15: waits for its next once somebody of the clinic’s desk %s, and that one waits for the desk’s',
  async (how) => {
    await ownerSays({ kind: 'epoch', group: scope, epoch: 1, key: (await newEpoch()).public })
    expect(staleOf('desk', scope)).toEqual([false, false])
    if (how === 'is removed') await ownerSays({ kind: 'member-removed', memberId: DESK })
    if (how === 'is moved')
      await ownerSays({ kind: 'member-changed', memberId: DESK, roles: ['frontdesk'], groups: [`desk:${there}`] })
    if (how === 'has new keys') await renewed()
    expect(staleOf('desk', scope)).toEqual([true, true])
    expect(await next({ by: OWNER, epoch: 2 })).toEqual(neither)
    await ownerSays({ kind: 'epoch', group: 'desk', epoch: 2, key: (await newEpoch()).public })
    expect(await next({ by: OWNER, epoch: 2 })).toEqual({ server: 'accepted', browsers: 'accepted' })
  },
)

/** The receptionist's keys, renewed by the owner and a second officer a day later. */
async function renewed() {
  people.officer = await newKeys()
  const chain = await ownerSays(adding('officer', people.officer, ['admin'], ['desk', 'officers']))
  const to = { memberId: DESK, keys: (await newKeys()).public }
  const bytes = await approveRekey(chain, to, 1_800_000_000, signerOf(people.officer))
  const approval = await readApproval(clinicId, to, bytes)
  await ownerSays({ kind: 'member-rekeyed', ...to, at: 1_800_000_000 + rekeySeconds, approval })
}
