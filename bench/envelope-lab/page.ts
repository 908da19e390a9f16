/** The page of bench/envelope.ts: drives the vault's worker and its two peers, and watches its own thread. */
import { connect } from '../../lib/browser/vault.ts'
import type { PatientHandle, SealInput, Vault } from '../../lib/browser/vault-api.ts'
import { createVault } from '../../lib/browser/vault-core.ts'
import { memoryStorage } from '../../lib/browser/vault-storage.ts'
import { clinic, type Clinic } from '../../lib/browser/vault-world.ts'
import type { Sealed } from '../../lib/crypto/types.ts'

type Counts = Record<string, number>

let vault: Vault
let world: Clinic
let patient: PatientHandle
const workers: Record<string, Worker> = {}
const tasks: number[] = []
new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
  type: 'longtask',
})

const letters = 'the patient slept well and has no fever today '
const text = (length: number, seed: number) =>
  letters.repeat(Math.ceil((length + seed) / letters.length)).slice(seed, seed + length)

async function setUp(counted: boolean) {
  vault = connect(new Worker(counted ? '/counted-worker.js' : '/vault-worker.js', { type: 'module' }))
  world = await clinic(['admin', 'practitioner'], vault)
  const device = createVault(memoryStorage())
  await device.loadChain(world.chain)
  patient = await device.createPatient({ clinicId: world.clinicId, patientId: crypto.randomUUID(), home: 'memory' })
  const identity = await device.seal({
    ...input('identity', 'desk', { name: 'Ada' }),
    groups: ['desk'],
    asPatient: patient.patientId,
  })
  await vault.open([identity], { patientId: patient.patientId })
}

const input = (type: SealInput['type'], managing: 'desk' | 'clinical', content: unknown): SealInput => ({
  clinicId: world.clinicId,
  patientId: patient.patientId,
  recordId: crypto.randomUUID(),
  revision: 1,
  schema: 1,
  type,
  managing,
  content,
  groups: ['clinical'],
  patients: [{ patientId: patient.patientId, key: patient.keys.dh }],
})

/** Seals and opens as a page does: through the worker, from content and back to content. */
async function ours(count: number) {
  const inputs = Array.from({ length: count }, (_, seed) => input('note', 'clinical', { text: text(4096 - 8, seed) }))
  // What the page itself does before and after is not the vault's: let it end first.
  await idle()
  tasks.length = 0
  const start = performance.now()
  const sealed = await vault.sealMany(inputs)
  const half = performance.now()
  const opened = await vault.open(sealed, { patientId: patient.patientId })
  const end = performance.now()
  await idle()
  const longest = Math.max(0, ...tasks)
  if (!opened.every((each, i) => each.ok && (each.value.content as { text: string }).text === text(4088, i)))
    throw new Error('not what was sealed')
  return { total: end - start, seal: half - start, longest }
}

const idle = () => new Promise((resolve) => setTimeout(resolve, 20))

async function peer(name: 'raw' | 'themis', count: number) {
  const worker = (workers[name] ??= await started(`/${name}-worker.js`))
  const start = performance.now()
  const answered = next(worker)
  worker.postMessage(count)
  const { counts } = (await answered) as { counts?: Counts }
  return { total: performance.now() - start, counts }
}

async function started(url: string): Promise<Worker> {
  const worker = new Worker(url, { type: 'module' })
  await next(worker)
  return worker
}
const next = (worker: Worker) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = (event) => reject(new Error(event.message))
  })

/** WebCrypto calls of the vault since the last asking. */
function counts(): Promise<Counts> {
  const told = new BroadcastChannel('told')
  const answer = new Promise<Counts>((resolve) => (told.onmessage = ({ data }) => resolve(data)))
  new BroadcastChannel('counts').postMessage('tell')
  return answer
}

/** What the vault says to one altered bit in each thing that it must check. */
async function refusals(): Promise<Record<string, string>> {
  const [a, b] = await vault.sealMany([input('note', 'clinical', 'a'), input('note', 'clinical', 'b')])
  const flip = (value: string) => (value.startsWith('A') ? 'B' : 'A') + value.slice(1)
  const altered: Record<string, Sealed> = {
    nothing: a!,
    header: { ...a!, header: flip(a!.header) },
    ciphertext: { ...a!, ciphertext: flip(a!.ciphertext) },
    signature: { ...a!, signature: flip(a!.signature) },
    commitment: { ...a!, commit: flip(a!.commit) },
    grant: { ...a!, grants: a!.grants.map((grant) => ({ ...grant, signature: flip(grant.signature) })) },
    'grant of another record': { ...a!, grants: b!.grants },
  }
  const opened = await vault.open(Object.values(altered), { patientId: patient.patientId })
  return Object.fromEntries(Object.keys(altered).map((name, i) => [name, opened[i]!.ok ? 'opened' : opened[i]!.code]))
}

Object.assign(globalThis, { lab: { setUp, ours, peer, counts, refusals } })
export type EnvelopeLab = {
  setUp: typeof setUp
  ours: typeof ours
  peer: typeof peer
  counts: typeof counts
  refusals: typeof refusals
}
