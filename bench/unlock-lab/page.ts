/** The page of bench/unlock.ts: a browser that knows nothing, a password, and the vault's own worker. */
import { connect } from '../../lib/browser/vault.ts'
import { createVault } from '../../lib/browser/vault-core.ts'
import { memoryStorage } from '../../lib/browser/vault-storage.ts'
import { clinic, PASSWORD } from '../../lib/browser/vault-world.ts'
import type { EpochGrant, Sealed } from '../../lib/crypto/types.ts'
import type { ChainInput } from '../../lib/browser/vault-api.ts'

/** What the server has, and answers. */
export interface Filed {
  setup: string
  record: string
  memberId: string
  wrappedAccount: string
  epochGrants: EpochGrant[]
  chain: ChainInput
  note: Sealed
}

/** The server's half, outside of this process. */
declare function startLogin(request: string): Promise<string>

const tasks: number[] = []
new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
  type: 'longtask',
})

/** A clinic with one record; its keys are made in the page and forgotten with it. */
async function found(): Promise<Filed> {
  const world = await clinic()
  const { owner, clinicId, chain, epochGrants, setup } = world
  const patient = createVault(memoryStorage())
  await patient.loadChain(chain)
  const { patientId } = await patient.createPatient({ clinicId, patientId: crypto.randomUUID(), home: 'memory' })
  const place = {
    clinicId,
    patientId,
    recordId: crypto.randomUUID(),
    revision: 1,
    schema: 1,
    managing: 'desk' as const,
  }
  const note = await patient.seal({
    ...{ ...place, type: 'identity' as const, content: { name: 'Ada' }, groups: ['desk' as const] },
    asPatient: patientId,
  })
  const { record, memberId, wrappedAccount } = owner
  return { setup, record, memberId, wrappedAccount, epochGrants, chain, note }
}

/** From the password to the unlocked vault, and on to the first record; each in a document and a profile of its own. */
async function unlock(filed: Filed) {
  const vault = connect(new Worker('/vault-worker.js', { type: 'module' }))
  const { memberId, wrappedAccount, epochGrants, chain, note } = filed
  await new Promise((resolve) => setTimeout(resolve, 300))
  tasks.length = 0
  const start = performance.now()
  const { request } = await vault.signInStart(PASSWORD)
  const loginResponse = await startLogin(request)
  await vault.signInFinish({ response: loginResponse })
  const { clinicId } = chain
  await vault.unlock({ clinicId, memberId, sessionId: 'bench', wrappedAccount, epochGrants, chain })
  const unlocked = performance.now() - start
  const [opened] = await vault.open([note], { patientId: note.meta.patientId })
  const first = performance.now() - start
  // Long tasks are reported after the fact.
  await new Promise((resolve) => setTimeout(resolve, 100))
  return { unlocked, first, opened: opened?.ok === true, longest: Math.max(0, ...tasks) }
}

const lab = { found, unlock }
export type UnlockLab = typeof lab
Object.assign(globalThis, { lab })
