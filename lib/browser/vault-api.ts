/**
 * The vault's interface: everything a page may ask of the worker that holds private keys.
 * Keys never leave it; plaintext leaves it only for what a page shows. Errors carry a code (VaultError.code).
 */
import type {
  B64,
  CareRole,
  ChainStatement,
  EpochGrant,
  Group,
  PublicKeys,
  Recipient,
  RecordType,
  Sealed,
  VouchReason,
} from '../crypto/types.ts'
import type { BackupVault } from './vault-backup-api.ts'
import type { CacheVault } from './vault-cache-api.ts'
import type { CareVault, HelperView } from './vault-care-api.ts'
import type { AuditVault } from './vault-audit-api.ts'
import type { AccountVault, FurtherWrap } from './vault-account-api.ts'
import type { ErasureVault } from './vault-erasure-api.ts'
import type { CallVault } from './vault-call-api.ts'
import type { EmergencyVault } from './vault-emergency-api.ts'
import type { MembersVault } from './vault-members-api.ts'
import type { NoticeVault } from './vault-notice-api.ts'
import type { CardVault } from './vault-emergency-card-api.ts'
import type { RecogniseVault } from './vault-recognise-api.ts'
import type { RekeyVault } from './vault-rekey-api.ts'
import type { RewrapVault } from './vault-rewrap-api.ts'
import type { PairingVault } from './vault-pairing-api.ts'

export type VaultCode =
  | 'LOCKED'
  | 'NO_STORAGE'
  | 'NO_KEY'
  | 'WRONG_PASSWORD'
  | 'NOT_FOR_YOU'
  | 'BAD_SIGNATURE'
  | 'BAD_COMMITMENT'
  | 'BAD_ENVELOPE'
  | 'UNSUPPORTED'
  | 'NOT_VOUCHED'
  | 'CHAIN_FORKED'
  | 'CHAIN_SHORTER'
  | 'CHAIN_INVALID'
  | 'BAD_INVITATION'
  | 'HELD_ALREADY' // keys of this patient are here: nothing that another device says puts others in their place
  | 'WEAK_PASSWORD'
  | 'BAD_KIT'
  | 'WRONG_WORDS'
  | 'TOO_EARLY'
  | 'STALE'

/** A clinic's chain as the server answers it; the vault verifies it, pins its head and refuses shorter or forked ones. */
export interface ChainInput {
  clinicId: string
  statements: ChainStatement[]
}

/** What a verified chain says. */
export interface ChainView {
  rootFingerprint: B64
  head: B64
  length: number
  /** `voice`: in whose name they speak where two people are asked for. Who was let in by one person alone speaks in theirs. */
  members: { memberId: string; roles: string[]; keys: PublicKeys; groups: Group[]; voice: string }[]
  groups: { group: Group; epoch: number; key: B64 }[]
  /** Groups that wait for their next epoch, since somebody left them, or for their first. */
  waiting: Group[]
  /** How the root came to be trusted: from the link's fragment, from the account's own wrap, or on first use. */
  trust: 'link' | 'account' | 'first-use'
}

interface SealedContent {
  clinicId: string
  patientId: string
  recordId: string
  revision: number
  /** Record hash of the revision before, when revision > 1. */
  previous?: B64
  type: RecordType
  schema: number
  content: unknown
  /**
   * The patient's X25519 keys when the patient reads it too. A member's vault takes a key that this patient signed with
   * (learned by opening a record of theirs) or that a member vouched for (`loadPatientKeys`), once it has opened an
   * `identity` record of that patient. A patient's own vault takes its own key. Anything else: NOT_VOUCHED.
   */
  patients?: { patientId: string; key: B64 }[]
}
/**
 * Groups that manage and read it; or the practitioner whose visit it is of, and the verified chain says which groups those are.
 * Their epoch keys come from the verified chain in either case.
 */
export type SealInput = SealedContent &
  ({ managing: Group; groups: Group[] } | { practitioner: string; site?: string | null })

export interface Opened<T = unknown> {
  recordId: string
  revision: number
  type: RecordType
  content: T
  /** Record hash: what the next revision names as previous. */
  hash: B64
  author: {
    key: B64
    kind: 'member' | 'patient'
    id: string
    vouched: boolean
    /** Who signed in the patient's place. */
    helper?: HelperView | null
  }
  /** The group that manages it, as its author signed. */
  managing: Group
}
/** `unvouched`: with NOT_VOUCHED, what a key that nobody stands behind says. To be shown as that, or not at all. */
export type OpenResult<T = unknown> =
  { ok: true; value: Opened<T> } | { ok: false; recordId: string; code: VaultCode; unvouched?: Opened<T> }

/** Where patient keys live: 'stored' survives a reload, 'memory' does not (private mode, "forget me"). */
export type KeyHome = 'stored' | 'memory'

export interface PatientHandle {
  clinicId: string
  patientId: string
  keyId: string
  keys: PublicKeys
  home: KeyHome
  /** As what this device helps the patient; none where it is the patient's own. */
  helps?: CareRole
}

/** A patient's keys as the server answers them; `vouch` is a member's statement, made by `vouchPatient`. */
export interface PatientKeyInput {
  keys: PublicKeys
  vouch?: B64 | null
  /** By which it and another key of this patient call each other theirs. */
  link?: B64 | null
}
export interface PatientKeyView {
  keys: PublicKeys
  /** By a member's statement, by records this browser opened, or not at all: then nothing is wrapped for it. */
  trust: 'vouched' | 'first-use' | 'none'
  /** Known by these very keys: what it signed is the patient's, even where it reads no more beside one vouched for. */
  met: boolean
  /** How the desk, and nobody else yet, recognised the patient on it: it is granted what the desk manages. */
  atDesk: VouchReason | null
  /** Signing key of the one that it is believed because of, itself where that is so; null where it is not. */
  root: B64 | null
}

export interface OpenOptions {
  /** Open with this patient's device keys instead of the unlocked member's. */
  asPatient?: string
  /**
   * Whose records these must be: another patient's, however well signed, are refused as BAD_ENVELOPE. What the page is
   * about, and never taken from the records themselves.
   */
  patientId: string
}

/** What its link and its page say of an invitation: the newcomer's MAC covers it all. */
export interface Invitation {
  id: string
  secret: B64
  rootFingerprint: B64
  roles: string[]
  groups: Group[]
}

/** The inviter's own word on whom they invited, and to what: kept by their browser, whatever the server shows later. */
export interface KeptInvitation {
  id: string
  secret: B64
  displayName: string
  roles: string[]
  groups: Group[]
}

export interface Vault
  extends
    CallVault,
    CacheVault,
    CareVault,
    CardVault,
    EmergencyVault,
    AuditVault,
    RecogniseVault,
    RewrapVault,
    PairingVault,
    AccountVault,
    MembersVault,
    NoticeVault,
    RekeyVault,
    BackupVault,
    ErasureVault {
  // ── chain ──
  /**
   * Verifies and pins. `pin` is the root fingerprint from a link's fragment. `tried`: for this tab alone, and nothing of it is
   * pinned: what the fingerprint stands for is not known yet.
   */
  loadChain(chain: ChainInput, pin?: B64, tried?: 'tried'): Promise<ChainView>

  // ── staff account ──
  /** OPAQUE registration, first half (also used to accept an invitation). */
  /** A passphrase of 80 random bits in speakable groups: the default that sign-up pages offer. */
  newPassphrase(): Promise<string>
  /** Weak ones are refused: WEAK_PASSWORD. */
  registerStart(password: string): Promise<{ request: B64 }>
  /** Second half: makes account keys, wraps them under the export key. For an owner, also makes root, genesis chain and the groups' first epochs. */
  registerOwner(input: { clinicId: string; memberId: string; response: B64; roles: string[] }): Promise<{
    record: B64
    wrappedAccount: B64
    keys: PublicKeys
    rootKey: B64
    rootFingerprint: B64
    statements: ChainStatement[]
    epochGrants: EpochGrant[]
  }>
  /** An invited member: makes keys and authenticates them with the invitation's secret. */
  registerMember(input: { clinicId: string; memberId: string; response: B64; invitation: Invitation }): Promise<{
    record: B64
    wrappedAccount: B64
    keys: PublicKeys
    /** MAC over clinic, member, invitation, keys, roles and groups under the fragment's secret. */
    mac: B64
    /** Shows the server that the link was at hand. */
    claim: B64
    /** What the inviter's browser shows as well when it was given these keys. */
    code: B64
  }>
  signInStart(password: string): Promise<{ request: B64 }>
  signInFinish(input: { response: B64 }): Promise<{ finish: B64 }>
  /** Unwraps the account key with the export key of the sign-in just finished; pins root and head from the wrap. */
  /** With a sessionId the unlocked keys survive a reload (`resume`); without, they live as long as the worker. */
  unlock(input: {
    clinicId: string
    memberId: string
    sessionId?: string
    wrappedAccount: B64
    /** When a kit or a passkey opens it: taken just before. */
    further?: FurtherWrap
    epochGrants: EpochGrant[]
    chain: ChainInput
  }): Promise<ChainView>
  /** The account's wrap with the newest chain head in it: send it to the server after the chain grew. Needs an unlocked account. */
  rewrapAccount(): Promise<{ wrappedAccount: B64; signature: B64 }>
  /** A reload in the same session: non-extractable device keys from IndexedDB. False when there are none (ask for the password). */
  resume(input: {
    clinicId: string
    memberId: string
    sessionId: string
    epochGrants: EpochGrant[]
    chain: ChainInput
  }): Promise<ChainView | false>
  lock(): Promise<void>
  /** `claimHash` is for the server, which then lets only those answer who have the secret. */
  newInvitation(): Promise<{ id: string; secret: B64; claimHash: B64 }>
  /** Keeps an invitation in this browser until it is used, sealed to the account. */
  rememberInvitation(input: KeptInvitation & { expiresAt: string }): Promise<void>
  recallInvitation(id: string): Promise<KeptInvitation | null>

  // ── patient device ──
  /** Stores and rereads a key: whether this browser can keep one. */
  probe(): Promise<KeyHome>
  /**
   * Asked twice, it answers the keys that it made the first time. `claims`: the appointment for which the server alone says who the
   * patient is. Throws HELD_ALREADY where keys of that patient are here for anything else: they say nothing of somebody new.
   */
  createPatient(input: { clinicId: string; patientId: string; home: KeyHome; claims?: string }): Promise<PatientHandle>
  patients(clinicId?: string): Promise<PatientHandle[]>
  /** Remembers which patient an appointment belongs to on this device. */
  bindAppointment(input: { appointmentId: string; patientId: string; linkSecret: B64 }): Promise<void>
  appointment(appointmentId: string): Promise<{ patient: PatientHandle; linkSecret: B64 } | null>
  forget(patientId?: string): Promise<void>
  /** Signs origin, nonce and ids with a patient device key (purpose e.g. 'patient-session'). */
  signPatient(input: { patientId: string; purpose: string; fields: (string | number)[] }): Promise<B64>
  /** Purpose-bound signature with the unlocked account key. */
  signStaff(input: { purpose: string; fields: (string | number)[] }): Promise<B64>
  /** SHA-256 of UTF-8 text, for consent texts and drafts. */
  hashText(text: string): Promise<B64>

  // ── records ──
  /** Seals as the unlocked member, or as `asPatient`. Recipients are only keys that the loaded chain (or a vouched patient statement) gives. */
  seal<T = unknown>(input: SealInput & { asPatient?: string }): Promise<Sealed<T>>
  sealMany(inputs: (SealInput & { asPatient?: string })[]): Promise<Sealed[]>
  /**
   * Give them earliest first: of a patient nobody vouched for yet, the key that signed the first identity is remembered, and
   * no other is believed beside it.
   */
  open<T = unknown>(records: Sealed<T>[], options: OpenOptions): Promise<OpenResult<T>[]>
  /** Checks what members vouched for and says how far each key is trusted. */
  loadPatientKeys(input: { clinicId: string; patientId: string; keys: PatientKeyInput[] }): Promise<PatientKeyView[]>
  /** "Matches": the unlocked member's statement that these keys are the patient's, and how they knew the patient. */
  vouchPatient(input: {
    clinicId: string
    patientId: string
    keys: PublicKeys
    reason: VouchReason
  }): Promise<{ vouch: B64; by: 'clinical' | 'desk' }>
  /**
   * Re-grants records' DEKs to a further recipient (a patient's vouched key): those that this browser believes, and of these
   * what a patient may read. Never a draft or a recall; a note when it says of itself that it is shared. To a key that only the
   * desk vouched for, what the desk manages.
   */
  regrant(
    records: Sealed[],
    to: Recipient,
  ): Promise<{ recordId: string; revision: number; grant: Sealed['grants'][number] }[]>
  /** Local sealed scratch (form drafts): AES-GCM under a device key; '' removes. */
  saveDraft(name: string, content: unknown): Promise<void>
  loadDraft<T>(name: string): Promise<T | null>

  // ── prescriptions ──
  /**
   * Makes the copy that a pharmacist opens by the fragment's secret: prescription, signature, chain. The unlocked member
   * must hold the role practitioner. `prescriberName` is what the member signs to be called.
   */
  sealShare(input: {
    rxId: string
    clinicId: string
    prescriberName: string
    prescription: unknown
  }): Promise<{ secret: B64; share: B64 }>
  openShare(input: { rxId: string; secret: B64; share: B64; rootFingerprint: B64 }): Promise<
    | {
        ok: true
        prescription: unknown
        prescriber: { memberId: string; name: string }
        issuedAt: string
        rootFingerprint: B64
      }
    | { ok: false; code: VaultCode }
  >
}
