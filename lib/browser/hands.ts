import { type Remote, wrap } from 'comlink'
import { type Due, type PassedOn, type Passer, passOn } from './passing-on.ts'
import { VaultError } from './vault-error.ts'

/** One thread that passes records on. */
export type Hand = (passer: Passer, records: Due[]) => Promise<PassedOn>
export interface Hands {
  all(): readonly Hand[]
  /** Ends the threads, and with them the keys that they were given. */
  end(): void
}

/** The vault's own thread and no other. */
export const ownHand: Hands = { all: () => [async (passer, records) => passOn(passer, records)], end: () => undefined }

const MOST = 4

/**
 * Workers of the vault's worker, since X25519 and Ed25519 take the thread that asks for them: thousands of records are passed on
 * by all of a machine's cores, while the vault itself is free for what a person waits for. Started when first asked for.
 */
export function workerHands(): Hands {
  // A browser without workers inside workers.
  if (typeof Worker === 'undefined') return ownHand
  let started: Started[] = []
  return {
    all() {
      if (!started.length) started = Array.from({ length: Math.min(navigator.hardwareConcurrency || 1, MOST) }, start)
      return started.map(({ hand }) => hand)
    },
    end() {
      for (const { stop } of started) stop()
      started = []
    },
  }
}

interface Started {
  hand: Hand
  stop(): void
}

function start(): Started {
  const worker = new Worker(new URL('./hand.worker.ts', import.meta.url), { type: 'module', name: 'hand' })
  const door: Remote<{ passOn: Hand }> = wrap(worker)
  const stopped = Promise.withResolvers<never>()
  // Nobody waits for it while no records are passed on.
  stopped.promise.catch(() => undefined)
  // A script that did not load: what is sent to it is never answered, and the vault does it.
  const broken = new Promise<null>((resolve) => worker.addEventListener('error', () => resolve(null)))
  return {
    async hand(passer, records) {
      const passed = await Promise.race([door.passOn(passer, records), broken, stopped.promise])
      return passed ?? passOn(passer, records)
    },
    stop() {
      worker.terminate()
      stopped.reject(new VaultError('LOCKED'))
    },
  }
}
