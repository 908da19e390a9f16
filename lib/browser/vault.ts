import { type Remote, transfer, wrap } from 'comlink'
import { reopening } from './reopening.ts'
import type { Vault, VaultCode } from './vault-api.ts'
import { VaultError } from './vault-error.ts'

export type VaultReply = { ok: true; value: unknown } | { ok: false; code: VaultCode; detail: string }
interface VaultDoor {
  ask(method: string, parameters: unknown[]): Promise<VaultReply>
}

let only: Vault | null = null
const refusals = new Set<(code: VaultCode) => void>()

/** Whenever this tab's vault refuses a list of members, or anything like one. Answers how to stop. */
export function onChainRefused(listener: (code: VaultCode) => void): () => void {
  refusals.add(listener)
  return () => refusals.delete(listener)
}

/** This tab's vault. The first call starts the worker; refusals arrive as VaultError with their code. */
export function vault(): Vault {
  only ??= connect(new Worker(new URL('./vault.worker.ts', import.meta.url), { type: 'module', name: 'vault' }))
  return only
}

/** The page's side of a vault worker: every method of `Vault`, each one message there and one back. */
export function connect(worker: Worker): Vault {
  const door: Remote<VaultDoor> = wrap<VaultDoor>(worker)
  const all = new Proxy({} as Vault, {
    get(_, method) {
      // Not a promise: `await vault()` must not ask the worker for a `then`.
      if (typeof method !== 'string' || method === 'then') return undefined
      return async (...parameters: unknown[]) => {
        // A port is handed over whole: this page keeps no end of it.
        const ports = parameters.filter((each) => each instanceof MessagePort)
        const reply = await door.ask(method, ports.length ? transfer(parameters, ports) : parameters)
        if (reply.ok) return reply.value
        if (reply.code.startsWith('CHAIN_')) for (const listener of refusals) listener(reply.code)
        throw new VaultError(reply.code, reply.detail)
      }
    },
  })
  const open = reopening(all)
  return new Proxy(all, { get: (_, method) => (method === 'open' ? open : Reflect.get(all, method)) as unknown })
}
