import 'server-only'
import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import { staffOf } from '@/lib/access/flow-sign-in'
import * as access from '@/lib/access/store'
import { sha256 } from '@/lib/access/flow-sign-in'
import type { PublicActor, StaffActor } from '@/lib/access/rules'
import { ok, refuse, type Result } from '@/lib/errors'
import { audit } from '@/lib/server/audit'
import { env } from '@/lib/server/env'
import { enqueue } from '@/lib/server/jobs'
import { notify } from '@/lib/server/notify'
import { verifyProof } from '@/lib/server/proof'
import { limit } from '@/lib/server/rate-limit'
import { inClinic, inNoClinic } from '@/lib/server/tx'
import { newProof, openChallenge, sealChallenge, takeChallenge } from './challenge'
import { registrationFor, takeOwnProof } from './flow'
import { type AccountContract, ENDED, kitPurpose } from './rules'
import type * as rules from './rules'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
  ip: string
}
type Done = Result<{ done: true }>
const done = ok({ done: true as const })

/** Filed, and good for nothing until its words were typed once (`tryKit`). */
export async function addKit(actor: StaffActor, input: In<typeof rules.AddKitInput>, { now }: Context): Promise<Done> {
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await takeOwnProof(tx, actor, input.proof, ['password', 'passkey'], now))) return refuse('PROOF_USED')
    const { id, handle, wrapped } = input
    const kit = { id, kind: 'kit' as const, handle, wrapped, label: '', publicKey: null, counter: 0, triedAt: null }
    if (!(await store.saveWrap(tx, actor, kit))) return refuse('STALE')
    await audit(tx, actor, 'account.kit-made', id)
    return done
  })
}

export async function removeWrap(actor: StaffActor, { id }: In<typeof rules.OneInput>): Promise<Done> {
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await store.dropWrap(tx, actor, id))) return refuse('NOT_FOUND')
    await audit(tx, actor, 'account.wrap-removed', id)
    return done
  })
}

/** The same answer for everybody: which kits there are is nobody's to ask. */
export async function startKit(
  _: unknown,
  _input: unknown,
  { now, ip }: Context,
): Promise<Result<{ state: string; nonce: string }>> {
  const counted = await limit('kit', ip, { points: 60, seconds: 900 })
  if (!counted.ok) return counted
  const nonce = randomBytes(16).toString('base64url')
  return ok({ state: await sealChallenge(kitPurpose, '', nonce, now), nonce })
}

/** Whether the kit's own key signed this challenge, for this origin. */
async function isSigned({ state, handle, signature }: In<typeof rules.KitAnswerInput>, now: Date) {
  const challenge = await openChallenge(kitPurpose, '', state, now)
  if (!challenge) return null
  // The defence of attack 14's kit: without it whoever copied the dump's public key would be given the wrap.
  const signed = await verifyProof(handle, kitPurpose, [env().APP_ORIGIN, challenge.nonce], signature)
  return signed ? challenge : null
}

/** A kit counts once its words were typed by the one who is to use them. */
export async function tryKit(
  actor: StaffActor,
  input: In<typeof rules.KitAnswerInput>,
  { now }: Context,
): Promise<Result<{ id: string }>> {
  const challenge = await isSigned(input, now)
  if (!challenge) return refuse('BAD_PROOF')
  return inClinic(actor.clinicId, async (tx) => {
    const kit = await store.findWrap(tx, actor.clinicId, input.handle, 'kit')
    if (kit?.memberId !== actor.memberId) return refuse('NOT_FOUND')
    if (!(await takeChallenge(tx, actor.clinicId, challenge))) return refuse('PROOF_USED')
    await store.markTried(tx, actor.clinicId, kit.id, now)
    await audit(tx, actor, 'account.kit-tried', kit.id)
    return ok({ id: kit.id })
  })
}

/** The kit in place of the password: its wrap, and OPAQUE's answer for the password that is set at once. */
export async function openKit(
  _: PublicActor,
  input: In<typeof rules.KitOpenInput>,
  { now, ip }: Context,
): Promise<Result<AccountContract['account/kit-open']['out']>> {
  const counted = await limit('kit-open', ip, { points: 20, seconds: 900 })
  if (!counted.ok) return counted
  const challenge = await isSigned(input, now)
  if (!challenge) return refuse('BAD_PROOF')
  const clinicId = await inNoClinic((tx) => store.lookupWrap(tx, input.handle))
  if (!clinicId) return refuse('KIT_UNKNOWN')
  return inClinic(clinicId, async (tx) => {
    const kit = await store.findWrap(tx, clinicId, input.handle, 'kit')
    if (!kit?.triedAt) return refuse('KIT_UNKNOWN')
    const member = { clinicId, memberId: kit.memberId }
    const account = await registrationFor(tx, member, input.request)
    if (!account) return refuse('KIT_UNKNOWN')
    if (!(await takeChallenge(tx, clinicId, challenge))) return refuse('PROOF_USED')
    await store.markUsed(tx, clinicId, kit.id, 0, now)
    await audit(tx, staffOf(clinicId, kit.memberId, []), 'account.kit-opened', kit.id)
    await enqueue(tx, 'mail.kit-used', member)
    // The defence of a stolen kit's owner: it begins no session before a new password has ended theirs.
    const proof = await newProof(tx, member, 'kit-open', now)
    const { id, wrapped } = kit
    const { wrappedAccount, response } = account
    return ok({ ...member, wrappedAccount, response, proof, further: { id, kind: 'kit' as const, wrapped } })
  })
}

/** The new password, on the kit's proof: every session ends, and a new proof opens the one that begins. */
export async function setPasswordByKit(
  _: PublicActor,
  input: In<typeof rules.PasswordInput>,
  { now }: Context,
): Promise<Result<{ proof: string }>> {
  const clinicId = await inNoClinic((tx) => access.lookupProof(tx, sha256(input.proof)))
  if (!clinicId) return refuse('PROOF_USED')
  return inClinic(clinicId, async (tx) => {
    const taken = await access.takeProof(tx, sha256(input.proof), now)
    if (taken?.kind !== 'kit-open') return refuse('PROOF_USED')
    const { memberId } = taken
    const { record: opaqueRecord, wrappedAccount } = input
    const saved = await store.savePassword(tx, { clinicId, memberId }, { opaqueRecord, wrappedAccount })
    if (!saved) return refuse('NOT_FOUND')
    const ended = await store.endSessions(tx, { clinicId, memberId }, { keep: null }, now)
    for (const id of ended) await notify(tx, ENDED, id)
    await audit(tx, staffOf(clinicId, memberId, []), 'account.password-set-by-kit', memberId)
    return ok({ proof: await newProof(tx, { clinicId, memberId }, 'kit', now) })
  })
}
