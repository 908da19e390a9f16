import { z } from 'zod'
import type { KeyMaterial } from '../access/rules.ts'
import { Base64Url, Id } from '../ids.ts'

/** How somebody showed who they are, and may begin a session. */
export type OpenedBy = 'password' | 'kit' | 'passkey'
/** Whoever opened a kit may set a new password by it, and nothing else before. */
export type ProofKind = OpenedBy | 'kit-open'
export type WrapKind = 'kit' | 'passkey'

export interface FurtherWrap {
  id: string
  kind: WrapKind
  wrapped: string
}

/** For how long a challenge waits for its answer: a touch takes a while when the security key is in a drawer. */
export const challengeSeconds = 180
/** What a kit signs: a server that shows one origin's nonce at another gets nothing that counts there. */
export const kitPurpose = 'account-kit'

/** The channel on which a session's own tabs hear that it ended, by its id. */
export const ENDED = 'session-ended'

const minutes = (least: number, most: number) =>
  z.coerce.number({ error: 'number' }).int({ error: 'number' }).min(least, { error: 'tooSmall' }).max(most, {
    error: 'tooLarge',
  })
export const SecurityForm = z.object({ lockMinutes: minutes(1, 240), passkeyRequired: z.boolean() })
export type Security = z.output<typeof SecurityForm>

/**
 * A passkey may be required. Then whoever has one opens no session by the password alone; whoever has none yet signs in by it and is
 * asked to add one. A kit goes on working: it is what helps when the passkey is lost.
 */
export const opensSession = (
  kind: ProofKind,
  is: { passkeyRequired: boolean; hasPasskey: boolean },
): kind is OpenedBy => kind !== 'kit-open' && (kind !== 'password' || !is.passkeyRequired || !is.hasPasskey)

const proof = Base64Url(64)
const state = z.string().min(1).max(4000)
const key = Base64Url(64)
const wrapped = Base64Url(2000)
const credential = z
  .object({ id: Base64Url(1400), rawId: Base64Url(1400), type: z.literal('public-key') })
  .extend({ response: z.record(z.string(), z.unknown()), clientExtensionResults: z.object({}).strict() })

export const NoInput = z.object({}).strict()
export const OneInput = z.object({ id: Id })
export const PasswordStartInput = z.object({ request: Base64Url(2000) })
export const PasswordInput = z.object({ proof, record: Base64Url(2000), wrappedAccount: Base64Url(8000) })
export const AddKitInput = z.object({ proof, id: Id, handle: key, wrapped })
export const KitAnswerInput = z.object({ state, handle: key, signature: Base64Url(128) })
export const KitOpenInput = KitAnswerInput.extend({ request: Base64Url(2000) })
export const AddPasskeyInput = z.object({
  ...{ proof, state, id: Id, wrapped, response: credential },
  label: z.string().trim().min(1, { error: 'required' }).max(60, { error: 'tooLong' }),
})
export const PasskeyAnswerInput = z.object({ state, response: credential })

export interface SessionRow {
  id: string
  name: string
  /** Which of the open ones that are called the same, from 1. */
  nth: number
  openedBy: OpenedBy
  createdAt: string
  lastSeenAt: string
  current: boolean
}
export interface WrapRow {
  id: string
  kind: WrapKind
  label: string
  createdAt: string
  triedAt: string | null
  lastUsedAt: string | null
}
export interface AccountView {
  sessions: SessionRow[]
  wraps: WrapRow[]
  /** No two colleagues could give new keys: an owner alone, or the only officer, makes two kits. */
  alone: boolean
  passkeyRequired: boolean
}

type Done = { done: true }
type Challenge = { state: string; nonce: string }
/** WebAuthn's options as its server library makes them, and the challenge's sealed state. */
type Ceremony = { state: string; options: Record<string, unknown> }

export interface AccountContract {
  'account/view': { in: z.input<typeof NoInput>; out: AccountView }
  'account/end-session': { in: z.input<typeof OneInput>; out: Done }
  'account/end-others': { in: z.input<typeof NoInput>; out: { ended: number } }
  'account/password-start': { in: z.input<typeof PasswordStartInput>; out: { response: string } }
  'account/change-password': { in: z.input<typeof PasswordInput>; out: { ended: number } }
  'account/add-kit': { in: z.input<typeof AddKitInput>; out: Done }
  'account/kit-start': { in: z.input<typeof NoInput>; out: Challenge }
  'account/try-kit': { in: z.input<typeof KitAnswerInput>; out: { id: string } }
  'account/kit-open': {
    in: z.input<typeof KitOpenInput>
    out: Pick<KeyMaterial, 'clinicId' | 'memberId' | 'wrappedAccount'> & {
      further: FurtherWrap
      proof: string
      /** OPAQUE's answer for the password that is set next. */
      response: string
    }
  }
  'account/kit-password': { in: z.input<typeof PasswordInput>; out: { proof: string } }
  'account/remove-wrap': { in: z.input<typeof OneInput>; out: Done }
  'account/passkey-options': { in: z.input<typeof NoInput>; out: Ceremony }
  'account/add-passkey': { in: z.input<typeof AddPasskeyInput>; out: Done }
  'account/passkey-start': { in: z.input<typeof NoInput>; out: Ceremony }
  'account/passkey-finish': { in: z.input<typeof PasskeyAnswerInput>; out: { proof: string; further: FurtherWrap } }
  'account/security': { in: z.input<typeof NoInput>; out: Security }
  'account/save-security': { in: z.input<typeof SecurityForm>; out: Done }
}
