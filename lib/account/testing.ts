// What the account page does, against the flows themselves.
import { env } from '@/lib/server/env'
import { at, must, PASSWORD, type TestStaff } from '../access/testing.ts'
import * as access from '../access/flow.ts'
import * as signIn from '../access/flow-sign-in.ts'
import type { AccountInput } from '../browser/vault-account-api.ts'
import type { Vault } from '../browser/vault-api.ts'
import * as flow from './flow.ts'
import * as kits from './flow-kit.ts'

const publicActor = { kind: 'public' } as const

/** OPAQUE to a proof; what opens the account stays in the vault. */
export async function prove({ vault, email }: Pick<TestStaff, 'vault' | 'email'>, password = PASSWORD) {
  const { request } = await vault.signInStart(password)
  const { response, state } = must(await signIn.startSignIn(publicActor, { email, request }, at()))
  const { finish } = await vault.signInFinish({ response })
  return must(await signIn.finishSignIn(publicActor, { state, finish }, at()))
}

export async function accountOf({ actor }: Pick<TestStaff, 'actor'>): Promise<AccountInput> {
  const { clinicId, memberId, wrappedAccount } = must(await access.loadMe(actor))
  return { clinicId, memberId, wrappedAccount }
}

export async function changePassword(staff: TestStaff, from: string, to: string) {
  const { proof } = await prove(staff, from)
  const { request } = await staff.vault.registerStart(to)
  const { response } = must(await flow.startPassword(staff.actor, { request }))
  const made = await staff.vault.changePassword({ ...(await accountOf(staff)), response })
  return flow.changePassword(staff.actor, { proof, ...made }, at())
}

export async function makeKit(staff: TestStaff, password = PASSWORD) {
  const { proof } = await prove(staff, password)
  const kit = await staff.vault.newKit({ ...(await accountOf(staff)), language: 'en' })
  const { id, handle, wrapped } = kit
  must(await kits.addKit(staff.actor, { proof, id, handle, wrapped }, at()))
  return kit
}

/** The kit's signature under a fresh nonce. */
export async function showKit(vault: Vault, text: string, origin = env().APP_ORIGIN) {
  const { handle } = await vault.takeKit(text)
  const { state, nonce } = must(await kits.startKit(publicActor, {}, at()))
  return { state, handle, signature: await vault.proveKit({ origin, nonce }) }
}

export const tryKit = async (staff: TestStaff, text: string) =>
  kits.tryKit(staff.actor, await showKit(staff.vault, text), at())

/** "Passphrase lost", in a browser that knows nothing. Answers the session's actor. */
export async function recover(vault: Vault, text: string, password: string) {
  const { request } = await vault.registerStart(password)
  const opened = await kits.openKit(publicActor, { ...(await showKit(vault, text)), request }, at())
  if (!opened.ok) return opened
  const { proof, response, ...account } = opened.value
  const made = await vault.changePassword({ ...account, response })
  const set = must(await kits.setPasswordByKit(publicActor, { proof, ...made }, at()))
  const session = await signIn.openSession(set.proof, 'Chrome/1 Linux', new Date())
  const actor = (await signIn.findStaff(session!.sessionId, new Date()))!
  const { clinicId, memberId, wrappedAccount, epochGrants, statements } = must(await access.loadMe(actor))
  await vault.takeKit(text)
  const { further } = account
  await vault.unlock({
    ...{ clinicId, memberId, wrappedAccount, epochGrants, further },
    chain: { clinicId, statements },
  })
  return { ok: true as const, value: actor }
}
