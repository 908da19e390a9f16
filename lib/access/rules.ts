import { z } from 'zod'
import type { CareRole, ChainStatement, EpochGrant, Group, PublicKeys } from '../crypto/types.ts'
import { Base64Url, Id } from '../ids.ts'

export const roles = ['practitioner', 'frontdesk', 'admin'] as const
export type Role = (typeof roles)[number]

/** Who asks. Every store takes one first; what it may not see is null to it. */
export interface PublicActor {
  kind: 'public'
}
export interface PatientActor {
  kind: 'patient'
  clinicId: string
  patientId: string
  keyId: string
  /** Where it is somebody who helps the patient: as what. */
  care?: { id: string; role: CareRole }
}
export interface StaffActor {
  kind: 'staff'
  clinicId: string
  memberId: string
  sessionId: string
  roles: Role[]
}
/** The worker, acting on one clinic's due work. */
export interface SystemActor {
  kind: 'system'
  clinicId: string
}
export type Actor = PublicActor | PatientActor | StaffActor | SystemActor

/** What a browser needs to unlock and verify: answered after sign-in and on reload. */
export interface KeyMaterial {
  clinicId: string
  memberId: string
  sessionId: string
  displayName: string
  /** The member's own address, which the password belongs to. */
  email: string
  roles: Role[]
  wrappedAccount: string
  statements: ChainStatement[]
  epochGrants: EpochGrant[]
  /** How long this clinic lets a browser remember what it opened. */
  cacheSeconds: number
}

/** A working day and a bit: nobody signs in twice between breakfast and the last consult. */
export const sessionHours = 14
export const proofSeconds = 60
export const loginStateSeconds = 60
export const invitationDays = 7
/** Between two colleagues' word for new keys: as long as lib/crypto/rekey asks for. */
export const rekeyHours = 24
/** How far a browser's clock may be off where its time is signed. */
export const clockMinutes = 10

/**
 * What of the clinic a member sees: all of it; of a practitioner, their own patients only, by the member id that names their
 * scope; or these sites, of a practitioner or the desk.
 */
export interface Part {
  own?: string | null
  sites?: readonly string[]
}

/**
 * Groups a role belongs to. Further admins see the desk's records, and a note only as practitioners. Who sees their own patients
 * only, names included, has one group, their own; who sees sites, theirs. Officers' desk is the whole clinic's: they run it.
 */
export function groupsOf(has: readonly Role[], { own = null, sites = [] }: Part = {}): Group[] {
  const practises = has.includes('practitioner')
  const runs = has.includes('admin')
  const atDesk = !own || !practises || has.some((role) => role !== 'practitioner')
  const scoped = sites.length > 0 && !(own && practises)
  const desk: Group[] = scoped && !runs ? sites.map((site): Group => `desk:${site}`) : ['desk']
  const clinical: Group[] = own ? [`clinical:${own}`] : sites.map((site): Group => `clinical:${site}`)
  return [
    ...(atDesk ? desk : []),
    ...(practises ? (clinical.length ? clinical : (['clinical'] as const)) : []),
    ...(runs ? (['officers'] as const) : []),
  ]
}

/** Sites that these groups are of; none, of who is of no site, or of the whole clinic's. `own` is not one of them. */
export const sitesOf = (groups: readonly string[], own: string): string[] =>
  [...new Set(groups.flatMap((group) => group.split(':')[1] ?? []))].filter((site) => site !== own).sort()

/** Groups after a change of roles. What a member is in beside their roles, as an owner who does not practise, they stay in. */
export function groupsAfter(
  member: { memberId: string; roles: readonly string[]; groups: readonly string[] },
  next: { roles: readonly Role[]; ownPatients: boolean; siteIds?: readonly string[] },
): Group[] {
  const { memberId, groups } = member
  const had = member.roles as Role[]
  const usual = new Set<string>([...groupsOf(had), ...groupsOf(had, { own: memberId })])
  // Each scope comes of a choice, and goes with it.
  const beside = groups.filter((group) => !usual.has(group) && !group.includes(':')) as Group[]
  const part = { own: next.ownPatients ? memberId : null, sites: next.siteIds ?? [] }
  return [...new Set([...groupsOf(next.roles, part), ...beside])].sort()
}

export const isClinical = (actor: { roles: readonly Role[] }) => actor.roles.includes('practitioner')

/** Which appointments a member sees, by what of the clinic they do: for the server's queries, beside the keys. */
export function seenVisits(actor: { memberId: string; roles: readonly Role[] }, { own = null, sites = [] }: Part) {
  if (own) return { memberId: own }
  return sites.length ? { OR: [{ siteId: { in: [...sites] } }, { memberId: actor.memberId }] } : {}
}

/** The same for who runs days: officers run all of them, and whoever is at the whole clinic's desk. */
export const runsVisits = (actor: { memberId: string; roles: readonly Role[] }, part: Part) =>
  actor.roles.includes('admin') || (part.own && runsDay(actor)) ? {} : seenVisits(actor, part)

/** The desk and admins run everybody's day, whosever patients they see themselves. */
export const runsDay = (actor: { roles: readonly Role[] }) => actor.roles.some((role) => role !== 'practitioner')

/** Whether a session still counts. Checked at every request, so that a revoked one fails at its next. */
export function decideSession(
  session: { revokedAt: Date | null; expiresAt: Date; memberStatus: string },
  now: Date,
): 'live' | 'revoked' | 'expired' | 'removed' {
  if (session.revokedAt) return 'revoked'
  if (session.expiresAt <= now) return 'expired'
  return session.memberStatus === 'active' ? 'live' : 'removed'
}

export type InvitationState = 'open' | 'answered' | 'vouched' | 'cancelled'
type InvitationEvent = 'answer' | 'vouch' | 'cancel'

/** Life of an invitation: answered once, vouched for once; a cancelled one is dead. */
export function nextInvitation(
  state: InvitationState,
  event: InvitationEvent,
  at: { now: Date; expiresAt: Date },
): InvitationState | null {
  if (event === 'answer') return state === 'open' && at.now < at.expiresAt ? 'answered' : null
  if (event === 'vouch') return state === 'answered' ? 'vouched' : null
  return state === 'open' || state === 'answered' ? 'cancelled' : null
}

/** Slug as typed in a booking link: short, lower case, no leading or trailing dash. */
export function slugify(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
}

const consonants = 'bdfghjklmnprstvz'
const vowels = 'aiou'

/** 16 bits as a syllable pair that can be read aloud in any language (a proquint). */
function proquint(word: number): string {
  const c = (shift: number) => consonants[(word >> shift) & 15]
  const v = (shift: number) => vowels[(word >> shift) & 3]
  return `${c(12)}${v(10)}${c(6)}${v(4)}${c(0)}`
}

/** Bytes as pronounceable groups: a fingerprint read over the phone, a passphrase written on paper. */
export function pronounce(bytes: Uint8Array): string[] {
  const words: string[] = []
  for (let i = 0; i + 1 < bytes.length; i += 2) words.push(proquint((bytes[i]! << 8) | bytes[i + 1]!))
  return words
}

// OPAQUE's own messages come in base64url as the library writes it.
const opaque = Base64Url(2000)
const email = z
  .string()
  .trim()
  .toLowerCase()
  .pipe(z.email({ error: 'email' }).max(254))
const personName = z.string().trim().min(1, { error: 'required' }).max(80, { error: 'tooLong' })
const line = z.string().trim().max(120, { error: 'tooLong' })

const keys = z.object({ sign: Base64Url(64), dh: Base64Url(64) })
const statement = z.object({
  seq: z.number().int().min(0).max(100_000),
  body: Base64Url(8000),
  signer: Base64Url(64),
  signature: Base64Url(128),
})
const group = z.union([
  z.enum(['desk', 'clinical', 'officers']),
  z.templateLiteral([z.enum(['desk', 'clinical']), ':', Id]),
])
const epochGrant = z.object({
  group,
  epoch: z.number().int().min(0).max(1_000_000),
  to: Base64Url(64),
  enc: Base64Url(128),
  ct: Base64Url(512),
})

export function isTimeZone(zone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }))
  } catch {
    return false
  }
}

export const RegisterStartInput = z.object({ email, request: opaque })
export const SignInStartInput = z.object({ email, request: opaque })
export const SignInFinishInput = z.object({ state: z.string().min(1).max(4000), finish: opaque })
export const NoInput = z.object({}).strict()

/** What the owner types at /start; the browser adds ids, keys and the chain. */
export const ClinicDetails = z.object({
  name: z.string().trim().min(2, { error: 'required' }).max(80, { error: 'tooLong' }),
  slug: z
    .string()
    .trim()
    .toLowerCase()
    .min(3, { error: 'slug' })
    .max(40, { error: 'slug' })
    .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])$/, { error: 'slug' }),
  timeZone: z.string().max(64).refine(isTimeZone, { error: 'invalid' }),
  country: z.string().regex(/^[A-Z]{2}$/, { error: 'invalid' }),
  currency: z.string().regex(/^[a-z]{3}$/, { error: 'invalid' }),
  locale: z.enum(['en', 'fr']),
})
export const OwnerDetails = z.object({ displayName: personName, title: line, email })

export const OpenClinicInput = z.object({
  /** Where the installation asks for one. */
  code: z.string().trim().max(200).optional(),
  clinicId: Id,
  memberId: Id,
  clinic: ClinicDetails,
  owner: OwnerDetails,
  practitioner: z.boolean(),
  record: opaque,
  wrappedAccount: Base64Url(8000),
  keys,
  rootKey: Base64Url(64),
  rootFingerprint: Base64Url(64),
  statements: z.array(statement).min(1).max(8),
  epochGrants: z.array(epochGrant).min(1).max(16),
})

const siteIds = z.array(Id).max(20).optional()

export const InviteInput = z.object({
  id: Id,
  displayName: personName,
  title: line,
  roles: z.array(z.enum(roles)).min(1, { error: 'required' }).max(3),
  /** A practitioner who is to see their own patients only. Their member id is then the invitation's. */
  ownPatients: z.boolean().optional(),
  /** Sites that a practitioner or somebody at the desk is to see; none: the whole clinic. */
  siteIds,
  /** SHA-256 of what the link's holder can show: see JoinInput.claim. */
  claimHash: Base64Url(64),
})
export const InvitationInput = z.object({ id: Id })
export const JoinInput = z.object({
  id: Id,
  memberId: Id,
  email,
  displayName: personName,
  title: line,
  record: opaque,
  wrappedAccount: Base64Url(8000),
  keys,
  mac: Base64Url(128),
  /** Derived from the secret in the link's fragment, for this alone. */
  claim: Base64Url(64),
})
/** Statements that belong together: one on a member, then the epochs that it makes due. */
const given = {
  statements: z.array(statement).min(1).max(64),
  epochGrants: z.array(epochGrant).max(2000),
}
export const VouchInput = z.object({ id: Id, ...given })
export const ChangeMemberInput = z.object({
  memberId: Id,
  roles: z.array(z.enum(roles)).min(1, { error: 'required' }).max(3),
  ownPatients: z.boolean(),
  siteIds,
  ...given,
})
export const RemoveMemberInput = z.object({ memberId: Id, ...given })
export const RenewEpochsInput = z.object(given)
export const MemberInput = z.object({ memberId: Id })
export const ChainQuery = z.object({ clinicId: Id })
export const MemberProfileInput = z.object({
  memberId: Id,
  displayName: personName,
  title: line,
  bio: z.string().trim().max(400, { error: 'tooLong' }),
})
export const SlugInput = z.object({ slug: ClinicDetails.shape.slug })

export const SaveWrapInput = z.object({ wrappedAccount: Base64Url(8000), signature: Base64Url(128) })
/** What a member's key signs of its own wrap: fields version, clinic, member, the wrap's bytes. */
export const wrapPurpose = 'account-wrap'

export interface InvitationView {
  id: string
  state: InvitationState
  expired: boolean
  clinicId: string
  clinicName: string
  clinicSlug: string
  displayName: string
  title: string
  roles: Role[]
  groups: Group[]
  /** Names of the sites that these groups are of. */
  sites: { id: string; name: string }[]
  statements: ChainStatement[]
}

export interface StaffRow {
  memberId: string
  displayName: string
  title: string
  bio: string
  roles: Role[]
  /** Sees their own patients only, as the database says: what the chain says of their groups counts. */
  ownPatients: boolean
  /** Sees these sites only, as the database says. */
  siteIds: string[]
  status: 'invited' | 'registered' | 'active' | 'removed'
  keys: PublicKeys | null
  lastSeenAt: string | null
}

export interface InvitationRow {
  id: string
  state: InvitationState
  expired: boolean
  displayName: string
  title: string
  roles: Role[]
  groups: Group[]
  expiresAt: string
  /** The newcomer's answer, for the inviter's browser to check. */
  answer: { memberId: string; keys: PublicKeys; mac: string } | null
}

/** An appointment that is still to come, as a list of them shows it. */
export interface ComingAppointment {
  id: string
  startsAt: string
  service: string
}

export interface AccessContract {
  'access/register-start': { in: z.input<typeof RegisterStartInput>; out: { response: string } }
  'access/slug-free': { in: z.input<typeof SlugInput>; out: { free: boolean } }
  'access/open-clinic': { in: z.input<typeof OpenClinicInput>; out: { clinicId: string; slug: string } }
  'access/sign-in-start': { in: z.input<typeof SignInStartInput>; out: { response: string; state: string } }
  /** `opens`: whether it is enough for a session, or the clinic asks for a passkey besides. */
  'access/sign-in-finish': { in: z.input<typeof SignInFinishInput>; out: { proof: string; opens: boolean } }
  'access/me': { in: z.input<typeof NoInput>; out: KeyMaterial }
  'access/save-wrap': { in: z.input<typeof SaveWrapInput>; out: { done: true } }
  'access/sign-out': { in: z.input<typeof NoInput>; out: { done: true } }
  'access/chain': { in: z.input<typeof ChainQuery>; out: { clinicId: string; statements: ChainStatement[] } }
  'access/staff': {
    in: z.input<typeof NoInput>
    /** `unbookable`: practitioners who were never given hours. */
    out: { members: StaffRow[]; invitations: InvitationRow[]; unbookable: string[] }
  }
  'access/save-profile': { in: z.input<typeof MemberProfileInput>; out: { done: true } }
  'access/invite': { in: z.input<typeof InviteInput>; out: { id: string; expiresAt: string } }
  'access/cancel-invitation': { in: z.input<typeof InvitationInput>; out: { done: true } }
  'access/invitation': { in: z.input<typeof InvitationInput>; out: InvitationView }
  'access/join': { in: z.input<typeof JoinInput>; out: { done: true } }
  'access/vouch': { in: z.input<typeof VouchInput>; out: { done: true } }
  'access/change-member': { in: z.input<typeof ChangeMemberInput>; out: { done: true } }
  'access/remove-member': { in: z.input<typeof RemoveMemberInput>; out: { coming: ComingAppointment[] } }
  'access/renew-epochs': { in: z.input<typeof RenewEpochsInput>; out: { done: true } }
  /** Names of the clinic's members, former ones too. */
  'access/colleagues': { in: z.input<typeof NoInput>; out: { members: { memberId: string; displayName: string }[] } }
  'access/coming': { in: z.input<typeof MemberInput>; out: { coming: ComingAppointment[] } }
}
