import { fromB64, toB64 } from './bytes.ts'
import { type ChainMember, currentEpochs, currentMembers } from './chain.ts'
import { checkCommitment, readEnvelope } from './envelope.ts'
import { CryptoError } from './errors.ts'
import { makeGrant, openGrant } from './grant.ts'
import { isOf, wholeOf } from './policy.ts'
import { checkGrant, judge, type Reader } from './record.ts'
import type { B64, Group, Recipient, Sealed, SealedGrant } from './types.ts'

/** A grant to a group's epoch. */
export type GroupGrant = SealedGrant & { recipient: Recipient & { kind: 'group' } }

/** One revision whose groups have newer epochs than its grants: without its ciphertext, which granting anew does not need. */
export interface Superseded extends Pick<Sealed, 'meta' | 'header' | 'commit'> {
  ciphertextHash: B64
  /** Those to older epochs and to members' own keys, and one that the reader can open. */
  grants: SealedGrant[]
}

/**
 * Grants one revision to the newest epochs of the groups that it was granted to before, and of those that `due` names.
 * Checks header, place, author, each grant with its granter, and the commitment. So no group gets what nobody with the right to has
 * granted it. The author's own signature is not among these: each granter signed the hash of these very bytes, and whoever opens the
 * record asks for the author's. Throws as `openRecord`; NO_KEY when a group has no current epoch.
 */
export async function rewrapRecord(
  record: Superseded,
  reader: Reader,
  granter: { sign: CryptoKey; member: ChainMember },
  due: (managing: Group) => readonly Group[],
): Promise<GroupGrant[]> {
  const [bytes, commit] = [fromB64(record.header), fromB64(record.commit, 32)]
  const { header, hash } = await readEnvelope({ header: bytes, commit }, fromB64(record.ciphertextHash, 32))
  judge(record.meta, header, reader)
  if (!isOf(granter.member.groups, header.managing)) throw new CryptoError('NOT_VOUCHED', 'not of the managing group')
  const context = { hash, commit }
  // The defence of attack 7 in passing on: a grant that the database alone made up is renewed for nobody.
  await Promise.all(record.grants.map((grant) => checkGrant(grant, reader, header, context)))
  const mine = record.grants.find(({ recipient }) => reader.keysFor(recipient))
  if (!mine) throw new CryptoError('NOT_FOR_YOU', 'no grant for the keys at hand')
  const dek = await openGrant(mine, context, reader.keysFor(mine.recipient)!)
  try {
    // What it replaces is thrown away: a grant of another key would lose the record.
    await checkCommitment(bytes, commit, dek)
    const groups = record.grants.flatMap(({ recipient }) => (recipient.kind === 'group' ? [recipient.id as Group] : []))
    const scopes = record.grants.flatMap(({ recipient }) => ownScope(reader, recipient))
    const recipients = newestOf(reader, new Set([...groups, ...scopes, ...due(header.managing)]))
    const held = new Set(record.grants.map((grant) => grant.recipient.key))
    const by = { key: granter.sign, public: granter.member.keys.sign }
    return await Promise.all(
      recipients
        .filter(({ key }) => !held.has(key))
        .map(async (recipient) => ({ ...(await makeGrant(dek, context, recipient, by)), recipient })),
    )
  } finally {
    dek.fill(0)
  }
}

/**
 * The scope of who sees their own patients only, and whom a record was granted to by their own key while no key of that scope was
 * to be had. A site's is named by the managing group: of a member's sites, others have nothing to do with this record.
 */
function ownScope({ chain }: Reader, { kind, id, key }: Recipient): Group[] {
  if (kind !== 'member') return []
  const member = currentMembers(chain).find((each) => each.memberId === id && toB64(each.keys.dh) === key)
  return member?.groups.filter((group) => group === `clinical:${id}` && !member.groups.includes('clinical')) ?? []
}

/**
 * The groups' current epochs, by the verified chain and nothing else. For a scope that waits, which it does for ever once nobody
 * is in it, the whole clinic's group.
 */
function newestOf({ chain }: Reader, wanted: ReadonlySet<Group>): GroupGrant['recipient'][] {
  const epochs = currentEpochs(chain)
  const current = (group: string) => epochs.find((epoch) => epoch.group === group)
  const groups = new Set([...wanted].map((group) => (current(group)?.stale ? wholeOf(group) : group)))
  return [...groups].map((group) => {
    const newest = current(group)
    // The defence of attack 15: a removed member knows a stale epoch's secret.
    if (!newest || newest.stale) throw new CryptoError('NO_KEY', `the group ${group} has no current epoch`)
    return { kind: 'group', id: group, key: toB64(newest.key), epoch: newest.epoch }
  })
}
