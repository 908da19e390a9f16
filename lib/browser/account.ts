import type { KeyMaterial } from '../access/rules.ts'
import { call } from './api.ts'
import { makePasskey, PasskeyError, showPasskey } from './passkey.ts'
import { need, prove, provePasskey, type SessionCode, Stopped, takeSession, unlock } from './staff-session.ts'
import type { AccountInput, FurtherWrap } from './vault-account-api.ts'
import { vault } from './vault.ts'
import { VaultError } from './vault-error.ts'

export type Done<T> = { ok: true; value: T } | { ok: false; code: SessionCode }

/** Shown just now who they are: the server's proof, good for a minute, and in the vault what opens the account. */
export interface Confirmed {
  proof: string
  further?: FurtherWrap
}

export const confirmByPassword = (email: string, password: string): Promise<Done<Confirmed>> =>
  attempt(async () => ({ proof: (await prove(email, password)).proof }))

export const confirmByPasskey = (): Promise<Done<Confirmed>> => attempt(provePasskey)

/** The account as the server has it now: its pin may have moved since the page was drawn. */
async function accountOf({ further }: { further?: FurtherWrap }): Promise<AccountInput> {
  const { clinicId, memberId, wrappedAccount }: KeyMaterial = need(await call('access/me', {}))
  return { clinicId, memberId, wrappedAccount, ...(further && { further }) }
}

/** Ends every session but this one. */
export const changePassword = (confirmed: Confirmed, password: string): Promise<Done<{ ended: number }>> =>
  attempt(async () => {
    const { request } = await vault().registerStart(password)
    const { response } = need(await call('account/password-start', { request }))
    const made = await vault().changePassword({ ...(await accountOf(confirmed)), response })
    return need(await call('account/change-password', { proof: confirmed.proof, ...made }))
  })

export interface MadeKit {
  id: string
  words: string[]
  code: string
}

export const makeKit = (confirmed: Confirmed, language: 'en' | 'fr'): Promise<Done<MadeKit>> =>
  attempt(async () => {
    const { id, handle, wrapped, words, code } = await vault().newKit({ ...(await accountOf(confirmed)), language })
    need(await call('account/add-kit', { proof: confirmed.proof, id, handle, wrapped }))
    return { id, words, code }
  })

/** The kit's signature under a nonce of the server's. */
async function proveKit(text: string) {
  const { handle } = await vault().takeKit(text)
  const { state, nonce } = need(await call('account/kit-start', {}))
  return { state, handle, signature: await vault().proveKit({ origin: location.origin, nonce }) }
}

/** Its words as they were written down, once: from then on it counts. Answers which kit they are. */
export const tryKit = (text: string): Promise<Done<{ id: string }>> =>
  attempt(async () => {
    const tried = need(await call('account/try-kit', await proveKit(text)))
    await vault().forgetTaken()
    return tried
  })

/** A kit in place of the password, which is set anew: every session ends, and one begins here. */
export const signInByKit = (text: string, password: string): Promise<Done<{ done: true }>> =>
  attempt(async () => {
    const { request } = await vault().registerStart(password)
    const shown = await proveKit(text)
    const { proof, response, ...account } = need(await call('account/kit-open', { ...shown, request }))
    const made = await vault().changePassword({ ...account, response })
    const set = need(await call('account/kit-password', { proof, ...made }))
    await takeSession(set.proof)
    await vault().takeKit(text)
    await unlock(need(await call('access/me', {})), account.further)
    return { done: true }
  })

/** The browser's new passkey, and what its PRF answers: asked once more where the creation did not say. */
export const newPasskey = (): Promise<Done<{ state: string; response: Passkey; prf: Uint8Array }>> =>
  attempt(async () => {
    const { state, options } = need(await call('account/passkey-options', {}))
    const { response, prf } = await makePasskey('account', options)
    if (prf) return { state, response, prf }
    const again = need(await call('account/passkey-start', {}))
    const only = { ...again.options, allowCredentials: [{ id: response.id, type: 'public-key' }] }
    return { state, response, prf: (await showPasskey('account', only)).prf }
  })
type Passkey = Awaited<ReturnType<typeof makePasskey>>['response']

export const savePasskey = (
  confirmed: Confirmed,
  made: { state: string; response: Passkey; prf: Uint8Array },
  label: string,
): Promise<Done<{ done: true }>> =>
  attempt(async () => {
    const { state, response, prf } = made
    const { id, wrapped } = await vault().sealForPasskey({ ...(await accountOf(confirmed)), prf })
    const passkey = {
      proof: confirmed.proof,
      state,
      id,
      wrapped,
      label,
      response: { ...response, clientExtensionResults: {} },
    }
    return need(await call('account/add-passkey', passkey))
  })

async function attempt<T>(work: () => Promise<T>): Promise<Done<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    if (error instanceof Stopped || error instanceof VaultError || error instanceof PasskeyError)
      return { ok: false, code: error.code }
    throw error
  }
}
