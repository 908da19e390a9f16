import { type Bytes, equal, labelledHash } from './bytes.ts'
import { type Cbor, decodeArray, encode, read } from './cbor.ts'
import type { Chain, ChainMember } from './chain.ts'
import { CryptoError } from './errors.ts'
import type { RawKeys } from './keys.ts'
import { isOf } from './policy.ts'
import { sign, verify } from './sign.ts'
import { areTwo } from './voices.ts'

/** Who lost passphrase and kit gets new keys in the old place: two colleagues say so, this long after each other. */
export const rekeySeconds = 24 * 3600

/** The first colleague's word that these new keys are the member's, after comparing their words. */
export interface RekeyApproval {
  /** The chain's head as the approver knew it. */
  head: Bytes
  /** By the approver's own clock, in seconds since 1970. */
  at: number
  signer: Bytes
  signature: Bytes
}
export interface Rekey {
  memberId: string
  keys: RawKeys
}

/**
 * What both sides read to each other. The root is in it: a browser that was shown another clinic's chain under this clinic's name
 * shows other words.
 */
export const rekeyFingerprint = (clinicId: string, root: Bytes, { memberId, keys }: Rekey): Promise<Bytes> =>
  labelledHash('rekey', encode([clinicId, root, memberId, keys.sign, keys.dh]))

/** CBOR [1, clinic, member, signing key, agreement key, chain head, time, signer, signature]. */
export async function approveRekey(
  chain: Chain,
  { memberId, keys }: Rekey,
  at: number,
  signer: { key: CryptoKey; public: Bytes },
): Promise<Bytes> {
  const fields = [1, chain.clinicId, memberId, keys.sign, keys.dh, chain.head, at, signer.public]
  return encode([...fields, await sign(signer.key, 'rekey', fields)])
}

/** Throws BAD_ENVELOPE for another clinic, member or pair of keys, BAD_SIGNATURE; who the signer is, the chain says. */
export async function readApproval(clinicId: string, rekey: Rekey, bytes: Bytes): Promise<RekeyApproval> {
  const [version, clinic, member, signKey, dhKey, ...rest] = decodeArray(bytes, 9)
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `approval version ${String(version)}`)
  const { memberId, keys } = rekey
  const named =
    equal(read.bytes(signKey, 32, 'signing key'), keys.sign) && equal(read.bytes(dhKey, 32, 'agreement key'), keys.dh)
  // The defence of attack 7 against keys that were exchanged between two approvals.
  if (clinic !== clinicId || member !== memberId || !named)
    throw new CryptoError('BAD_ENVELOPE', 'an approval of other keys')
  const approval = parseApproval(rest)
  await checkApproval(clinicId, rekey, approval)
  return approval
}

/** As it lies in the chain's statement, which names the rest. */
export const approvalFields = ({ head, at, signer, signature }: RekeyApproval): Cbor[] => [head, at, signer, signature]

export function parseApproval(value: unknown): RekeyApproval {
  const fields = read.array(value, 'approval')
  if (fields.length !== 4) throw new CryptoError('UNSUPPORTED', `${fields.length} fields in an approval`)
  return {
    head: read.bytes(fields[0], 32, 'chain head'),
    at: read.count(fields[1], 1, 'time'),
    signer: read.bytes(fields[2], 32, 'approver'),
    signature: read.bytes(fields[3], 64, 'signature'),
  }
}

/** Throws BAD_SIGNATURE. */
export function checkApproval(
  clinicId: string,
  { memberId, keys }: Rekey,
  { head, at, signer, signature }: RekeyApproval,
): Promise<void> {
  return verify(signer, 'rekey', [1, clinicId, memberId, keys.sign, keys.dh, head, at, signer], signature)
}

type Colleague = Pick<ChainMember, 'memberId' | 'roles' | 'groups' | 'voice'>

/**
 * Whether these two may say it: two others, officers both, who between them are of every group that the member is in. Where no two
 * other officers are, an officer and any other member will do: the clinic would else have no way at all. Two accounts of one
 * person's making are one (voices.ts).
 */
export function mayRekey(
  current: readonly Colleague[],
  member: Colleague,
  first: Colleague,
  second: Colleague,
): boolean {
  // The defence of attack 7: one person is not two, and nobody speaks for themselves.
  if (new Set([member.memberId, first.memberId, second.memberId]).size !== 3 || !areTwo(first, second)) return false
  const isOfficer = ({ roles }: Colleague) => roles.includes('admin')
  // Nobody opens a group from outside it, here as when a member is added.
  const cover = (...pair: Colleague[]) => member.groups.every((group) => pair.some((each) => isOf(each.groups, group)))
  const officers = current.filter((each) => isOfficer(each) && each.memberId !== member.memberId)
  const two = officers.some((one) => officers.some((other) => areTwo(one, other) && cover(one, other)))
  const fit = two ? isOfficer(first) && isOfficer(second) : isOfficer(first) || isOfficer(second)
  return fit && cover(first, second)
}
