/// <reference lib="webworker" />
import { expose } from 'comlink'
import { workerHands } from './hands.ts'
import type { VaultReply } from './vault.ts'
import { createVault } from './vault-core.ts'
import { refusalCode } from './vault-error.ts'
import { openStorage } from './vault-indexeddb.ts'

/** Storage is opened once: whether it keeps keys is settled before the first of them is made. */
const opening = openStorage().then((storage) => createVault(storage, workerHands()))

/** Comlink drops an error's code on the way: so refusals travel as values. */
async function ask(method: string, parameters: unknown[]): Promise<VaultReply> {
  const vault = (await opening) as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>
  if (!Object.hasOwn(vault, method)) throw new TypeError(`the vault has no ${method}`)
  try {
    return { ok: true, value: await vault[method]!(...parameters) }
  } catch (error) {
    const code = refusalCode(error)
    if (!code) throw error
    return { ok: false, code, detail: (error as Error).message }
  }
}

expose({ ask })
