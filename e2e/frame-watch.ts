// What a page's frame worker does, told by the worker itself: the page has no hand in it.
import type { Page, Worker } from '@playwright/test'
import type { FramesReport, FramesToPage } from '../lib/browser/frames-api.ts'

interface Scope {
  /** One line for each key that was derived to encrypt with: what went into it, in hex. */
  sendKeys: string[]
  onrtctransform: unknown
  onmessage: (event: { data: unknown }) => void
  postMessage: (message: FramesToPage) => void
}

/** Watches every worker that this page starts from now on. */
export function watchFrames(page: Page) {
  const started: Promise<Worker | null>[] = []
  // One that ends with its page before it answers is none to be asked.
  const watched = (worker: Worker) =>
    worker.evaluate(spy).then(
      () => worker,
      () => null,
    )
  page.on('worker', (worker) => started.push(watched(worker)))
  /** The newest that takes transforms. */
  async function frameWorker(): Promise<Worker> {
    for (const worker of (await Promise.all(started)).reverse()) {
      const takes = () => Boolean((globalThis as unknown as Scope).onrtctransform)
      if (worker && page.workers().includes(worker) && (await worker.evaluate(takes))) return worker
    }
    throw new Error('this page runs no frame worker')
  }
  return {
    sendKeys: async () => (await frameWorker()).evaluate(() => (globalThis as unknown as Scope).sendKeys),
    report: async () => (await frameWorker()).evaluate(askReport),
  }
}

function spy() {
  const scope = globalThis as unknown as Scope
  scope.sendKeys = []
  const derive = crypto.subtle.deriveKey.bind(crypto.subtle)
  crypto.subtle.deriveKey = (algorithm, key, type, extractable, uses) => {
    const { info } = algorithm as HkdfParams
    if ([...uses].includes('encrypt') && info instanceof Uint8Array)
      scope.sendKeys.push([...info].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
    return derive(algorithm, key, type, extractable, uses)
  }
}

const askReport = () =>
  new Promise<FramesReport>((resolve) => {
    const scope = globalThis as unknown as Scope
    const { postMessage } = scope
    scope.postMessage = (message) => {
      if (message.type !== 'report') return postMessage.call(scope, message)
      scope.postMessage = postMessage
      resolve(message.report)
    }
    scope.onmessage({ data: { type: 'report' } })
  })
