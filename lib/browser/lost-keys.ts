import { type Answer, call } from './api.ts'
import type { LinkView, StatusView } from '../rekey/rules.ts'
import type { SessionCode } from './staff-session.ts'
import { vault } from './vault.ts'
import { VaultError } from './vault-error.ts'

/** What the browser that asked keeps until it is over: nothing of it opens anything. */
export interface KeptRequest {
  id: string
  clinicId: string
  memberId: string
  displayName: string
  clinicName: string
  words: string[]
  /** The link that it was asked by, which is spent. */
  token: string
}

const name = 'curtain.lost-keys'

export function keptRequest(): KeptRequest | null {
  try {
    return JSON.parse(localStorage.getItem(name) ?? 'null') as KeptRequest | null
  } catch {
    return null
  }
}
export const forgetRequest = () => localStorage.removeItem(name)

export const openLostLink = (token: string): Promise<Answer<LinkView>> => call('rekey/link', { token }, { retry: true })

export const statusOf = ({ clinicId, id }: KeptRequest): Promise<Answer<StatusView>> =>
  call('rekey/status', { clinicId, id }, { retry: true })

/** Keys are made once for a link, whatever happens to the answer. */
type Asked = Parameters<typeof call<'rekey/request'>>[1]
let made: { passphrase: string; input: Asked; words: string[] } | null = null

/** New account keys under a new passphrase, which wait on the server for two colleagues. */
export async function askForKeys(
  view: LinkView,
  token: string,
  passphrase: string,
): Promise<{ ok: true; kept: KeptRequest } | { ok: false; code: SessionCode }> {
  const { clinicId, memberId, displayName, clinicName, statements } = view
  try {
    if (made?.passphrase !== passphrase || made.input.token !== token) {
      const { request } = await vault().registerStart(passphrase)
      const started = await call('rekey/start', { token, request })
      if (!started.ok) return started
      const chain = { clinicId, statements }
      const { words, ...account } = await vault().renewAccount({ clinicId, memberId, chain, ...started.value })
      made = { passphrase, words, input: { token, id: crypto.randomUUID(), ...account } }
    }
    const { input, words } = made
    const kept = { id: input.id, clinicId, memberId, displayName, clinicName, words, token }
    // Before it is sent: a page that is closed at the wrong moment still knows its words.
    localStorage.setItem(name, JSON.stringify(kept))
    const sent = await call('rekey/request', input)
    return sent.ok ? { ok: true, kept } : sent
  } catch (error) {
    if (error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}
