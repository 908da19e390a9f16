import { type Bytes, concat, derive, equal, labelledHash, utf8 } from './bytes.ts'
import { encode } from './cbor.ts'
import { CryptoError } from './errors.ts'
import type { RawKeys } from './keys.ts'
import { sorted } from './policy.ts'
import type { Group } from './types.ts'

/** What the newcomer's MAC covers. The root is in it, so that both browsers mean the same clinic; what they are to be, so that both mean that. */
export interface Newcomer {
  clinicId: string
  invitationId: string
  memberId: string
  rootFingerprint: Bytes
  keys: RawKeys
  roles: readonly string[]
  groups: readonly Group[]
}

/** HMAC-SHA256 under a key of the fragment's secret, which never reaches a server. */
export async function macNewcomer(secret: Bytes, newcomer: Newcomer): Promise<Bytes> {
  const raw = await derive(secret, 'invitation', new Uint8Array(0), 32)
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(
    await crypto.subtle.sign('HMAC', key, concat(utf8('curtain/v1/invitation'), newcomerFields(newcomer))),
  )
}

function newcomerFields({ clinicId, invitationId, memberId, rootFingerprint, keys, roles, groups }: Newcomer): Bytes {
  const ids = [clinicId, invitationId, memberId, rootFingerprint, keys.sign, keys.dh]
  return encode([...ids, sorted(roles), sorted(groups)])
}

/**
 * What the newcomer and the inviter read to each other before anybody is vouched for: whoever got hold of the link, secret and
 * all, answers with other keys, and these sound otherwise. 64 bits: in the days of an invitation nobody finds keys that sound the
 * same.
 */
export async function newcomerCode(newcomer: Newcomer): Promise<Bytes> {
  return (await labelledHash('newcomer-code', newcomerFields(newcomer))).slice(0, 8)
}

/** Throws BAD_INVITATION: keys, roles or groups that the server swapped, another invitation's MAC, or an altered one. */
export async function checkNewcomer(secret: Bytes, newcomer: Newcomer, mac: Bytes): Promise<void> {
  // The defence of the owner's browser against a swapped key: nobody is vouched for before this line.
  if (!equal(await macNewcomer(secret, newcomer), mac))
    throw new CryptoError('BAD_INVITATION', 'the keys are not the invited ones')
}

/** What whoever answers shows the server, which holds its hash: the link was in their hands. It says nothing of the MAC's key. */
export const claimOf = (secret: Bytes, invitationId: string): Promise<Bytes> =>
  derive(secret, 'invitation-claim', utf8(invitationId), 32)
