import { type Chain, appendStatement, verifyChain } from './chain.ts'
import type { Entry } from './chain-statement.ts'
import { newEpoch } from './epoch.ts'
import { CryptoError } from './errors.ts'
import { importKeys, importSecret, type Keys, newAccountSecrets } from './keys.ts'
import type { Reader } from './record.ts'
import type { ChainStatement, Group, GroupKind, Recipient } from './types.ts'
import { type Bytes, random, toB64 } from './bytes.ts'

/** A clinic for tests: root, an owner who practises, a receptionist, one epoch of each group. */
export interface TestClinic {
  clinicId: string
  root: Signer
  owner: Keys
  desk: Keys
  statements: ChainStatement[]
  chain: Chain
  epochs: Record<GroupKind, { pair: CryptoKeyPair; public: Bytes }>
  /** The group's epoch as a recipient. */
  recipient(group: GroupKind): Recipient
  /** Somebody who holds these groups' epochs. */
  reader(groups: GroupKind[]): Reader
}
export interface Signer {
  key: CryptoKey
  public: Bytes
}

export const OWNER = 'owner-1'
export const DESK = 'desk-1'

export const newKeys = (): Promise<Keys> => importKeys(newAccountSecrets(false))
export const signerOf = (keys: Keys): Signer => ({ key: keys.sign.privateKey, public: keys.public.sign })
export const adding = (memberId: string, keys: Keys, roles: string[], groups: Group[]): Entry => ({
  kind: 'member-added',
  memberId,
  keys: keys.public,
  roles,
  groups,
})

export async function newRoot(): Promise<Signer> {
  const { pair, public: raw } = await importSecret('Ed25519', random(32))
  return { key: pair.privateKey, public: raw }
}

/** Appends to `statements` and verifies the whole, as every client does. */
export async function say(
  clinicId: string,
  statements: ChainStatement[],
  entry: Entry,
  signer: Signer,
): Promise<Chain> {
  const chain = statements.length ? await verifyChain(clinicId, statements) : null
  statements.push(await appendStatement(chain, clinicId, entry, signer))
  return verifyChain(clinicId, statements)
}

export async function testClinic(clinicId = 'clinic-1'): Promise<TestClinic> {
  const [root, owner, desk] = await Promise.all([newRoot(), newKeys(), newKeys()])
  const statements: ChainStatement[] = []
  const epochs = {} as TestClinic['epochs']
  await say(clinicId, statements, { kind: 'genesis', root: root.public }, root)
  const groups: GroupKind[] = ['desk', 'clinical', 'officers']
  await say(clinicId, statements, adding(OWNER, owner, ['admin', 'practitioner'], groups), root)
  for (const group of groups) {
    const { secret, public: key } = await newEpoch()
    epochs[group] = { pair: (await importSecret('X25519', secret)).pair, public: key }
    await say(clinicId, statements, { kind: 'epoch', group, epoch: 1, key }, signerOf(owner))
  }
  const chain = await say(clinicId, statements, adding(DESK, desk, ['frontdesk'], ['desk']), signerOf(owner))
  return {
    clinicId,
    root,
    owner,
    desk,
    statements,
    chain,
    epochs,
    recipient: (group) => ({ kind: 'group', id: group, key: toB64(epochs[group].public), epoch: 1 }),
    reader: (held) => ({
      chain,
      trustPatient: () => null,
      keysFor: ({ kind, key }) => {
        const group = held.find((each) => toB64(epochs[each].public) === key)
        return kind === 'group' && group ? epochs[group].pair : null
      },
    }),
  }
}

/** The code that a refusal carries; 'accepted' when there was none, so that a test reads as what must not happen. */
export async function codeOf(attempt: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof attempt === 'function' ? attempt() : attempt)
    return 'accepted'
  } catch (error) {
    if (error instanceof CryptoError || (error as { code?: string }).code) return (error as CryptoError).code
    throw error
  }
}

export function flip(bytes: Bytes, bit: number): Bytes {
  const out = bytes.slice()
  out[bit >> 3]! ^= 1 << (bit & 7)
  return out
}
