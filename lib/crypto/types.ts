/**
 * What crosses between browsers and the server. The server imports this file of lib/crypto and no other:
 * to it every value here is opaque text. All bytes are base64url without padding (RFC 4648 §5).
 */

/** Bytes as base64url text. */
export type B64 = string

/** What a group is for. The groups of these very names are the whole clinic's; officers are its admins. */
export type GroupKind = 'desk' | 'clinical' | 'officers'

/** The groups whose members hold a shared epoch key. A scope is a site's id, or the member id of who sees their own patients only. */
export type Group = GroupKind | `desk:${string}` | `clinical:${string}`

export type RecordType =
  'identity' | 'checklist' | 'reason' | 'intake' | 'consent' | 'note' | 'draft' | 'prescription' | 'recall' | 'care'

/** What who helps a patient may: a guardian speaks for a child and lets others in, a carer acts for the patient. */
export type CareRole = 'guardian' | 'carer'
/** When somebody's help ends: on the first day without, on a birthday, or when somebody ends it. */
/** From this birthday on nobody has a guardian. A statement that says otherwise is refused, whoever signed it. */
export const OLDEST_WARD = 18
export type CareEnd = { kind: 'open' } | { kind: 'date'; on: string } | { kind: 'age'; age: number; on: string }

/**
 * Who a grant is for. `id` is the group's name, or a patient's or member's id; `key` is the recipient's X25519 public key. A
 * member is one of a group that has no current epoch, since somebody left it.
 */
export interface Recipient {
  kind: 'group' | 'patient' | 'escrow' | 'member'
  id: string
  key: B64
  epoch: number
}

/** HPKE output of one record's DEK to one recipient, signed by the granter. Stored inside the outer layer. */
export interface SealedGrant {
  recipient: Recipient
  enc: B64
  ct: B64
  granter: B64
  signature: B64
}

/** Facts of a record that the server needs in the clear; the header repeats and authenticates them. */
export interface RecordMeta {
  clinicId: string
  patientId: string
  recordId: string
  revision: number
  type: RecordType
}

/** A sealed record: one revision. `T` is what opens out of it, known to browsers alone. */
export interface Sealed<T = unknown> {
  meta: RecordMeta
  header: B64
  commit: B64
  ciphertext: B64
  signature: B64
  grants: SealedGrant[]
  /** Never present at run time. */
  readonly __opens?: T
}

/** One statement of a clinic's chain, as bytes that clients verify. */
export interface ChainStatement {
  seq: number
  body: B64
  signer: B64
  signature: B64
}

/** A group epoch's secret, sealed to one member (or to the next epoch's key). */
export interface EpochGrant {
  group: Group
  epoch: number
  /** X25519 public key that it is sealed to. */
  to: B64
  enc: B64
  ct: B64
}

/** One officer's share of a patient's emergency key, sealed to that officer's own key. */
export interface SealedShare {
  memberId: string
  enc: B64
  ct: B64
}

/** A member's or patient device's public keys. */
export interface PublicKeys {
  sign: B64
  dh: B64
}

/** What a signed proof of possession covers; `purpose` is part of the signed bytes. */
export interface Proof {
  purpose: string
  nonce: B64
  signature: B64
}

/** How a member knew the patient whose key they vouched for: in this product's call by its safety code, or otherwise. */
export type VouchReason = 'call' | 'document' | 'known' | 'video' | 'phone'
