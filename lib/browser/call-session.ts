import type { CallMessage } from '../call/messages.ts'
import { BEAT_EVERY_MS, type Sync } from '../call/rules.ts'
import type { Code } from '../errors.ts'
import { call } from './api.ts'
import { FramesPipe } from './frames-pipe.ts'
import type { MediaRoom, RoomView } from './media-room.ts'
import { vault } from './vault.ts'
import type { HandshakeStep, HandshakeView } from './vault-call-api.ts'
import { VaultError } from './vault-error.ts'

export type CallCode = Code | VaultError['code'] | 'OFFLINE' | 'INTERNAL' | 'UNVERIFIED' | 'OTHER_PATIENT'
/** For what may be said twice: a message, a leave, a token. */
const again = { retry: true }

/** Everything a page draws of a call. State lives here, outside components, and outlives their renders. */
export interface SessionView<S extends Sync = Sync> {
  sync: S
  handshake: HandshakeView | null
  room: RoomView | null
  /** Nothing heard from the server for a while. */
  offline: boolean
  /** Why there is no call, when there can be none. */
  problem: CallCode | null
}

/** Longest wait for the server before the page says so. It speaks every fifteen seconds at least. */
const SILENT_MS = 25_000
/** How long a track may come that no key opens before the call is left: at a new epoch's beginning there are such frames. */
const UNVERIFIED_MS = 8_000
const STRANGER_FRAMES = 5

/**
 * One side of one call, from the door on: listens, hands messages to the vault and back, keeps the frame worker and the
 * room. It trusts the server with order and delivery, and the vault with everything else.
 */
export class CallSession<S extends Sync = Sync> {
  view: SessionView<S>
  readonly callId: string
  protected readonly door: string
  protected readonly frames: FramesPipe
  private readonly listeners = new Set<() => void>()
  private readonly stops: (() => void)[] = []
  private readonly stopped = new AbortController()
  private after = 0
  private heardAt = Date.now()
  private taking: Promise<void> = Promise.resolve()
  private media: MediaRoom | null = null
  private connecting: Promise<void> | null = null
  private isIn = false
  private unverifiedSince: number | null = null
  private reconnectedAt = 0

  constructor(door: string, sync: S) {
    this.door = door
    this.callId = sync.callId
    this.view = { sync, handshake: null, room: null, offline: false, problem: null }
    this.frames = new FramesPipe(new Worker(new URL('./frames.worker.ts', import.meta.url), { type: 'module' }))
  }

  /** Begins to listen. The vault's port goes straight to the frame worker. */
  async start(): Promise<void> {
    const { port1, port2 } = new MessageChannel()
    this.frames.connectKeys(port2)
    await vault().callFrames({ callId: this.callId }, port1)
    void this.listenToServer()
    const beat = setInterval(() => void call('call/beat', { door: this.door }), BEAT_EVERY_MS)
    const watch = setInterval(() => this.watch(), 1_000)
    this.stops.push(
      () => clearInterval(beat),
      () => clearInterval(watch),
    )
    // Fetched while there is time: the call page alone loads it, and not before the device check.
    void import('./media-room.ts')
    this.takeSync(this.view.sync)
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
  snapshot = (): SessionView<S> => this.view

  /** The person is in: hears, sees and sends. Said twice, it is done once. */
  async join(tracks: MediaStreamTrack[]): Promise<void> {
    this.isIn = true
    await this.connecting
    const { media } = this
    if (!media || media.view.joined) return
    media.subscribe()
    await Promise.all(tracks.map((track) => media.publish(track)))
  }
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    if (this.view.room?.joined) await this.media?.replace(track)
  }
  async setMuted(source: 'camera' | 'microphone', muted: boolean): Promise<void> {
    await this.media?.setMuted(source, muted)
  }
  report = () => this.frames.report()

  /** Leaves for now: what was said stays said, and a new knock comes back. */
  async leave(): Promise<void> {
    await this.close()
    await call('call/leave', { door: this.door }, again)
  }

  async close(): Promise<void> {
    this.stopped.abort()
    for (const stop of this.stops.splice(0)) stop()
    await this.media?.close()
    this.media = null
    this.frames.close()
    await vault().callForget({ callId: this.callId })
  }

  /** What the vault wants said, in its order. False when another epoch has overtaken it. */
  protected async say(step: HandshakeStep): Promise<boolean> {
    this.change({ handshake: step.view } as Partial<SessionView<S>>)
    for (const message of step.send) {
      const sent = await call('call/send', { door: this.door, message }, again)
      if (!sent.ok && sent.code === 'STALE') return false
      if (!sent.ok) {
        await this.refused(sent.code)
        return true
      }
    }
    if (step.view.phase === 'failed') await this.fail((step.view.failure ?? 'INTERNAL') as CallCode)
    if (step.view.phase === 'ready') await this.connect(step.view.epoch)
    return true
  }

  protected change(part: Partial<SessionView<S>>): void {
    this.view = { ...this.view, ...part }
    for (const listener of [...this.listeners]) listener()
  }

  /** For what a side does of its own accord when the door's state changes. */
  protected async onSync(_: S): Promise<void> {}
  protected async onFail(): Promise<void> {}

  /** Ends the call on this side: nothing is sent or shown any more. */
  protected async fail(problem: CallCode): Promise<void> {
    if (this.view.problem) return
    this.change({ problem } as Partial<SessionView<S>>)
    this.connecting = null
    await this.letGo(this.media)
    await this.onFail()
  }

  /**
   * The server refuses what belongs to a call. It may have ended, and our own server's word of it come later than the video
   * server's: asked first, so that nobody is told of a problem where there is none.
   */
  private async refused(problem: CallCode): Promise<void> {
    const newest = await call('call/sync', { door: this.door, after: this.after }, again)
    if (newest.ok) this.takeSync(newest.value as S)
    if (!newest.ok || newest.value.call !== 'ended') await this.fail(problem)
  }

  protected clearProblem(): void {
    this.change({ problem: null } as Partial<SessionView<S>>)
  }

  private async listenToServer(): Promise<void> {
    const { signal } = this.stopped
    while (!signal.aborted) {
      try {
        const response = await fetch('/api/call/events', {
          method: 'POST',
          headers: { authorization: `Bearer ${this.door}`, 'last-event-id': String(this.after) },
          signal,
        })
        if (response.status === 401) return void this.fail('SIGN_IN_FIRST')
        if (response.ok && response.body) await this.read(response.body)
      } catch {
        // No network for now: try again below.
      }
      await pause(800 + Math.random() * 400)
    }
  }

  private async read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      rest += value
      const events = rest.split('\n\n')
      rest = events.pop()!
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1]
        if (!data) continue
        if (event.startsWith('event: shut')) return void this.fail(data as Code)
        this.takeSync(JSON.parse(data) as S)
      }
    }
  }

  private takeSync(sync: S): void {
    this.heardAt = Date.now()
    const fresh = sync.messages.filter(({ id }) => id > this.after)
    this.after = Math.max(this.after, ...fresh.map(({ id }) => id))
    this.change({ sync, offline: false } as Partial<SessionView<S>>)
    // One after the other: a handshake has an order, and the vault's answers are sent in it.
    this.taking = this.taking
      .then(async () => {
        for (const { message } of fresh) await this.take(message)
        await this.onSync(sync)
      })
      .catch((error: unknown) => this.fail(error instanceof VaultError ? error.code : 'INTERNAL'))
  }

  private async take(message: CallMessage): Promise<void> {
    if (this.stopped.signal.aborted) return
    await this.say(await vault().callTake({ callId: this.callId, message }))
  }

  /** Keys are in place: connect, for as long as that takes, and wait for the person. */
  private connect(epoch: number): Promise<void> {
    return (this.connecting ??= this.untilConnected(epoch).finally(() => {
      if (!this.media) this.connecting = null
    }))
  }

  private async untilConnected(epoch: number): Promise<void> {
    await this.frames.untilKeys(epoch)
    const { MediaRoom } = await import('./media-room.ts')
    while (this.mayConnect()) {
      const media = new MediaRoom(this.frames)
      const problem = await this.tryToConnect(media)
      if (!problem && this.mayConnect()) return
      await this.letGo(media)
      // A video server that is away comes back; our own asks it before every answer.
      if (problem && problem !== 'SFU_UNAVAILABLE' && problem !== 'OFFLINE') return this.refused(problem)
      await pause(1500)
    }
  }

  /** Not once the call was left, or ended on this side for a reason: a room that comes late is let go again. */
  private mayConnect(): boolean {
    return !this.stopped.signal.aborted && this.view.problem === null && this.view.handshake?.phase === 'ready'
  }

  private async tryToConnect(media: MediaRoom): Promise<CallCode | null> {
    const entry = await call('call/token', { door: this.door }, again)
    if (!entry.ok) return entry.code
    media.listen((room) => {
      this.change({ room } as Partial<SessionView<S>>)
      // The SFU let go: it died, it forgot the room, or somebody put us out there. While our own server says that we are
      // in, we go back in.
      const gone = room.link === 'lost' || room.link === 'removed' || room.link === 'closed'
      if (gone && this.media === media && this.view.sync.call === 'live') void this.reconnect(media)
    })
    try {
      await media.connect(entry.value.url, entry.value.token)
    } catch {
      return 'SFU_UNAVAILABLE'
    }
    this.media = media
    return null
  }

  private async letGo(media: MediaRoom | null): Promise<void> {
    this.media = null
    await media?.close()
    this.change({ room: null } as Partial<SessionView<S>>)
  }

  /** The link is lost for good: a new one with the same keys. The transforms start anew, and with them the frame keys. */
  protected tracksForReconnect: () => MediaStreamTrack[] = () => []
  private async reconnect(lost: MediaRoom): Promise<void> {
    this.media = null
    this.connecting = null
    // Not at once: where two tabs, or a stranger with our token, put each other out, this is no race to win.
    await pause(Date.now() - this.reconnectedAt < 5_000 ? 3_000 : 100)
    this.reconnectedAt = Date.now()
    await this.letGo(lost)
    if (this.view.handshake?.phase !== 'ready') return
    await this.connect(this.view.handshake.epoch)
    if (this.isIn) await this.join(this.tracksForReconnect())
  }
  keepTracks(tracks: () => MediaStreamTrack[]): void {
    this.tracksForReconnect = tracks
  }

  private watch(): void {
    const offline = Date.now() - this.heardAt > SILENT_MS
    if (offline !== this.view.offline) this.change({ offline } as Partial<SessionView<S>>)
    void this.lookForStrangers()
  }

  /**
   * What an honest SFU never brings about: frames that no member's key opens, a track under another's label, frames of our
   * own in a codec whose head would show more than it must. A track that is merely silent is no stranger.
   */
  private async lookForStrangers(): Promise<void> {
    const { room } = this.view
    if (!room?.joined) return
    const { received, sent } = await this.frames.report()
    const stranger = received.some(
      ({ from, counters: { forged, malformed, codec, ...rest } }) =>
        from === null && forged + malformed + codec + rest['no-key'] + rest['wrong-sender'] >= STRANGER_FRAMES,
    )
    const talkedInto = sent.some(({ counters }) => counters.codec >= STRANGER_FRAMES)
    if (talkedInto || room.relabelled) return this.fail('UNVERIFIED')
    this.unverifiedSince = stranger ? (this.unverifiedSince ?? Date.now()) : null
    if (this.unverifiedSince && Date.now() - this.unverifiedSince > UNVERIFIED_MS) await this.fail('UNVERIFIED')
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
