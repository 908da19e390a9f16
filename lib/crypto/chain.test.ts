import { beforeEach, describe, expect, test } from 'vitest'
import { concat, fromB64, random, toB64 } from './bytes.ts'
import { encode, type Cbor } from './cbor.ts'
import { appendStatement, type Chain, currentEpochs, memberAt, verifyChain } from './chain.ts'
import type { Entry } from './chain-statement.ts'
import { newEpoch, openEpochs, sealEpoch } from './epoch.ts'
import { rootFingerprint } from './keys.ts'
import { signBytes, signedBytes } from './sign.ts'
import {
  adding,
  codeOf,
  DESK,
  flip,
  newKeys,
  newRoot,
  OWNER,
  say,
  type Signer,
  signerOf,
  testClinic,
  type TestClinic,
} from './testing.ts'
import type { ChainStatement } from './types.ts'

let world: TestClinic
const clinicId = 'clinic-1'

beforeEach(async () => {
  world = await testClinic(clinicId)
})

/** A statement as an attacker makes it: signed and well-formed, the rules unasked. */
async function forge(
  chain: Chain | null,
  kind: string,
  fields: Cbor[],
  signer: Signer,
  change: Record<number, Cbor> = {},
) {
  const seq = chain?.hashes.length ?? 0
  const all = [1, clinicId, seq, chain?.head ?? null, signer.public, kind, ...fields] as Cbor[]
  for (const [index, value] of Object.entries(change)) all[Number(index)] = value
  const signature = toB64(await signBytes(signer.key, signedBytes('chain', all)))
  return { seq, body: toB64(encode(all)), signer: toB64(signer.public), signature }
}
const verifyWith = (...more: ChainStatement[]) => codeOf(verifyChain(clinicId, [...world.statements, ...more]))

describe('a chain', () => {
  test('says who is a member, in which groups, and which epochs there are', async () => {
    const { chain } = world
    expect(chain.members.map(({ memberId, groups }) => [memberId, groups])).toEqual([
      [OWNER, ['clinical', 'desk', 'officers']],
      [DESK, ['desk']],
    ])
    expect(currentEpochs(chain)).toMatchObject([
      { group: 'desk', epoch: 1, stale: false },
      { group: 'clinical', epoch: 1, stale: false },
      { group: 'officers', epoch: 1, stale: false },
    ])
    expect(chain.rootFingerprint).toEqual(await rootFingerprint(world.root.public))
    expect(chain.hashes).toHaveLength(6)
    expect(toB64(chain.head)).toBe(chain.hashes[5])
  })

  test('after a removal its groups want a new epoch, and the removed are members of the past', async () => {
    const owner = signerOf(world.owner)
    const chain = await say(clinicId, world.statements, { kind: 'member-removed', memberId: DESK }, owner)
    expect(currentEpochs(chain)).toMatchObject([
      { group: 'desk', stale: true },
      { group: 'clinical', stale: false },
      { group: 'officers', stale: false },
    ])
    expect(memberAt(chain, world.desk.public.sign, 5)?.memberId).toBe(DESK)
    expect(memberAt(chain, world.desk.public.sign, 6)).toBeNull()
    const { public: key } = await newEpoch()
    const renewed = await say(clinicId, world.statements, { kind: 'epoch', group: 'desk', epoch: 2, key }, owner)
    expect(currentEpochs(renewed)[0]).toMatchObject({ group: 'desk', epoch: 2, stale: false })
  })

  test('a further role counts from its statement on, and a role taken away no more', async () => {
    const owner = signerOf(world.owner)
    const more: Entry = {
      kind: 'member-changed',
      memberId: DESK,
      roles: ['frontdesk', 'practitioner'],
      groups: ['desk', 'clinical'],
    }
    const chain = await say(clinicId, world.statements, more, owner)
    expect(memberAt(chain, world.desk.public.sign, 5)).toMatchObject({ roles: ['frontdesk'], groups: ['desk'] })
    expect(memberAt(chain, world.desk.public.sign, 6)).toMatchObject({
      roles: ['frontdesk', 'practitioner'],
      groups: ['clinical', 'desk'],
    })
    const stale = (at: Chain) => currentEpochs(at).map((epoch) => epoch.stale)
    expect(stale(chain)).toEqual([false, false, false])
    const less: Entry = { kind: 'member-changed', memberId: DESK, roles: ['frontdesk'], groups: ['desk'] }
    const taken = await say(clinicId, world.statements, less, owner)
    expect(memberAt(taken, world.desk.public.sign, 7)).toMatchObject({ roles: ['frontdesk'], groups: ['desk'] })
    // The group that was left alone wants a new key.
    expect(stale(taken)).toEqual([false, true, false])
    const removed = await say(clinicId, world.statements, { kind: 'member-removed', memberId: DESK }, owner)
    expect(memberAt(removed, world.desk.public.sign, 8)).toBeNull()
    expect(stale(removed)).toEqual([true, true, false])
  })

  test('a removed member comes back with new keys only', async () => {
    const owner = signerOf(world.owner)
    await say(clinicId, world.statements, { kind: 'member-removed', memberId: DESK }, owner)
    const again = adding(DESK, world.desk, ['frontdesk'], ['desk'])
    expect(await codeOf(say(clinicId, world.statements, again, owner))).toBe('CHAIN_INVALID')
    await say(clinicId, world.statements, adding(DESK, await newKeys(), ['frontdesk'], ['desk']), owner)
  })

  test('later epochs give the earlier ones to a newcomer', async () => {
    const owner = signerOf(world.owner)
    const [first, second] = [await newEpoch(), await newEpoch()]
    const newcomer = await newKeys()
    const statements: ChainStatement[] = []
    await say('c2', statements, { kind: 'genesis', root: world.root.public }, world.root)
    await say('c2', statements, adding(OWNER, world.owner, ['admin'], ['desk', 'officers']), world.root)
    await say('c2', statements, { kind: 'epoch', group: 'desk', epoch: 1, key: first.public }, owner)
    await say('c2', statements, adding(DESK, world.desk, ['frontdesk'], ['desk']), owner)
    await say('c2', statements, { kind: 'member-removed', memberId: DESK }, owner)
    const chain = await say('c2', statements, { kind: 'epoch', group: 'desk', epoch: 2, key: second.public }, owner)
    const grants = [
      await sealEpoch('c2', chain.epochs[0]!, first.secret, second.public),
      await sealEpoch('c2', chain.epochs[1]!, second.secret, newcomer.public.dh),
    ]
    const found = await openEpochs(chain, grants, { public: newcomer.public.dh, pair: newcomer.dh })
    expect(found.map((key) => key.epoch)).toEqual([2, 1])
    // A secret that is not the chain's epoch is no epoch key, whoever sealed it.
    const false2 = await sealEpoch('c2', chain.epochs[1]!, first.secret, newcomer.public.dh)
    expect(await openEpochs(chain, [false2], { public: newcomer.public.dh, pair: newcomer.dh })).toEqual([])
  })
})

describe('attack 7', () => {
  // Defence: checkSignature in chain.ts.
  test('attack 7: a member inserted by SQL, unsigned or signed by another', async () => {
    const stranger = await newKeys()
    const good = await appendStatement(
      world.chain,
      clinicId,
      adding('evil', stranger, ['admin'], ['desk', 'officers']),
      signerOf(world.owner),
    )
    expect(await verifyWith(good)).toBe('accepted')
    expect(await verifyWith({ ...good, signature: toB64(new Uint8Array(64)) })).toBe('CHAIN_INVALID')
    expect(await verifyWith({ ...good, signature: '' })).toBe('CHAIN_INVALID')
    expect(await verifyWith({ ...good, signer: toB64(stranger.public.sign) })).toBe('CHAIN_INVALID')
  })

  // Defence: isOfficer in apply (chain.ts).
  test('attack 7: a member added by a stranger, or by a member who is no officer', async () => {
    const stranger = await newKeys()
    const fields = ['evil', stranger.public.sign, stranger.public.dh, ['practitioner'], ['clinical', 'desk']]
    expect(await verifyWith(await forge(world.chain, 'member-added', fields, signerOf(stranger)))).toBe('CHAIN_INVALID')
    expect(await verifyWith(await forge(world.chain, 'member-added', fields, signerOf(world.desk)))).toBe(
      'CHAIN_INVALID',
    )
    expect(await verifyWith(await forge(world.chain, 'member-removed', [OWNER], signerOf(world.desk)))).toBe(
      'CHAIN_INVALID',
    )
    const self = [DESK, ['frontdesk', 'practitioner'], ['clinical', 'desk']]
    expect(await verifyWith(await forge(world.chain, 'member-changed', self, signerOf(world.desk)))).toBe(
      'CHAIN_INVALID',
    )
  })

  // Defence: checkSignature over the whole body, and the hashes that link statements (chain.ts).
  test('attack 7: a role, a group or a key replaced: every bit of every statement flipped', async () => {
    for (const [seq, statement] of world.statements.entries()) {
      const body = fromB64(statement.body)
      for (let bit = 0; bit < body.length * 8; bit++) {
        // What follows the altered one is left out: it would be refused anyway, having lost its predecessor.
        const statements = [...world.statements.slice(0, seq), { ...statement, body: toB64(flip(body, bit)) }]
        expect(await codeOf(verifyChain(clinicId, statements)), `statement ${seq} bit ${bit}`).toBe('CHAIN_INVALID')
      }
    }
  }, 60_000)

  // Defence: apply in chain.ts, line by line.
  test('attack 7: what even an officer cannot say', async () => {
    const owner = signerOf(world.owner)
    const fresh = await newKeys()
    const keys = [fresh.public.sign, fresh.public.dh]
    const epochKey = (await newEpoch()).public
    const impossible: [string, string, Cbor[]][] = [
      ['a second genesis', 'genesis', [world.owner.public.sign]],
      ['a member twice', 'member-added', [DESK, ...keys, ['frontdesk'], ['desk']]],
      ['a member without a role', 'member-added', ['x', ...keys, [], ['desk']]],
      ['a receptionist in clinical', 'member-added', ['x', ...keys, ['frontdesk'], ['clinical']]],
      [
        'another member’s signing key',
        'member-added',
        ['x', world.desk.public.sign, keys[1]!, ['frontdesk'], ['desk']],
      ],
      [
        'an epoch key as a member’s',
        'member-added',
        ['x', keys[0]!, world.epochs.desk.public, ['frontdesk'], ['desk']],
      ],
      ['a removal of nobody', 'member-removed', ['x']],
      ['a change of nobody', 'member-changed', ['x', ['admin'], []]],
      ['a change that changes nothing', 'member-changed', [DESK, ['frontdesk'], ['desk']]],
      ['an admin outside officers', 'member-changed', [DESK, ['admin'], ['desk']]],
      ['a receptionist in officers', 'member-changed', [DESK, ['frontdesk'], ['desk', 'officers']]],
      ['the last role taken away', 'member-changed', [DESK, [], ['desk']]],
      ['the last officer removed', 'member-removed', [OWNER]],
      ['the last officer an officer no more', 'member-changed', [OWNER, ['practitioner'], ['clinical', 'desk']]],
      ['clinical left without anybody', 'member-changed', [OWNER, ['admin'], ['desk', 'officers']]],
      ['a receptionist let into clinical', 'member-changed', [DESK, ['frontdesk'], ['clinical', 'desk']]],
      ['one key for both uses', 'member-added', ['x', keys[0]!, keys[0]!, ['frontdesk'], ['desk']]],
      ['a practitioner outside clinical', 'member-added', ['x', ...keys, ['practitioner'], ['desk']]],
      ['a role without its group', 'member-changed', [DESK, ['frontdesk', 'practitioner'], ['desk']]],
      ['an epoch that nobody left', 'epoch', ['desk', 2, epochKey]],
      ['an epoch that skips', 'epoch', ['desk', 3, epochKey]],
      ['an epoch again', 'epoch', ['desk', 1, epochKey]],
      ['an epoch of a scope that nobody is in', 'epoch', [`desk:${crypto.randomUUID()}`, 1, epochKey]],
      ['an epoch under a used key', 'epoch', ['desk', 2, world.epochs.clinical.public]],
    ]
    for (const [what, kind, fields] of impossible) {
      expect(await verifyWith(await forge(world.chain, kind, fields, owner)), what).toBe('CHAIN_INVALID')
    }
    const byDesk = await forge(world.chain, 'epoch', ['clinical', 2, epochKey], signerOf(world.desk))
    expect(await verifyWith(byDesk)).toBe('CHAIN_INVALID')
    const byRoot = await forge(world.chain, 'epoch', ['desk', 2, epochKey], world.root)
    expect(await verifyWith(byRoot)).toBe('CHAIN_INVALID')
  })

  test('attack 7: nothing of the kind is ever signed either', async () => {
    const entries: Entry[] = [
      { kind: 'member-removed', memberId: 'x' },
      { kind: 'epoch', group: 'clinical', epoch: 2, key: (await newEpoch()).public },
      adding('x', await newKeys(), ['frontdesk'], ['desk']),
    ]
    for (const entry of entries) {
      expect(await codeOf(appendStatement(world.chain, clinicId, entry, signerOf(world.desk)))).toBe('CHAIN_INVALID')
    }
  })

  test('versions, kinds, roles and fields of the future are refused as such', async () => {
    const owner = signerOf(world.owner)
    const [fresh, removal] = [await newKeys(), ['x']]
    const added = ['x', fresh.public.sign, fresh.public.dh, ['king'], ['desk']]
    const into = (group: string) => ['x', fresh.public.sign, fresh.public.dh, ['frontdesk'], [group]]
    for (const group of ['throne', 'desk:', 'desk:here', `officers:${crypto.randomUUID()}`])
      expect(await verifyWith(await forge(world.chain, 'member-added', into(group), owner)), group).toBe('UNSUPPORTED')
    expect(await verifyWith(await forge(world.chain, 'member-removed', removal, owner, { 0: 2 }))).toBe('UNSUPPORTED')
    expect(await verifyWith(await forge(world.chain, 'member-praised', removal, owner))).toBe('UNSUPPORTED')
    expect(await verifyWith(await forge(world.chain, 'member-removed', ['x', 'y'], owner))).toBe('UNSUPPORTED')
    expect(await verifyWith(await forge(world.chain, 'member-added', added, owner))).toBe('UNSUPPORTED')
  })
})

describe('a chain that is not the one seen before', () => {
  const known = () => ({ length: world.chain.hashes.length, head: world.chain.head })

  // Defence: checkPin in chain.ts.
  test('attack 11: cut back, it is shorter', async () => {
    expect(await codeOf(verifyChain(clinicId, world.statements.slice(0, -1), known()))).toBe('CHAIN_SHORTER')
    expect(await codeOf(verifyChain(clinicId, [], known()))).toBe('CHAIN_SHORTER')
    expect(await codeOf(verifyChain(clinicId, []))).toBe('CHAIN_INVALID')
  })

  // Defence: checkPin in chain.ts.
  test('attack 11: forked by an officer, it is a fork, longer or not', async () => {
    const shorter = world.statements.slice(0, -1)
    const before = await verifyChain(clinicId, shorter)
    const owner = signerOf(world.owner)
    const other = await appendStatement(
      before,
      clinicId,
      adding('other', await newKeys(), ['frontdesk'], ['desk']),
      owner,
    )
    const fork = [...shorter, other]
    expect(await codeOf(verifyChain(clinicId, fork, known()))).toBe('CHAIN_FORKED')
    await say(clinicId, fork, adding('third', await newKeys(), ['frontdesk'], ['desk']), owner)
    expect(await codeOf(verifyChain(clinicId, fork, known()))).toBe('CHAIN_FORKED')
  })

  // Defence: the comparison of root fingerprints in verifyChain.
  test('attack 11: a whole chain of another root', async () => {
    const other = await testClinic(clinicId)
    const pin = { rootFingerprint: world.chain.rootFingerprint }
    expect(await codeOf(verifyChain(clinicId, other.statements, pin))).toBe('CHAIN_FORKED')
    expect(await codeOf(verifyChain(clinicId, world.statements, pin))).toBe('accepted')
  })

  // Defence: previous and seq in verifyChain.
  test('two successors of one head, statements swapped, repeated or of another clinic', async () => {
    const owner = signerOf(world.owner)
    const next = async () =>
      appendStatement(world.chain, clinicId, adding(toB64(random(6)), await newKeys(), ['frontdesk'], ['desk']), owner)
    const [a, b] = [await next(), await next()]
    expect(await verifyWith(a)).toBe('accepted')
    expect(await verifyWith(a, b)).toBe('CHAIN_INVALID')
    expect(await verifyWith(a, { ...b, seq: 7 })).toBe('CHAIN_INVALID')
    expect(await verifyWith(world.statements[5]!)).toBe('CHAIN_INVALID')
    const [s0, s1, s2, s3, s4, s5] = world.statements as [
      ChainStatement,
      ChainStatement,
      ChainStatement,
      ChainStatement,
      ChainStatement,
      ChainStatement,
    ]
    expect(await codeOf(verifyChain(clinicId, [s0, s1, s3, s2, s4, s5]))).toBe('CHAIN_INVALID')
    expect(await codeOf(verifyChain(clinicId, [s1, s2, s3, s4, s5]))).toBe('CHAIN_INVALID')
    expect(await codeOf(verifyChain('clinic-2', world.statements))).toBe('CHAIN_INVALID')
    const removal = (previous: Cbor) => forge(world.chain, 'member-removed', [DESK], owner, { 3: previous })
    expect(await verifyWith(await removal(world.chain.head))).toBe('accepted')
    expect(await verifyWith(await removal(fromB64(world.chain.hashes[3]!)))).toBe('CHAIN_INVALID')
    expect(await verifyWith(await removal(null))).toBe('CHAIN_INVALID')
    const rootless = await forge(null, 'genesis', [(await newRoot()).public], world.root)
    expect(await codeOf(verifyChain(clinicId, [rootless]))).toBe('CHAIN_INVALID')
    const padded = { ...s5, body: toB64(concat(fromB64(s5.body), Uint8Array.of(0))) }
    expect(await codeOf(verifyChain(clinicId, [s0, s1, s2, s3, s4, padded]))).toBe('CHAIN_INVALID')
  })
})
