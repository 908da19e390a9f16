import type { KeyMaterial } from '../access/rules.ts'
import type { Code } from '../errors.ts'
import { call } from './api.ts'
import { type PasskeyCode, PasskeyError, showPasskey } from './passkey.ts'
import { mayResume, present, touch } from './staff-presence.ts'
import type { FurtherWrap } from './vault-account-api.ts'
import { vault } from './vault.ts'
import type { ChainView, VaultCode } from './vault-api.ts'
import { VaultError } from './vault-error.ts'
import { compareWitness } from './witness.ts'

export type SessionCode = Code | VaultCode | PasskeyCode | 'OFFLINE' | 'INTERNAL'
export type Opening = { ok: true; material: KeyMaterial; chain: ChainView } | { ok: false; code: SessionCode }

export class Stopped extends Error {
  readonly code: SessionCode
  constructor(code: SessionCode) {
    super(code)
    this.code = code
  }
}

type Answer<T> = { ok: true; value: T } | { ok: false; code: SessionCode }
export function need<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Stopped(answer.code)
  return answer.value
}

/** Password to signed-in session and unlocked vault. The password goes to the vault's worker and no further. */
export const signIn = (email: string, password: string): Promise<Opening> =>
  attempt(async () => {
    const { proof, opens } = await prove(email, password)
    if (!opens) throw new Stopped('PASSKEY_FIRST')
    await takeSession(proof)
    return unlock(need(await call('access/me', {})))
  })

/** The same password again after a lock, inside the session that is still good. */
export const unlockAgain = (email: string, password: string): Promise<Opening> =>
  attempt(async () => {
    await prove(email, password)
    return unlock(need(await call('access/me', {})))
  })

/** One touch: signs in and unlocks. No name is asked for. */
export const signInByPasskey = (): Promise<Opening> =>
  attempt(async () => {
    const { proof, further } = await provePasskey()
    await takeSession(proof)
    return unlock(need(await call('access/me', {})), further)
  })

export const unlockByPasskey = (): Promise<Opening> =>
  attempt(async () => {
    const { further } = await provePasskey()
    return unlock(need(await call('access/me', {})), further)
  })

/** After a reload: keys that this browser kept for this session. Null: it keeps none, ask for the password. */
export async function resume(material: KeyMaterial, lockMinutes: number): Promise<Opening | null> {
  return attempt(async () => {
    if (!(await mayResume(material.sessionId, lockMinutes))) {
      await vault().lock()
      return false
    }
    const { clinicId, memberId, sessionId, epochGrants, statements } = material
    const chain = await vault().resume({ clinicId, memberId, sessionId, epochGrants, chain: { clinicId, statements } })
    await vault().cacheFor(material.cacheSeconds)
    if (!chain) return false
    await holdToWitness(clinicId)
    present(sessionId)
    return { material, chain }
  })
}

export async function signOut(): Promise<void> {
  await vault()
    .lock()
    .catch(() => undefined)
  await call('access/sign-out', {})
}

/** The password is right: the server's proof of it, and in the vault what opens the account. */
export async function prove(email: string, password: string): Promise<{ proof: string; opens: boolean }> {
  const { request } = await vault().signInStart(password)
  const { response, state } = need(await call('access/sign-in-start', { email, request }))
  const { finish } = await vault().signInFinish({ response })
  return need(await call('access/sign-in-finish', { state, finish }))
}

/** The same by a passkey. */
export async function provePasskey(): Promise<{ proof: string; further: FurtherWrap }> {
  const { state, options } = need(await call('account/passkey-start', {}))
  const { response, prf } = await showPasskey('account', options)
  const proved = need(
    await call('account/passkey-finish', { state, response: { ...response, clientExtensionResults: {} } }),
  )
  await vault().takePasskey(prf)
  return proved
}

/** next-auth's own endpoints: a CSRF token, then the proof. Its cookie is the session. */
export async function takeSession(proof: string) {
  const csrf = await fetch('/api/auth/csrf').catch(() => null)
  if (!csrf?.ok) throw new Stopped('OFFLINE')
  const { csrfToken } = (await csrf.json()) as { csrfToken: string }
  const answer = await fetch('/api/auth/callback/credentials', {
    method: 'POST',
    body: new URLSearchParams({ csrfToken, proof, json: 'true' }),
  }).catch(() => null)
  if (!answer) throw new Stopped('OFFLINE')
  if (!answer.ok) throw new Stopped('PROOF_USED')
}

export async function unlock(material: KeyMaterial, further?: FurtherWrap) {
  const { clinicId, memberId, sessionId, wrappedAccount, epochGrants, statements } = material
  const chain = await vault().unlock({
    clinicId,
    memberId,
    sessionId,
    wrappedAccount,
    ...(further && { further }),
    epochGrants,
    chain: { clinicId, statements },
  })
  await holdToWitness(clinicId)
  await vault().cacheFor(material.cacheSeconds)
  touch(Date.now())
  present(sessionId)
  await keepHead()
  return { material, chain }
}

/** A chain that the witness saw otherwise is refused, and nothing is left open. */
async function holdToWitness(clinicId: string): Promise<void> {
  try {
    await compareWitness(clinicId)
  } catch (error) {
    await vault().lock()
    throw error
  }
}

/** The wrap on the server carries the newest head that this member saw, so that a wiped browser is not a blank one. */
export async function keepHead(): Promise<void> {
  await call('access/save-wrap', await vault().rewrapAccount())
}

type Opened = { material: KeyMaterial; chain: ChainView }

function attempt(work: () => Promise<Opened>): Promise<Opening>
function attempt(work: () => Promise<Opened | false>): Promise<Opening | null>
async function attempt(work: () => Promise<Opened | false>): Promise<Opening | null> {
  try {
    const opened = await work()
    return opened ? { ok: true, ...opened } : null
  } catch (error) {
    if (error instanceof Stopped || error instanceof VaultError || error instanceof PasskeyError)
      return { ok: false, code: error.code }
    throw error
  }
}
