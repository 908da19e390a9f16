import type { Hands } from './hands.ts'
import type { LogHead } from '../audit/rules.ts'
import { type Bytes, equal, fromB64, toB64 } from '../crypto/bytes.ts'
import {
  type Chain,
  type ChainMember,
  currentEpochs,
  currentMembers,
  type KnownChain,
  verifyChain,
  waitingGroups,
} from '../crypto/chain.ts'
import type { EpochKey } from '../crypto/epoch.ts'
import type { Keys, RawKeys } from '../crypto/keys.ts'
import type { PatientLink } from '../crypto/patient-link.ts'
import type { CheckedVouch } from '../crypto/patient-vouch.ts'
import type { B64, CareRole, ChainStatement, EpochGrant, PublicKeys, Recipient } from '../crypto/types.ts'
import { type RecordCache, recordCache } from './record-cache.ts'
import { type Turns, turns } from './turns.ts'
import type { ChainInput, ChainView, KeyHome } from './vault-api.ts'
import { VaultError } from './vault-error.ts'
import type { HeldCare } from './vault-care.ts'
import type { Refused } from './vault-notice.ts'
import type { VaultStorage } from './vault-storage.ts'

/** What the parts of one vault share. Holds private keys: nothing of it is ever returned to a page. */
export interface VaultContext {
  storage: VaultStorage
  chains: Map<string, LoadedChain>
  unlocked: Unlocked | null
  /** Password and OPAQUE state between the two halves of a registration or sign-in. */
  registration: { password: string; state: string } | null
  signIn: { password: string; state: string } | null
  exportKey: Bytes | null
  /** A kit's or a passkey's secret, between being shown and being used. */
  taken: { kind: 'kit' | 'passkey'; secret: Bytes } | null
  /** Patient devices by patient id: those that live in memory, and those read from storage. */
  devices: Map<string, PatientDevice>
  appointments: Map<string, BoundAppointment>
  /** What is believed of other devices' keys: by "clinic/patient". */
  patientKeys: Map<string, TrustedPatientKey[]>
  /** Keys vouched for by members whose word counts for what their own groups manage, and for no more: by "clinic/patient". */
  partVouches: Map<string, PartVouch[]>
  /** Links between keys of one patient, as both of each signed them: by "clinic/patient". */
  patientLinks: Map<string, PatientLink[]>
  /** Who helps a patient, as it was signed, and the server's clock when it was asked last: by "clinic/patient". */
  care: Map<string, { held: HeldCare[]; serverNow: number }>
  /** Names that identity records opened here say, by "clinic/patient". */
  names: Map<string, Set<string>>
  /** What was opened for the unlocked member, for as long as the clinic allows. */
  cache: RecordCache
  /** What is done on the side waits for what a person waits for. */
  turns: Turns
  /** Who passes records on, thousands at a time. */
  hands: Hands
  /** Emergency keys that hold, by "clinic/patient": what a member seals for the patient is granted to them too. */
  emergency: Map<string, Recipient>
  /** While two officers' shares are put together, and no longer: the emergency key that they give. */
  opening: { recipient: Recipient; pair: CryptoKeyPair } | null
  /** How far a witness saw clinics' logs go. */
  witnessedLogs: Map<string, LogHead>
  /** The list of members that was refused last, until one is taken again. */
  refused: Refused | null
  /** What else ends when the account is locked. */
  onLock: (() => void)[]
}

export interface LoadedChain {
  chain: Chain
  statements: ChainStatement[]
  trust: ChainView['trust']
}

export interface Unlocked {
  clinicId: string
  memberId: string
  keys: Keys
  epochs: EpochKey[]
  epochGrants: EpochGrant[]
  wrapped: Bytes
  pinKey: CryptoKey
}

export interface PatientDevice {
  clinicId: string
  patientId: string
  keyId: string
  keys: Keys
  home: KeyHome
  /** For which appointment, booked by the clinic, it became a patient's first. */
  claims?: string
  /** Where it helps a patient: whose key let it in, and as what. */
  helps?: { from: RawKeys; role: CareRole }
}

export interface BoundAppointment {
  patientId: string
  linkSecret: B64
}

export interface TrustedPatientKey {
  keys: RawKeys
  trust: 'vouched' | 'first-use'
  /** The key that it is believed because of, where it is not believed by itself. */
  root?: RawKeys
}

/** `by` and `groups` of whoever said that this key is the patient's. */
export type PartVouch = Pick<CheckedVouch, 'keys' | 'reason' | 'by' | 'groups' | 'left'>

/** What storage holds of a chain: enough to notice another root, a shorter chain, a fork. */
interface StoredPin {
  rootFingerprint: B64
  length: number
  head: B64
  trust: ChainView['trust']
}

export const newContext = (storage: VaultStorage, hands: Hands): VaultContext => ({
  storage,
  hands,
  chains: new Map(),
  unlocked: null,
  registration: null,
  signIn: null,
  exportKey: null,
  taken: null,
  devices: new Map(),
  appointments: new Map(),
  patientKeys: new Map(),
  partVouches: new Map(),
  patientLinks: new Map(),
  care: new Map(),
  names: new Map(),
  cache: recordCache(),
  turns: turns(),
  emergency: new Map(),
  opening: null,
  witnessedLogs: new Map(),
  refused: null,
  onLock: [hands.end],
})

/** Verifies a chain against every pin there is, and moves this browser's pin forward. */
export async function adoptChain(
  context: VaultContext,
  input: ChainInput,
  known: KnownChain & { trust: 'link' | 'account' | 'none' },
  keeps = true,
): Promise<LoadedChain> {
  const name = `pin:${input.clinicId}`
  const stored = await context.storage.get<StoredPin>(name)
  const pins: KnownChain[] = [known]
  if (stored) pins.push(knownOf(stored))
  const held = context.chains.get(input.clinicId)
  if (held) pins.push({ length: held.chain.hashes.length, head: held.chain.head })
  const chain = await verifyChain(input.clinicId, input.statements, ...pins).catch((error: unknown) => {
    context.refused = { clinicId: input.clinicId, pins, shown: input.statements }
    throw error
  })
  if (context.refused?.clinicId === input.clinicId) context.refused = null
  const trust = known.trust === 'none' ? (stored?.trust ?? held?.trust ?? 'first-use') : known.trust
  const loaded = { chain, statements: input.statements, trust }
  // Somebody may have been removed: nothing that was opened before is answered from memory.
  if (held && !equal(held.chain.head, chain.head)) {
    context.cache.drop()
    // Officers may be others now: each key is looked at again before anything is sealed to it.
    context.emergency.clear()
  }
  context.chains.set(input.clinicId, loaded)
  const pin: StoredPin = {
    rootFingerprint: toB64(chain.rootFingerprint),
    length: chain.hashes.length,
    head: toB64(chain.head),
    trust,
  }
  if (keeps && (!stored || stored.length < pin.length || stored.trust !== trust)) await context.storage.put(name, pin)
  return loaded
}

export function viewChain({ chain, trust }: LoadedChain): ChainView {
  return {
    rootFingerprint: toB64(chain.rootFingerprint),
    head: toB64(chain.head),
    length: chain.hashes.length,
    members: currentMembers(chain).map(({ memberId, roles, keys, groups, voice }) => ({
      memberId,
      roles: [...roles],
      keys: publicKeys(keys),
      groups: [...groups],
      voice,
    })),
    groups: currentEpochs(chain)
      .filter((epoch) => !epoch.stale)
      .map(({ group, epoch, key }) => ({ group, epoch, key: toB64(key) })),
    waiting: waitingGroups(chain),
    trust,
  }
}

export function requireChain(context: VaultContext, clinicId: string): LoadedChain {
  const loaded = context.chains.get(clinicId)
  if (!loaded) throw new VaultError('CHAIN_INVALID', 'load the chain of this clinic first')
  return loaded
}

export function requireUnlocked(context: VaultContext): Unlocked {
  if (!context.unlocked) throw new VaultError('LOCKED')
  return context.unlocked
}

/** The unlocked account as the chain knows it now: NOT_VOUCHED while nobody has vouched for it, or no longer. */
export function requireMember(context: VaultContext): { unlocked: Unlocked; loaded: LoadedChain; member: ChainMember } {
  const unlocked = requireUnlocked(context)
  const loaded = requireChain(context, unlocked.clinicId)
  const member = currentMembers(loaded.chain).find(
    (each) => each.memberId === unlocked.memberId && equal(each.keys.sign, unlocked.keys.public.sign),
  )
  if (!member) throw new VaultError('NOT_VOUCHED', 'the chain does not name this account')
  return { unlocked, loaded, member }
}

export const publicKeys = (keys: RawKeys): PublicKeys => ({ sign: toB64(keys.sign), dh: toB64(keys.dh) })
export const rawKeys = (keys: PublicKeys): RawKeys => ({ sign: fromB64(keys.sign, 32), dh: fromB64(keys.dh, 32) })
export const sameKeys = (a: RawKeys, b: RawKeys): boolean => equal(a.sign, b.sign) && equal(a.dh, b.dh)

const knownOf = (pin: StoredPin): KnownChain => ({
  rootFingerprint: fromB64(pin.rootFingerprint, 32),
  length: pin.length,
  head: fromB64(pin.head, 32),
})
