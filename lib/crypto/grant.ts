import { bigEndian64, type Bytes, concat, fromB64, toB64, utf8 } from './bytes.ts'
import { read } from './cbor.ts'
import { CryptoError } from './errors.ts'
import { hpkeOpen, hpkeSeal } from './hpke.ts'
import { readGroup } from './policy.ts'
import { sign, verify } from './sign.ts'
import type { Recipient, SealedGrant } from './types.ts'

/** What a grant is bound to: one revision of one record. */
export interface GrantContext {
  /** Record hash of the revision. */
  hash: Bytes
  commit: Bytes
}
export interface Granter {
  key: CryptoKey
  public: Bytes
}

/** HPKE of the DEK to one recipient, signed by the granter. Throws NO_KEY when the recipient's key is none. */
export async function makeGrant(
  dek: Bytes,
  context: GrantContext,
  recipient: Recipient,
  granter: Granter,
): Promise<SealedGrant> {
  const key = fromB64(recipient.key, 32)
  const { enc, ct } = await hpkeSeal(key, grantInfo(key, recipient.epoch), concat(context.hash, context.commit), dek)
  const signature = await sign(granter.key, 'grant', grantFields(context, recipient, key, enc, ct))
  return { recipient, enc: toB64(enc), ct: toB64(ct), granter: toB64(granter.public), signature: toB64(signature) }
}

/**
 * Throws BAD_SIGNATURE for a grant of another record or revision, for altered bytes and for a key that did not sign;
 * UNSUPPORTED for a kind of recipient this suite has not. Whether the granter may grant is for `openRecord` to ask.
 */
export async function verifyGrant(grant: SealedGrant, context: GrantContext): Promise<void> {
  const { recipient } = grant
  read.oneOf(recipient.kind, ['group', 'patient', 'escrow', 'member'], 'recipient')
  const fields = grantFields(
    context,
    recipient,
    fromB64(recipient.key, 32),
    fromB64(grant.enc, 32),
    fromB64(grant.ct, 48),
  )
  await verify(fromB64(grant.granter, 32), 'grant', fields, fromB64(grant.signature, 64))
}

/** The DEK of a grant that `verifyGrant` accepted. Throws NOT_FOR_YOU. */
export async function openGrant(grant: SealedGrant, context: GrantContext, keys: CryptoKeyPair): Promise<Bytes> {
  const info = grantInfo(fromB64(grant.recipient.key, 32), grant.recipient.epoch)
  // Bound to record and commitment by HPKE too, so that the signature is not the only line between two records.
  const aad = concat(context.hash, context.commit)
  const dek = await hpkeOpen(keys, info, aad, { enc: fromB64(grant.enc, 32), ct: fromB64(grant.ct, 48) })
  if (dek.length !== 32) throw new CryptoError('NOT_FOR_YOU', 'not a DEK')
  return dek
}

const grantInfo = (key: Bytes, epoch: number): Bytes => concat(utf8('curtain/v1/grant'), key, bigEndian64(epoch))

function grantFields(context: GrantContext, recipient: Recipient, key: Bytes, enc: Bytes, ct: Bytes) {
  const epoch = read.count(recipient.epoch, 0, 'epoch')
  const id = recipient.kind === 'group' ? readGroup(recipient.id) : read.id(recipient.id, 'recipient')
  return [context.hash, recipient.kind, id, key, epoch, enc, ct]
}
