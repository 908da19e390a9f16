import type { RewrapContract } from '../rewrap/rules.ts'
import type { Answer } from './api.ts'
import type { RewrapVault } from './vault-rewrap-api.ts'

type Next = RewrapContract['rewrap/next']
type HandIn = Omit<Next['in'], 'begins'>

export interface PassingOn {
  ask: (input: Next['in']) => Promise<Answer<Next['out']>>
  keys: Pick<RewrapVault, 'rewrap'>
  /** Statements of the chain that the vault knows. */
  chainLength: () => number
  /** Reads the chain again; false when that failed. */
  reload: () => Promise<boolean>
  show: (progress: Progress) => void
  signal: AbortSignal
}
export interface Progress {
  /** Still to be passed on, by whichever browser. */
  left: number
  /** When this browser began, or more came. */
  total: number
  failed: number
}

const nothing: HandIn = { done: [], failed: [] }
const isNothing = ({ done, failed }: HandIn) => done.length + failed.length === 0
const reloads = 3

/**
 * Passes records on until none is left for this browser, or `signal` says to stop: what was not handed in by then, another
 * browser does. The next records come, and the last go, while the vault works. Answers after how many milliseconds another
 * browser's lease ends, where one holds the rest.
 */
export async function passOnRecords({
  ask,
  keys,
  chainLength,
  reload,
  show,
  signal,
}: PassingOn): Promise<number | null> {
  let total = 0
  let handIn = nothing
  let left = reloads
  for (let asked = ask({ begins: true, ...nothing }); ;) {
    const answer = await asked
    if (signal.aborted) return null
    const isBehind = answer.ok ? answer.value.chainLength > chainLength() : answer.code === 'STALE_EPOCH'
    if (isBehind) {
      // Somebody left since: what was made is good for nobody, and begins anew.
      if (left-- === 0 || !(await reload())) return null
      handIn = nothing
      asked = ask({ begins: true, ...nothing })
      continue
    }
    if (!answer.ok) return null
    const { records, failed, waitMs } = answer.value
    total = Math.max(total, answer.value.left)
    show({ left: answer.value.left, total, failed })
    if (!records.length && isNothing(handIn)) return waitMs
    asked = ask({ begins: false, ...handIn })
    handIn = records.length ? await keys.rewrap(records) : nothing
  }
}
