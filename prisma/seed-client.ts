// A browser's part without a browser: the vault in memory, and the app's own door over HTTP.
import type { KeyMaterial } from '../lib/access/rules.ts'
import { createVault } from '../lib/browser/vault-core.ts'
import { memoryStorage } from '../lib/browser/vault-storage.ts'
import type { Vault } from '../lib/browser/vault-api.ts'
import type { ActionName, Contract } from '../lib/contract.ts'

const newVault = (): Vault => createVault(memoryStorage())

/** One person's cookies and vault. */
export class Browser {
  readonly vault = newVault()
  private readonly base: string
  private readonly cookies = new Map<string, string>()

  constructor(base: string) {
    this.base = base
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('origin', this.base)
    headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(new URL(path, this.base), { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }

  /** The action's answer; a refusal ends the seed with its name and code. */
  async call<N extends ActionName>(name: N, input: Contract[N]['in']): Promise<Contract[N]['out']> {
    const response = await this.fetch(`/api/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    })
    const answer = (await response.json()) as {
      ok: boolean
      value: Contract[N]['out']
      code?: string
      fields?: unknown
    }
    if (!answer.ok) throw new Error(`${name}: ${answer.code} ${JSON.stringify(answer.fields ?? '')}`)
    return answer.value
  }

  /** OPAQUE, the proof, next-auth's cookie, and the account's keys unlocked: what the sign-in page does. */
  async signIn(email: string, password: string): Promise<KeyMaterial> {
    const { request } = await this.vault.signInStart(password)
    const started = await this.call('access/sign-in-start', { email, request })
    const { finish } = await this.vault.signInFinish({ response: started.response })
    const { proof } = await this.call('access/sign-in-finish', { state: started.state, finish })
    const { csrfToken } = (await (await this.fetch('/api/auth/csrf')).json()) as { csrfToken: string }
    await this.fetch('/api/auth/callback/credentials', {
      method: 'POST',
      body: new URLSearchParams({ csrfToken, proof, json: 'true' }),
    })
    const me = await this.call('access/me', {})
    const { clinicId, memberId, wrappedAccount, epochGrants, statements } = me
    await this.vault.unlock({ clinicId, memberId, wrappedAccount, epochGrants, chain: { clinicId, statements } })
    await this.call('access/save-wrap', await this.vault.rewrapAccount())
    return me
  }

  async loadChain(clinicId: string, pin?: string) {
    return this.vault.loadChain(await this.call('access/chain', { clinicId }), pin)
  }
}
