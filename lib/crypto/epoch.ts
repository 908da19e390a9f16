import { bigEndian64, type Bytes, concat, equal, fromB64, random, toB64, utf8 } from './bytes.ts'
import { encode } from './cbor.ts'
import { type Chain, type ChainEpoch } from './chain.ts'
import { CryptoError } from './errors.ts'
import { hpkeOpen, hpkeSeal } from './hpke.ts'
import { importSecret } from './keys.ts'
import type { EpochGrant, Group } from './types.ts'

/** An epoch's key pair, once its secret was opened and found to be the one the chain names. */
export interface EpochKey {
  group: Group
  epoch: number
  public: Bytes
  pair: CryptoKeyPair
}

export async function newEpoch(): Promise<{ secret: Bytes; public: Bytes }> {
  const secret = random(32)
  return { secret, public: (await importSecret('X25519', secret)).public }
}

/** The epoch's secret to one X25519 key: a member's, or the next epoch's. Throws NO_KEY. */
export async function sealEpoch(
  clinicId: string,
  epoch: Pick<ChainEpoch, 'group' | 'epoch' | 'key'>,
  secret: Bytes,
  to: Bytes,
): Promise<EpochGrant> {
  const { enc, ct } = await hpkeSeal(to, epochInfo(to), epochAad(clinicId, epoch), secret)
  return { group: epoch.group, epoch: epoch.epoch, to: toB64(to), enc: toB64(enc), ct: toB64(ct) }
}

/**
 * The secret behind one grant. Throws NOT_FOR_YOU when the keys are another's, and NOT_VOUCHED when the secret is not that
 * of the key the chain names: so the grant needs no signature of its own.
 */
async function openEpoch(
  chain: Chain,
  grant: EpochGrant,
  to: Bytes,
  keys: CryptoKeyPair,
): Promise<{ secret: Bytes; key: EpochKey }> {
  const named = chain.epochs.find((epoch) => epoch.group === grant.group && epoch.epoch === grant.epoch)
  if (!named) throw new CryptoError('NOT_VOUCHED', 'the chain names no such epoch')
  const box = { enc: fromB64(grant.enc, 32), ct: fromB64(grant.ct, 48) }
  const secret = await hpkeOpen(keys, epochInfo(to), epochAad(chain.clinicId, named), box)
  const { pair, public: raw } = await importSecret('X25519', secret)
  if (!equal(raw, named.key)) throw new CryptoError('NOT_VOUCHED', 'not the secret of the epoch in the chain')
  return { secret, key: { group: named.group, epoch: named.epoch, public: raw, pair } }
}

/** An epoch's secret, by whichever of these keys it was sealed to. Null: by none of them. */
export async function openSecret(
  chain: Chain,
  grants: EpochGrant[],
  epoch: Pick<ChainEpoch, 'group' | 'epoch'>,
  held: { public: Bytes; pair: CryptoKeyPair }[],
): Promise<Bytes | null> {
  for (const grant of grants) {
    if (grant.group !== epoch.group || grant.epoch !== epoch.epoch) continue
    const key = held.find((each) => toB64(each.public) === grant.to)
    const opened = key && (await openEpoch(chain, grant, key.public, key.pair).catch(refused))
    if (opened) return opened.secret
  }
  return null
}

/** Every epoch that these keys reach: directly, or through a later epoch that an earlier one was sealed to. */
export async function openEpochs(
  chain: Chain,
  grants: EpochGrant[],
  member: { public: Bytes; pair: CryptoKeyPair },
): Promise<EpochKey[]> {
  const found: EpochKey[] = []
  const reach = [member]
  for (let next = reach.shift(); next; next = reach.shift()) {
    const name = toB64(next.public)
    for (const grant of grants) {
      if (grant.to !== name || found.some((key) => key.group === grant.group && key.epoch === grant.epoch)) continue
      // A grant that does not open is one epoch not reached: the group's records then say so, one by one.
      const opened = await openEpoch(chain, grant, next.public, next.pair).catch(refused)
      if (!opened) continue
      opened.secret.fill(0)
      found.push(opened.key)
      reach.push(opened.key)
    }
  }
  return found
}

function refused(error: unknown): null {
  if (error instanceof CryptoError) return null
  throw error
}

const epochInfo = (to: Bytes): Bytes => concat(utf8('curtain/v1/epoch'), to)
const epochAad = (clinicId: string, epoch: Pick<ChainEpoch, 'group' | 'epoch' | 'key'>): Bytes =>
  concat(encode([clinicId, epoch.group]), bigEndian64(epoch.epoch), epoch.key)
