import { combine, split } from 'shamir-secret-sharing'
import { bigEndian64, type Bytes, concat, equal, fromB64, labelledHash, random, toB64, utf8 } from './bytes.ts'
import { decodeArray, encode, read } from './cbor.ts'
import { type Chain, currentMembers, memberAt } from './chain.ts'
import { CryptoError } from './errors.ts'
import { hpkeOpen, hpkeSeal } from './hpke.ts'
import { importSecret } from './keys.ts'
import { hasKind } from './policy.ts'
import { sign, verify } from './sign.ts'
import type { Group, Recipient, SealedShare } from './types.ts'
import { voicesOf } from './voices.ts'

/*
 * One X25519 key for each patient, whose secret nobody has: two of the clinic's officers have it together. A clinical member's
 * browser makes it, splits it, seals each share to one officer's own key, and signs what it did (`makeEmergencyKey`). Records
 * are granted to it like to any reader. What two officers do to open them is in emergency-request.ts.
 */

export interface Officer {
  memberId: string
  /** The officer's own X25519 key, never a group's. */
  key: Bytes
}
interface Holder extends Officer {
  voice: string
}
/** A statement that was checked: what it says, and whether it still holds. */
export interface EmergencyKey {
  clinicId: string
  patientId: string
  epoch: number
  public: Bytes
  officers: (Officer & { share: Bytes })[]
  /** False once the officers are others, or its maker is a member no more: nothing new is sealed to it then. */
  current: boolean
  /** Those that its maker was in. */
  makerGroups: Group[]
}

/** Enough to open: one alone opens nothing. */
const THRESHOLD = 2

/** Who holds shares: members with the role admin, as the chain has them now. */
export const officersOf = (chain: Chain): Holder[] =>
  currentMembers(chain)
    .filter((member) => member.roles.includes('admin'))
    .map(({ memberId, keys, voice }) => ({ memberId, key: keys.dh, voice }))
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1))

export const escrowOf = (key: Pick<EmergencyKey, 'patientId' | 'public' | 'epoch'>): Recipient => ({
  kind: 'escrow',
  id: key.patientId,
  key: toB64(key.public),
  epoch: key.epoch,
})

/** Whether the officers are two people at least: two accounts of one person's making are one. */
export const areEnough = (officers: readonly Pick<Holder, 'voice'>[]): boolean => voicesOf(officers).length >= THRESHOLD

/**
 * Throws NO_KEY with fewer than two people among the officers: then there is no emergency key at all. Officers who speak in one
 * name get one share between them. The secret is wiped before it answers.
 */
export async function makeEmergencyKey(
  chain: Chain,
  { patientId, epoch }: { patientId: string; epoch: number },
  signer: { key: CryptoKey; public: Bytes },
): Promise<{ statement: Bytes; shares: SealedShare[] }> {
  const officers = officersOf(chain)
  if (!areEnough(officers)) throw new CryptoError('NO_KEY', 'fewer than two officers')
  const voices = voicesOf(officers)
  const secret = random(32)
  const { public: key } = await importSecret('X25519', secret)
  // The defence of attack 22 against one officer with a second account: whatever they hold between them is one share.
  const parts = (await split(secret, voices.length, THRESHOLD)) as Bytes[]
  secret.fill(0)
  const named = { clinicId: chain.clinicId, patientId, epoch, public: key }
  const sealed = await Promise.all(
    officers.map(async (officer) => {
      const part = parts[voices.indexOf(officer.voice)]!
      const box = await hpkeSeal(officer.key, shareInfo(officer.key), shareAad(named, officer.memberId), part)
      return { officer, ...box }
    }),
  )
  for (const part of parts) part.fill(0)
  const listed = await Promise.all(
    sealed.map(async ({ officer, enc, ct }) => [officer.memberId, officer.key, await hashShare(enc, ct)]),
  )
  const fields = [1, chain.clinicId, patientId, epoch, key, listed, chain.head, signer.public]
  return {
    statement: encode([...fields, await sign(signer.key, 'emergency-key', fields)]),
    shares: sealed.map(({ officer, enc, ct }) => ({ memberId: officer.memberId, enc: toB64(enc), ct: toB64(ct) })),
  }
}

/**
 * Throws BAD_SIGNATURE, BAD_ENVELOPE for another clinic's or patient's, CHAIN_SHORTER for a head that the chain lacks, and
 * NOT_VOUCHED when the signer was no clinical member at that head. What is only out of date is said by `current`.
 */
export async function checkEmergencyKey(chain: Chain, patientId: string, bytes: Bytes): Promise<EmergencyKey> {
  const [version, clinic, patient, epochField, publicField, listed, headField, signerField, signature] = decodeArray(
    bytes,
    9,
  )
  if (version !== 1) throw new CryptoError('UNSUPPORTED', `emergency key version ${String(version)}`)
  if (clinic !== chain.clinicId || patient !== patientId) throw new CryptoError('BAD_ENVELOPE', 'another patient’s key')
  const epoch = read.count(epochField, 1, 'epoch')
  const key = read.bytes(publicField, 32, 'key')
  const officers = read.array(listed, 'officers').map((each) => {
    const [memberId, dh, share] = read.array(each, 'officer')
    return {
      memberId: read.id(memberId, 'officer'),
      key: read.bytes(dh, 32, 'officer’s key'),
      share: read.bytes(share, 32, 'hash of a share'),
    }
  })
  const head = read.bytes(headField, 32, 'chain head')
  const signer = read.bytes(signerField, 32, 'signer')
  const fields = [1, chain.clinicId, patientId, epoch, key, officers.map(listOfficer), head, signer]
  await verify(signer, 'emergency-key', fields, read.bytes(signature, 64, 'signature'))
  const seq = chain.hashes.indexOf(toB64(head))
  if (seq < 0) throw new CryptoError('CHAIN_SHORTER', 'the emergency key cites a head that this chain lacks')
  const maker = memberAt(chain, signer, seq)
  if (!maker || !hasKind(maker.groups, 'clinical'))
    throw new CryptoError('NOT_VOUCHED', 'not made by a clinical member')
  // Somebody who has left may have made it with a secret of their own, under a head of the time when they were here.
  const current = maker.until === null && sameOfficers(chain, seq, officers)
  return { clinicId: chain.clinicId, patientId, epoch, public: key, officers, current, makerGroups: maker.groups }
}

const listOfficer = ({ memberId, key, share }: EmergencyKey['officers'][number]) => [memberId, key, share]

/** Whether those named at statement `seq` are the officers now, in as many names as then. */
function sameOfficers(chain: Chain, seq: number, named: readonly Officer[]): boolean {
  const now = officersOf(chain)
  const voiceThen = ({ memberId }: Officer) =>
    chain.members.find(
      (each) => each.memberId === memberId && each.since <= seq && (each.until === null || seq < each.until),
    )?.voice
  return (
    areEnough(now) &&
    named.length === now.length &&
    named.every((each, index) => {
      const { memberId, key, voice } = now[index]!
      return each.memberId === memberId && equal(each.key, key) && voiceThen(each) === voice
    })
  )
}

/** An officer's own share. Throws NOT_FOR_YOU, and BAD_ENVELOPE for one that the statement does not name. */
export async function openOwnShare(
  key: EmergencyKey,
  share: SealedShare,
  own: { memberId: string; pair: CryptoKeyPair; public: Bytes },
): Promise<Bytes> {
  const named = key.officers.find((each) => each.memberId === own.memberId && equal(each.key, own.public))
  const box = { enc: fromB64(share.enc, 32), ct: fromB64(share.ct) }
  if (!named || share.memberId !== own.memberId) throw new CryptoError('NOT_FOR_YOU', 'no share of this officer')
  if (!equal(named.share, await hashShare(box.enc, box.ct))) throw new CryptoError('BAD_ENVELOPE', 'another share')
  return hpkeOpen(own.pair, shareInfo(own.public), shareAad(key, own.memberId), box)
}

/**
 * The patient's emergency key pair of two officers' shares. Throws NOT_VOUCHED when they do not give the secret of the key in
 * the statement: a false share, one share twice, or one of another patient or epoch.
 */
export async function combineShares(key: EmergencyKey, shares: readonly [Bytes, Bytes]): Promise<CryptoKeyPair> {
  const secret = await combine([...shares]).catch(() => null)
  if (secret?.length !== 32) throw new CryptoError('NOT_VOUCHED', 'not two shares of one secret')
  const { pair, public: raw } = await importSecret('X25519', secret as Bytes)
  secret.fill(0)
  // The defence of attack 22: whatever was put together counts only as the secret of the key that the statement names.
  if (!equal(raw, key.public)) throw new CryptoError('NOT_VOUCHED', 'not the secret of this patient’s emergency key')
  return pair
}

const hashShare = (enc: Bytes, ct: Bytes): Promise<Bytes> => labelledHash('emergency-share', encode([enc, ct]))
const shareInfo = (officer: Bytes): Bytes => concat(utf8('curtain/v1/emergency-share'), officer)
const shareAad = (key: Pick<EmergencyKey, 'clinicId' | 'patientId' | 'epoch' | 'public'>, memberId: string): Bytes =>
  concat(encode([key.clinicId, key.patientId, memberId, key.public]), bigEndian64(key.epoch))
