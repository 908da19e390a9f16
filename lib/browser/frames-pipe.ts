import type { FramesFromPage, FramesReport, FramesToPage } from './frames-api.ts'

/** The page's side of the frame worker: it may start it, hand it the vault's port, and ask how it fares. */
export class FramesPipe {
  readonly worker: Worker
  private readonly verified = new Map<string, string>()
  private readonly listeners = new Set<(message: FramesToPage) => void>()

  constructor(worker: Worker) {
    this.worker = worker
    worker.onmessage = ({ data }: MessageEvent<FramesToPage>) => {
      if (data.type === 'verified') this.verified.set(data.track, data.participantId)
      for (const listener of [...this.listeners]) listener(data)
    }
  }

  /** The other end of this port belongs in the vault worker. */
  connectKeys(port: MessagePort): void {
    this.send({ type: 'port', port }, [port])
  }

  listen(listener: (message: FramesToPage) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** The member whose key opened this track's frames, or undefined while none has: then the track is not shown. */
  memberOn(track: string): string | undefined {
    return this.verified.get(track)
  }

  report(): Promise<FramesReport> {
    return new Promise((resolve) => {
      const stop = this.listen((message) => {
        if (message.type !== 'report') return
        stop()
        resolve(message.report)
      })
      this.send({ type: 'report' })
    })
  }

  /** Resolves once the worker holds keys of at least this epoch. */
  untilKeys(epoch: number, generation = 0): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.listen((message) => {
        const there =
          (message.type === 'keys' && isAtLeast(message, epoch, generation)) ||
          (message.type === 'report' && isAtLeast(message.report, epoch, generation))
        if (!there) return
        stop()
        resolve()
      })
      this.send({ type: 'report' })
    })
  }

  gone(track: string): void {
    this.verified.delete(track)
    this.send({ type: 'gone', track })
  }

  close(): void {
    this.listeners.clear()
    this.worker.terminate()
  }

  private send(message: FramesFromPage, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer)
  }
}

const isAtLeast = (has: { epoch: number; generation: number }, epoch: number, generation: number) =>
  has.epoch > epoch || (has.epoch === epoch && has.generation >= generation)
