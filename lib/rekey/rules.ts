import { z } from 'zod'
import { rekeyHours, RenewEpochsInput } from '../access/rules.ts'
import type { ChainStatement, PublicKeys } from '../crypto/types.ts'
import { Base64Url, Id } from '../ids.ts'

/** How long the link in the mail is good for, and how long a request waits for colleagues. */
export const linkMinutes = 60
export const requestDays = 7

export type RekeyState = 'open' | 'done' | 'objected' | 'replaced'

/** The earliest moment for the second colleague: a day after the request, and after the first one's word. */
export const readyAt = (request: { askedAt: Date; approvedAt: Date | null }): Date =>
  new Date(Math.max(request.askedAt.getTime(), request.approvedAt?.getTime() ?? 0) + rekeyHours * 3_600_000)

/** Officers may object, and the member whose keys these are to be. */
export const mayObject = (actor: { memberId: string; roles: readonly string[] }, memberId: string): boolean =>
  actor.memberId === memberId || actor.roles.includes('admin')

const token = z
  .string()
  .min(1)
  .max(4000)
  .regex(/^[A-Za-z0-9_.-]+$/)
const email = z
  .string()
  .trim()
  .toLowerCase()
  .pipe(z.email({ error: 'email' }).max(254))

export const NoInput = z.object({}).strict()
/** In the language of the page that asks. */
export const AskInput = z.object({ email, locale: z.enum(['en', 'fr']) })
export const LinkInput = z.object({ token })
export const StartInput = z.object({ token, request: Base64Url(2000) })
export const RequestInput = z.object({
  ...{ token, id: Id, record: Base64Url(2000), wrappedAccount: Base64Url(8000) },
  keys: z.object({ sign: Base64Url(64), dh: Base64Url(64) }),
})
export const ApproveInput = z.object({ id: Id, approval: Base64Url(2000) })
export const FinishInput = RenewEpochsInput.extend({ id: Id })
export const OneInput = z.object({ id: Id })
export const StatusInput = z.object({ clinicId: Id, id: Id })

/** Whose link it is, and what their browser needs in order to make keys. */
export interface LinkView {
  clinicId: string
  memberId: string
  displayName: string
  clinicName: string
  statements: ChainStatement[]
  /** Nobody else could say it: only a kit would have helped. */
  colleagues: boolean
  /** A request came by it: its words are in the browser that sent it. */
  used: boolean
}

/** What the browser that asked is told: no name, since whoever has that browser may not be the member. */
export interface StatusView {
  state: RekeyState | 'lapsed'
  askedAt: string
  expiresAt: string
  /** Null as well when the first colleague's word is none any more. */
  approvedAt: string | null
  readyAt: string
}

export interface RekeyRow {
  id: string
  memberId: string
  displayName: string
  keys: PublicKeys
  askedAt: string
  expiresAt: string
  /** The first colleague's word, while it is one. */
  approval: { bytes: string; by: string; name: string; at: string } | null
  readyAt: string
  /** What is left for whoever asked for the list. Browsers hold to the chain, whatever stands here. */
  may: 'approve' | 'finish' | 'nothing'
  mayObject: boolean
}

type Done = { done: true }

export interface RekeyContract {
  'rekey/ask': { in: z.input<typeof AskInput>; out: Done }
  'rekey/link': { in: z.input<typeof LinkInput>; out: LinkView }
  'rekey/start': { in: z.input<typeof StartInput>; out: { response: string } }
  'rekey/request': { in: z.input<typeof RequestInput>; out: Done }
  'rekey/status': { in: z.input<typeof StatusInput>; out: StatusView }
  'rekey/list': { in: z.input<typeof NoInput>; out: { requests: RekeyRow[] } }
  'rekey/approve': { in: z.input<typeof ApproveInput>; out: Done }
  'rekey/finish': { in: z.input<typeof FinishInput>; out: Done }
  'rekey/object': { in: z.input<typeof OneInput>; out: Done }
}
