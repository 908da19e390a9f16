/** Who goes first in one worker: what a person waits for, before what is done on the side. */
export interface Turns {
  first<T>(work: () => Promise<T>): Promise<T>
  /** Resolves while nobody is waited for. */
  after(): Promise<void>
}

export function turns(): Turns {
  let busy = 0
  let waiting: (() => void)[] = []
  return {
    async first(work) {
      busy += 1
      try {
        return await work()
      } finally {
        busy -= 1
        if (busy === 0) {
          const all = waiting
          waiting = []
          for (const go of all) go()
        }
      }
    },
    async after() {
      while (busy > 0) await new Promise<void>((go) => waiting.push(go))
    },
  }
}
