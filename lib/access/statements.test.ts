import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { random, toB64 } from '../crypto/bytes'
import { type Cbor, encode } from '../crypto/cbor'
import { appendStatement, verifyChain } from '../crypto/chain'
import type { Entry } from '../crypto/chain-statement'
import { newEpoch } from '../crypto/epoch'
import type { Keys } from '../crypto/keys'
import { readGroup } from '../crypto/policy'
import { signBytes, signedBytes } from '../crypto/sign'
import {
  adding,
  DESK,
  newKeys,
  OWNER,
  say,
  type Signer,
  signerOf,
  testClinic,
  type TestClinic,
} from '../crypto/testing'
import type { ChainStatement, EpochGrant, Group } from '../crypto/types'
import { groupsOf, type Role } from './rules'
import { isGroup, maySign, readStanding, type Standing } from './standing'
import { takeAddition, takeFounding, takeChange } from './statements'

const clinicId = 'clinic-1'
let world: TestClinic
let owner: Signer
let officer: Keys
let newcomer: Keys
let statements: ChainStatement[]
let standing: Standing

beforeAll(async () => {
  world = await testClinic(clinicId)
  owner = signerOf(world.owner)
  ;[officer, newcomer] = [await newKeys(), await newKeys()]
  statements = [...world.statements]
  await say(clinicId, statements, adding('officer', officer, ['admin'], ['desk', 'officers']), owner)
  standing = readStanding(statements)
})

const publicKeys = ({ public: { sign, dh } }: Keys) => ({ sign: toB64(sign), dh: toB64(dh) })
const grant = (group: Group, to: Keys, epoch = 1): EpochGrant => ({
  ...{ group, epoch, to: toB64(to.public.dh) },
  ...{ enc: toB64(random(32)), ct: toB64(random(48)) },
})
const grants = (groups: Group[], to: Keys) => groups.map((group) => grant(group, to))
/** As an honest browser signs it. */
const signed = async (entry: Entry, signer = owner) =>
  appendStatement(await verifyChain(clinicId, statements), clinicId, entry, signer)
/** As a dishonest one does, which asks no rule. */
async function forged(kind: string, fields: Cbor[], signer: Signer): Promise<ChainStatement> {
  const { head } = await verifyChain(clinicId, statements)
  const all = [1, clinicId, statements.length, head, signer.public, kind, ...fields]
  const signature = toB64(await signBytes(signer.key, signedBytes('chain', all)))
  return { seq: statements.length, body: toB64(encode(all)), signer: toB64(signer.public), signature }
}
const asked = (roles: Role[] = ['practitioner']) => ({
  memberId: 'newcomer',
  keys: publicKeys(newcomer),
  roles,
  groups: groupsOf(roles),
})
const take = async (statement: ChainStatement, epochGrants: EpochGrant[], roles?: Role[]) => {
  const taken = await takeAddition(clinicId, readStanding(statements), asked(roles), {
    ...{ statements: [statement], epochGrants },
  })
  return taken.ok ? 'taken' : taken.code
}
const both: Group[] = ['clinical', 'desk']

describe('the server’s look at what goes into the chain', () => {
  it('knows who stands where, as browsers do', async () => {
    const chain = await verifyChain(clinicId, statements)
    expect(standing).toMatchObject({ length: 7, head: toB64(chain.head), root: toB64(chain.root) })
    const members = chain.members.map(({ memberId, keys, roles, groups, since, voice, isFounder }) => [
      memberId,
      { keys: publicKeys({ public: keys } as Keys), roles, groups, since, voice, isFounder },
    ])
    expect([...standing.members]).toEqual(members)
    expect(maySign(standing, OWNER, both)).toBe(true)
    expect(maySign(standing, 'officer', ['desk'])).toBe(true)
    expect(maySign(standing, 'officer', both)).toBe(false)
    expect(maySign(standing, DESK, ['desk'])).toBe(false)
    const later = [...statements]
    await say(clinicId, later, { kind: 'member-removed', memberId: DESK }, owner)
    await say(clinicId, later, { kind: 'epoch', group: 'desk', epoch: 2, key: (await newEpoch()).public }, owner)
    const moved = readStanding(later)
    expect([moved.members.has(DESK), moved.epochs.get('desk')?.epoch, moved.epochs.get('clinical')?.epoch]).toEqual([
      ...[false, 2, 1],
    ])
  })

  it('takes what an honest browser signs', async () => {
    const entry = adding('newcomer', newcomer, ['practitioner'], both)
    expect(await take(await signed(entry), grants(both, newcomer))).toBe('taken')
    expect(await take(await signed(entry, world.root), grants(both, newcomer))).toBe('taken')
    const clerk = adding('newcomer', newcomer, ['frontdesk'], ['desk'])
    expect(await take(await signed(clerk, signerOf(officer)), grants(['desk'], newcomer), ['frontdesk'])).toBe('taken')
  })

  // Defence: the line on verifyProof in `successor` (statements.ts).
  it('attack 7: a statement that nobody signed, or another than it says, stays out of the chain', async () => {
    const good = await signed(adding('newcomer', newcomer, ['practitioner'], both))
    const byAnother = await forged('member-added', [], signerOf(newcomer))
    for (const signature of [toB64(new Uint8Array(64)), byAnother.signature, ''])
      expect(await take({ ...good, signature }, grants(both, newcomer))).toBe('BAD_INPUT')
  })

  // Defence: in `successor` the signed fields are the server's own, and the body is compared with them: what it could not have
  // written itself is taken from nobody, however well signed.
  it('attack 7: an officer’s signature makes no other statement good', async () => {
    const { sign, dh } = newcomer.public
    const others: [string, string, Cbor[]][] = [
      ['other roles', 'member-added', ['newcomer', sign, dh, ['admin', 'practitioner'], both]],
      ['roles out of order', 'member-added', ['newcomer', sign, dh, ['practitioner'], ['desk', 'clinical']]],
      ['fewer groups', 'member-added', ['newcomer', sign, dh, ['practitioner'], ['desk']]],
      ['another id', 'member-added', ['somebody', sign, dh, ['practitioner'], both]],
      ['another key', 'member-added', ['newcomer', dh, sign, ['practitioner'], both]],
      ['half a key', 'member-added', ['newcomer', sign.slice(16), dh, ['practitioner'], both]],
      ['a removal', 'member-removed', [DESK]],
      ['an epoch', 'epoch', ['desk', 2, (await newEpoch()).public]],
      ['nothing known', 'member-praised', ['newcomer']],
    ]
    for (const [what, kind, fields] of others)
      expect(await take(await forged(kind, fields, owner), grants(both, newcomer)), what).toBe('BAD_INPUT')
    const good = await signed(adding('newcomer', newcomer, ['practitioner'], both))
    const { body } = await forged('member-removed', [DESK], owner)
    expect(await take({ ...good, body }, grants(both, newcomer)), 'a body that was not signed').toBe('BAD_INPUT')
    const elsewhere = { ...good, seq: 8 }
    expect(await take(elsewhere, grants(both, newcomer))).toBe('CHAIN_MOVED')
  })

  // Defence: the line on maySign in `take`.
  it('attack 7: who may not sign it is refused, and the chain stays good', async () => {
    const fields = ['newcomer', newcomer.public.sign, newcomer.public.dh, ['practitioner'], both]
    for (const signer of [world.desk, officer, newcomer].map(signerOf))
      expect(await take(await forged('member-added', fields, signer), grants(both, newcomer))).toBe('NOT_ALLOWED')
  })

  // Defence: the line on `fresh` in takeAddition.
  it('attack 7: keys that were in the chain before, or are none, are taken from nobody', async () => {
    const { sign, dh } = publicKeys(newcomer)
    const desk = publicKeys(world.desk)
    const epoch = toB64(world.epochs.desk.public)
    for (const keys of [
      { sign: desk.sign, dh },
      { sign, dh: epoch },
      { sign, dh: sign },
      { sign, dh: 'AAAA' },
    ]) {
      const fields = ['newcomer', ...[keys.sign, keys.dh].map((key) => new Uint8Array(Buffer.from(key, 'base64url')))]
      const statement = await forged('member-added', [...fields, ['frontdesk'], ['desk']], owner)
      const to = { memberId: 'newcomer', keys, roles: ['frontdesk'], groups: ['desk'] }
      const epochGrants = [{ ...grant('desk', newcomer), to: keys.dh }]
      const taken = await takeAddition(clinicId, readStanding(statements), to, { statements: [statement], epochGrants })
      expect(taken, keys.dh).toMatchObject({ ok: false, code: 'BAD_INPUT' })
    }
  })

  // Defence: the comparison of what is due with what was sent, in `take`: a false row would keep the true one out for good.
  it('attack 7: epoch keys go to the newcomer, for the groups they enter, and nowhere else', async () => {
    const statement = await signed(adding('newcomer', newcomer, ['frontdesk'], ['desk']))
    for (const epochGrants of [
      grants(both, newcomer),
      [grant('desk', newcomer), grant('desk', newcomer)],
      [grant('desk', world.owner)],
      [grant('desk', newcomer, 2)],
    ])
      expect(await take(statement, epochGrants, ['frontdesk'])).toBe('BAD_INPUT')
    expect(await take(statement, grants(['desk'], newcomer), ['frontdesk'])).toBe('taken')
    // Who lets them in may lack the group's key themselves.
    expect(await take(statement, [], ['frontdesk'])).toBe('taken')
  })

  // Defence: isAgreeable in areFresh, and isSmallOrder in checkFresh (lib/crypto/chain.ts): each next epoch is sealed to everybody.
  it('attack 7: a key to which nothing can be sealed is taken from nobody, by the server and by browsers alike', async () => {
    const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))
    const points = [
      ...['00', '01', 'ec', 'ed', 'ee'].map((first) =>
        hex(first + (first < 'ec' ? '00' : 'ff').repeat(30) + (first < 'ec' ? '00' : '7f')),
      ),
      hex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'),
      hex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'),
    ]
    for (const point of points.flatMap((each) => [each, each.with(31, each[31]! | 128)])) {
      const entry = adding('newcomer', newcomer, ['frontdesk'], ['desk'])
      const keys = { sign: newcomer.public.sign, dh: point }
      await expect(signed({ ...entry, keys } as Entry), toB64(point)).rejects.toMatchObject({ code: 'CHAIN_INVALID' })
      const statement = await forged('member-added', ['newcomer', keys.sign, keys.dh, ['frontdesk'], ['desk']], owner)
      const to = {
        memberId: 'newcomer',
        keys: publicKeys({ public: keys } as Keys),
        roles: ['frontdesk'],
        groups: ['desk'],
      }
      const taken = await takeAddition(clinicId, readStanding(statements), to, {
        statements: [statement],
        epochGrants: [],
      })
      expect(taken, toB64(point)).toMatchObject({ ok: false, code: 'BAD_INPUT' })
      const gone = [...statements]
      await say(clinicId, gone, { kind: 'member-removed', memberId: DESK }, owner)
      await expect(
        say(clinicId, gone, { kind: 'epoch', group: 'desk', epoch: 2, key: point }, owner),
      ).rejects.toMatchObject({ code: 'CHAIN_INVALID' })
    }
  })

  // Defence: the lines on isGroup in takeAddition and takeChange.
  it('attack 7: a group is named as browsers read it, or the clinic would be shut for good', async () => {
    const own = randomUUID()
    for (const group of [
      `clinical:${own.toUpperCase()}`,
      'clinical:1',
      `officers:${own}`,
      'kitchen',
      `clinical:${own} `,
    ]) {
      expect(isGroup(group), group).toBe(false)
      expect(() => readGroup(group), group).toThrow()
      const groups = [group] as Group[]
      const { sign, dh } = newcomer.public
      const fields: Cbor[] = ['newcomer', sign, dh, ['practitioner'], groups]
      const given = { statements: [await forged('member-added', fields, owner)], epochGrants: [] }
      const to = { memberId: 'newcomer', keys: publicKeys(newcomer), roles: ['practitioner'], groups }
      expect(await takeAddition(clinicId, readStanding(statements), to, given)).toMatchObject({ code: 'BAD_INPUT' })
      const change = [await forged('member-changed', [DESK, ['practitioner'], groups], owner)]
      const other = { memberId: DESK, roles: ['practitioner'], groups }
      const changed = takeChange(clinicId, readStanding(statements), other, { statements: change, epochGrants: [] })
      expect(await changed).toMatchObject({ code: 'BAD_INPUT' })
    }
    for (const group of ['desk', 'clinical', 'officers', `desk:${own}`, `clinical:${own}`])
      expect([isGroup(group), readGroup(group)]).toEqual([true, group])
  })

  it('takes one more role, with its groups, once and from one of the group', async () => {
    const change = ['desk-1', ['frontdesk', 'practitioner'], both]
    const give = async (signer: Signer, fields: Cbor[] = change) => {
      const given = {
        statements: [await forged('member-changed', fields, signer)],
        epochGrants: grants(['clinical'], world.desk),
      }
      const to = { memberId: DESK, roles: ['frontdesk', 'practitioner'], groups: both }
      const taken = await takeChange(clinicId, readStanding(statements), to, given)
      return taken.ok ? 'taken' : taken.code
    }
    expect(await give(owner)).toBe('taken')
    expect(await give(owner, ['desk-1', ['admin', 'frontdesk', 'practitioner'], both])).toBe('BAD_INPUT')
    expect(await give(signerOf(officer))).toBe('NOT_ALLOWED')
    const again = { statements: [await forged('member-changed', change, owner)], epochGrants: [] }
    const same = { roles: ['frontdesk'], groups: ['desk'] }
    const changed = (memberId: string) => takeChange(clinicId, readStanding(statements), { memberId, ...same }, again)
    expect(await changed(DESK)).toMatchObject({ code: 'STALE' })
    expect(await changed('nobody')).toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a founding', () => {
  const found = (given: ChainStatement[], keys = publicKeys(world.owner)) =>
    takeFounding(
      clinicId,
      { memberId: OWNER, keys, roles: ['admin', 'practitioner'], rootKey: toB64(world.root.public) },
      given,
    )

  // Defence: `successor`, for each of the five, and the count of them.
  it('attack 7: is root, owner and three epochs, each signed by whom it must be', async () => {
    const five = world.statements.slice(0, 5)
    expect((await found(five))?.map(({ hash }) => hash)).toEqual(world.chain.hashes.slice(0, 5))
    expect(await found(world.statements)).toBeNull()
    expect(await found(five.slice(0, 4))).toBeNull()
    expect(await found([])).toBeNull()
    expect(await found(five, publicKeys(world.desk))).toBeNull()
    for (const [index, statement] of five.entries()) {
      expect(await found(five.with(index, { ...statement, signature: toB64(new Uint8Array(64)) }))).toBeNull()
      expect(await found(five.with(index, { ...statement, body: five[(index + 1) % 5]!.body }))).toBeNull()
      expect(await found(five.with(index, { ...statement, body: 'AAAA' }))).toBeNull()
    }
  })
})
