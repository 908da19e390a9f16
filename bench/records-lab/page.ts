/** The page of bench/cache.ts and bench/regrant.ts: a member's vault in its worker, against the real server. */
import { call } from '../../lib/browser/api.ts'
import { passOnRecords } from '../../lib/browser/rewrap.ts'
import { connect } from '../../lib/browser/vault.ts'
import type { Vault } from '../../lib/browser/vault-api.ts'
import type { ActionName, Contract } from '../../lib/contract.ts'
import type { SealedGrant } from '../../lib/crypto/types.ts'
import type { StoredRecord } from '../../lib/record/rules.ts'

let vault: Vault
let clinicId = ''
let sealed: StoredRecord[] = []
let patientId = ''
const tasks: number[] = []
new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
  type: 'longtask',
})

async function ask<Name extends ActionName>(name: Name, input: Contract[Name]['in']): Promise<Contract[Name]['out']> {
  const answer = await call(name, input, { as: 'staff' })
  if (!answer.ok) throw new Error(`${name}: ${answer.code}`)
  return answer.value
}
/** Requests that this page made, by the browser's own count. */
const requests = () => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/')).length
async function counted<T>(work: () => Promise<T>) {
  performance.clearResourceTimings()
  performance.setResourceTimingBufferSize(5000)
  const begun = performance.now()
  const value = await work()
  return { value, ms: performance.now() - begun, requests: requests() }
}

async function signIn(email: string, password: string) {
  vault = connect(new Worker('/vault-worker.js', { type: 'module' }))
  const { request } = await vault.signInStart(password)
  const { response } = await ask('access/sign-in-start', { email, request })
  await vault.signInFinish({ response })
  const me = await ask('access/me', {})
  clinicId = me.clinicId
  const { memberId, wrappedAccount, epochGrants, statements } = me
  await vault.unlock({ clinicId, memberId, wrappedAccount, epochGrants, chain: { clinicId, statements } })
}

// ── the list ──

async function openList(appointmentId: string) {
  const view = await ask('encounter/open', { appointmentId })
  sealed = view.records
  patientId = view.appointment.patientId
  return opened(sealed)
}
async function opened(records: StoredRecord[]) {
  const results = await vault.open(records, { patientId })
  const failed = results.find((each) => !each.ok)
  if (failed) throw new Error(`not opened: ${failed.ok ? '' : failed.code}`)
  return results.length
}
/** What opening the list takes: with the request for it, or of what is at hand. */
async function list(how: 'cold' | 'again', seconds: number, appointmentId: string) {
  if (how === 'cold') await vault.cacheFor(seconds)
  const {
    value,
    ms,
    requests: asked,
  } = await counted(() => (how === 'cold' ? openList(appointmentId) : opened(sealed)))
  return { ms, requests: asked, records: value }
}
/** The peer: the list, and then a request for the key of each of its records, as many at a time as the browser lets it. */
async function keyed(appointmentId: string) {
  await vault.cacheFor(0)
  const {
    value,
    ms,
    requests: asked,
  } = await counted(async () => {
    const view = await ask('encounter/open', { appointmentId })
    patientId = view.appointment.patientId
    const grants = await Promise.all(
      view.records.map(async ({ meta }) => {
        const answer = await fetch(`/api/bench-key/${meta.recordId}.${meta.revision}`, { method: 'POST' })
        return (await answer.json()) as SealedGrant[]
      }),
    )
    return opened(view.records.map((record, index) => ({ ...record, grants: grants[index]! })))
  })
  return { ms, requests: asked, records: value }
}

// ── passing on ──

async function passOn() {
  let chainLength = 0
  let total = 0
  let failed = 0
  let inVault = 0
  tasks.length = 0
  const done = await counted(() =>
    passOnRecords({
      ask: (input) => call('rewrap/next', input, { as: 'staff' }),
      keys: {
        rewrap: async (records) => {
          const begun = performance.now()
          const made = await vault.rewrap(records)
          inVault += performance.now() - begun
          return made
        },
      },
      chainLength: () => chainLength,
      reload: async () => {
        const chain = await ask('access/chain', { clinicId })
        chainLength = (await vault.loadChain(chain)).length
        return true
      },
      show: (progress) => {
        total = Math.max(total, progress.total)
        failed = progress.failed
      },
      signal: new AbortController().signal,
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, 20))
  return { ms: done.ms, inVault, requests: done.requests, total, failed, longest: Math.max(0, ...tasks) }
}

/** The browser's part of the same: every batch is fetched before the clock runs, and handed in after it has stopped. */
async function passOnAlone() {
  await vault.loadChain(await ask('access/chain', { clinicId }))
  const nothing = { done: [], failed: [] }
  const batches = []
  for (let begins = true; ; begins = false) {
    const { records } = await ask('rewrap/next', { begins, ...nothing })
    if (!records.length) break
    batches.push(records)
  }
  tasks.length = 0
  const made = []
  const begun = performance.now()
  for (const records of batches) made.push(await vault.rewrap(records))
  const ms = performance.now() - begun
  await new Promise((resolve) => setTimeout(resolve, 20))
  const longest = Math.max(0, ...tasks)
  for (const handIn of made) await ask('rewrap/next', { begins: false, ...handIn })
  const failed = made.flatMap((each) => each.failed).length
  return { ms, total: batches.flat().length, failed, longest }
}

let peer: Worker | null = null
/** The HPKE operations alone: each of so many keys opened and sealed again, one after the other or side by side. */
async function hpke(count: number, atOnce: number): Promise<number> {
  peer ??= await new Promise<Worker>((resolve) => {
    const worker = new Worker('/hpke-worker.js', { type: 'module' })
    worker.onmessage = () => resolve(worker)
  })
  const worker = peer
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data as number)
    worker.postMessage({ count, atOnce })
  })
}

const lab = { signIn, list, keyed, passOn, passOnAlone, hpke }
Object.assign(globalThis, { lab })
export type RecordsLab = typeof lab
