import 'server-only'
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import type { z } from 'zod'
import type { PublicActor, StaffActor } from '@/lib/access/rules'
import { ok, refuse, type Result } from '@/lib/errors'
import { audit } from '@/lib/server/audit'
import { env } from '@/lib/server/env'
import { limit } from '@/lib/server/rate-limit'
import { inClinic, inNoClinic } from '@/lib/server/tx'
import { newProof, openChallenge, sealChallenge, takeChallenge } from './challenge'
import { takeOwnProof } from './flow'
import type { AccountContract } from './rules'
import type * as rules from './rules'
import * as store from './store'

type In<S extends z.ZodType> = z.output<S>
interface Context {
  now: Date
  ip: string
}

/** Passkeys belong to the site's name: what is made here works at this origin and no other. */
const rp = () => ({ expectedOrigin: env().APP_ORIGIN, expectedRPID: new URL(env().APP_ORIGIN).hostname })

const making = 'passkey-make'
const showing = 'passkey-show'

export async function passkeyOptions(
  actor: StaffActor,
  _: unknown,
  { now }: Context,
): Promise<Result<AccountContract['account/passkey-options']['out']>> {
  return inClinic(actor.clinicId, async (tx) => {
    const account = await store.findAccount(tx, actor)
    if (!account) return refuse('NOT_FOUND')
    const mine = (await store.listWraps(tx, actor)).filter((wrap) => wrap.kind === 'passkey')
    const options = await generateRegistrationOptions({
      rpName: 'Curtain',
      rpID: rp().expectedRPID,
      userID: new Uint8Array(Buffer.from(actor.memberId.replaceAll('-', ''), 'hex')),
      userName: account.displayName,
      userDisplayName: account.displayName,
      excludeCredentials: mine.map(({ handle }) => ({ id: handle })),
      // Found without a name typed first, and opened by a finger, a face or a PIN: it stands for the password.
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    const state = await sealChallenge(making, actor.memberId, options.challenge, now)
    return ok({ state, options: { ...options } })
  })
}

export async function addPasskey(
  actor: StaffActor,
  input: In<typeof rules.AddPasskeyInput>,
  { now }: Context,
): Promise<Result<{ done: true }>> {
  const challenge = await openChallenge(making, actor.memberId, input.state, now)
  if (!challenge) return refuse('PROOF_USED')
  const made = await verifyRegistrationResponse({
    response: input.response as unknown as RegistrationResponseJSON,
    expectedChallenge: challenge.nonce,
    ...rp(),
    requireUserVerification: true,
  }).catch(() => null)
  if (!made?.verified) return refuse('BAD_PROOF')
  const { id: handle, publicKey, counter } = made.registrationInfo.credential
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await takeOwnProof(tx, actor, input.proof, ['password', 'passkey'], now))) return refuse('PROOF_USED')
    if (!(await takeChallenge(tx, actor.clinicId, challenge))) return refuse('PROOF_USED')
    const { id, wrapped, label } = input
    const passkey = { id, kind: 'passkey' as const, wrapped, label, handle, publicKey, counter, triedAt: now }
    if (!(await store.saveWrap(tx, actor, passkey))) return refuse('STALE')
    await audit(tx, actor, 'account.passkey-added', id)
    return ok({ done: true as const })
  })
}

/** No name is asked: the authenticator knows whose it is. */
export async function startPasskey(
  _: unknown,
  _input: unknown,
  { now, ip }: Context,
): Promise<Result<AccountContract['account/passkey-start']['out']>> {
  const counted = await limit('passkey', ip, { points: 120, seconds: 900 })
  if (!counted.ok) return counted
  const options = await generateAuthenticationOptions({ rpID: rp().expectedRPID, userVerification: 'required' })
  return ok({ state: await sealChallenge(showing, '', options.challenge, now), options: { ...options } })
}

export async function finishPasskey(
  _: PublicActor,
  input: In<typeof rules.PasskeyAnswerInput>,
  { now }: Context,
): Promise<Result<AccountContract['account/passkey-finish']['out']>> {
  const challenge = await openChallenge(showing, '', input.state, now)
  if (!challenge) return refuse('PROOF_USED')
  const handle = input.response.id
  const clinicId = await inNoClinic((tx) => store.lookupWrap(tx, handle))
  if (!clinicId) return refuse('PASSKEY_UNKNOWN')
  return inClinic(clinicId, async (tx) => {
    const passkey = await store.findWrap(tx, clinicId, handle, 'passkey')
    if (!passkey?.publicKey) return refuse('PASSKEY_UNKNOWN')
    const { publicKey, counter } = passkey
    const shown = await verifyAuthenticationResponse({
      response: input.response as unknown as AuthenticationResponseJSON,
      expectedChallenge: challenge.nonce,
      ...rp(),
      credential: { id: handle, publicKey, counter },
      requireUserVerification: true,
    }).catch(() => null)
    if (!shown?.verified) return refuse('BAD_PROOF')
    if (!(await takeChallenge(tx, clinicId, challenge))) return refuse('PROOF_USED')
    const { memberId, id, wrapped } = passkey
    if (!(await store.findAccount(tx, { clinicId, memberId }))) return refuse('PASSKEY_UNKNOWN')
    await store.markUsed(tx, clinicId, id, shown.authenticationInfo.newCounter, now)
    const proof = await newProof(tx, { clinicId, memberId }, 'passkey', now)
    return ok({ proof, further: { id, kind: 'passkey' as const, wrapped } })
  })
}
