import {
  ConnectionQuality,
  ConnectionState,
  DefaultReconnectPolicy,
  DisconnectReason,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteTrack,
  type RemoteTrackPublication,
  Room,
  setLogLevel,
  Track,
  type TrackPublishDefaults,
  VideoPreset,
} from 'livekit-client'
import { FrameManager } from './e2ee-manager.ts'
import type { FramesPipe } from './frames-pipe.ts'
import type { Source } from './frames.ts'

/** What a page needs to draw. A remote track is here only once a member's key has opened a frame of it. */
export interface RoomView {
  link: 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'lost' | 'removed' | 'closed' | 'ended'
  joined: boolean
  remote: { [source in Source]?: MediaStreamTrack }
  /** A track is not what it was announced as. */
  relabelled: boolean
  remoteMuted: { [source in Source]: boolean }
  quality: 'good' | 'fair' | 'poor' | 'unknown'
  remoteQuality: 'good' | 'fair' | 'poor' | 'unknown'
  /** Video held back so that the voice gets through. */
  videoHeld: boolean
  /** No decoded frame for a while although video should come. */
  frozen: boolean
}

const startingView: RoomView = {
  link: 'idle',
  joined: false,
  remote: {},
  relabelled: false,
  remoteMuted: { camera: false, microphone: false },
  quality: 'unknown',
  remoteQuality: 'unknown',
  videoHeld: false,
  frozen: false,
}

const trackSources = { camera: Track.Source.Camera, microphone: Track.Source.Microphone } as const

// 720p in two layers: with dynacast the small one rests until a weak line asks for it.
const HD = new VideoPreset(1280, 720, 1_700_000, 30)
const SMALL = new VideoPreset(480, 270, 200_000, 15)
export const publishDefaults: TrackPublishDefaults = {
  // The frame worker knows the clear bytes of VP8 and plain Opus, and passes nothing else.
  videoCodec: 'vp8',
  backupCodec: false,
  red: false,
  dtx: true,
  forceStereo: false,
  simulcast: true,
  videoEncoding: HD.encoding,
  videoSimulcastLayers: [SMALL],
  degradationPreference: 'balanced',
}
/** The library's own tries to resume, for a short break. Then a new room is asked for: after a restart the SFU knows none. */
const RESUME_AFTER_MS = [0, 300, 800, 1_500, 2_000]
const HOLD_VIDEO_AFTER_MS = 6_000
const RESUME_VIDEO_AFTER_MS = 10_000
const FROZEN_AFTER_MS = 2_500

// Its log is for its authors: a room that is closed for good is no error here, and ids do not belong into a console.
setLogLevel('silent')

/** One connection to the SFU. It carries ciphertext between random identities; who is who comes from the frames' keys. */
export class MediaRoom {
  view: RoomView = startingView
  private readonly room: Room
  private readonly frames: FramesPipe
  private readonly manager: FrameManager
  private readonly listeners = new Set<(view: RoomView) => void>()
  private readonly names = new Map<RemoteTrack, string>()
  private readonly stops: (() => void)[] = []
  private readonly local: { camera?: LocalVideoTrack; microphone?: LocalAudioTrack } = {}
  private readonly unmute: { [source in Source]?: () => Promise<unknown> } = {}
  private listening = false
  private poorSince: number | null = null
  private goodSince: number | null = null
  private decoded = { frames: -1, at: 0 }

  constructor(frames: FramesPipe) {
    this.frames = frames
    this.manager = new FrameManager(frames, (track, name) => {
      this.names.set(track, name)
      this.refresh()
    })
    this.room = new Room({
      encryption: { e2eeManager: this.manager },
      adaptiveStream: false,
      dynacast: true,
      stopLocalTrackOnUnpublish: false,
      disconnectOnPageLeave: true,
      reconnectPolicy: new DefaultReconnectPolicy(RESUME_AFTER_MS),
      publishDefaults,
    })
    this.stops.push(frames.listen((message) => message.type === 'verified' && this.refresh()))
    this.follow()
  }

  listen(listener: (view: RoomView) => void): () => void {
    this.listeners.add(listener)
    listener(this.view)
    return () => this.listeners.delete(listener)
  }

  /** Connects, sends nothing and subscribes to nothing: done while the person still looks at the join button. */
  async connect(url: string, token: string): Promise<void> {
    this.change({ link: 'connecting' })
    await this.room.setE2EEEnabled(true)
    await this.room.connect(url, token, { autoSubscribe: false, maxRetries: 2 })
    this.change({ link: 'connected' })
    if (this.listening) this.subscribeAll()
    const watch = setInterval(() => void this.watch(), 500)
    this.stops.push(() => clearInterval(watch))
  }

  /** Lets the other side be heard and seen. */
  subscribe(): void {
    this.listening = true
    this.change({ joined: true })
    this.subscribeAll()
  }

  async publish(track: MediaStreamTrack): Promise<void> {
    const source: Source = track.kind === 'video' ? 'camera' : 'microphone'
    // HD of a face: motion over sharpness.
    if (source === 'camera') track.contentHint = 'motion'
    const local =
      source === 'camera'
        ? (this.local.camera = new LocalVideoTrack(track, undefined, true))
        : (this.local.microphone = new LocalAudioTrack(track, undefined, true))
    // An SFU may ask a browser to unmute, and livekit-client obeys: here only the person's own button does it.
    this.unmute[source] = local.unmute.bind(local)
    local.unmute = async () => local as never
    // Who had muted before the line broke is still muted, and the other side told so.
    if (!track.enabled) await local.mute()
    await this.room.localParticipant.publishTrack(local, { source: trackSources[source] })
  }

  /** Another device: same transform, same key, no renegotiation. */
  async replace(track: MediaStreamTrack): Promise<void> {
    const local = track.kind === 'video' ? this.local.camera : this.local.microphone
    if (local) await local.replaceTrack(track, true)
    else await this.publish(track)
  }

  async setMuted(source: Source, muted: boolean): Promise<void> {
    await (muted ? this.local[source]?.mute() : this.unmute[source]?.())
  }

  async close(): Promise<void> {
    for (const stop of this.stops.splice(0)) stop()
    await this.room.disconnect(false)
    this.manager.close()
    this.change({ link: 'ended', remote: {}, joined: false })
    this.listeners.clear()
  }

  private follow(): void {
    const { room } = this
    room
      .on('trackPublished', (publication) => this.listening && publication.setSubscribed(true))
      .on('trackSubscribed', () => this.refresh())
      .on('trackUnsubscribed', (track) => {
        this.names.delete(track)
        this.refresh()
      })
      .on('trackMuted', () => this.refresh())
      .on('trackUnmuted', () => this.refresh())
      .on('participantDisconnected', () => this.refresh())
      .on('connectionStateChanged', (state) => {
        if (state === ConnectionState.Connected) this.change({ link: 'connected' })
        if (state === ConnectionState.Reconnecting || state === ConnectionState.SignalReconnecting) {
          this.change({ link: 'reconnecting' })
        }
      })
      .on('disconnected', (reason) => this.change({ link: linkAfter(reason), remote: {} }))
      .on('connectionQualityChanged', (quality, participant) => {
        if (participant === room.localParticipant) this.change({ quality: qualityOf(quality) })
        else this.change({ remoteQuality: qualityOf(quality) })
      })
  }

  private subscribeAll(): void {
    for (const participant of this.room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        ;(publication as RemoteTrackPublication).setSubscribed(true)
      }
    }
  }

  /** Which remote tracks may be shown: those on which a member has been heard, and nobody else's. */
  private refresh(): void {
    const remote: RoomView['remote'] = {}
    const remoteMuted = { camera: false, microphone: false }
    let relabelled = false
    for (const participant of this.room.remoteParticipants.values()) {
      for (const publication of participant.trackPublications.values()) {
        const source: Source = publication.kind === Track.Kind.Video ? 'camera' : 'microphone'
        if (publication.isMuted) remoteMuted[source] = true
        const track = publication.track as RemoteTrack | undefined
        const name = track && this.names.get(track)
        if (!track) continue
        // The defence of attack 2: a track that no member's key has opened, or that was announced as something else, is
        // never given to the page.
        const isAnother = track.kind !== publication.kind || publication.source !== trackSources[source]
        if (isAnother) relabelled = true
        if (!isAnother && name && this.frames.memberOn(name)) remote[source] = track.mediaStreamTrack
      }
    }
    this.change({ remote, remoteMuted, relabelled })
  }

  private async watch(): Promise<void> {
    this.holdVideo(Date.now())
    const track = [...this.names.keys()].find((each) => each.kind === Track.Kind.Video)
    if (!track?.receiver || this.view.remoteMuted.camera || !this.view.remote.camera) {
      this.decoded = { frames: -1, at: Date.now() }
      if (this.view.frozen) this.change({ frozen: false })
      return
    }
    let frames = 0
    for (const stat of (await track.receiver.getStats()).values()) frames += stat.framesDecoded ?? 0
    if (frames !== this.decoded.frames) this.decoded = { frames, at: Date.now() }
    const frozen = Date.now() - this.decoded.at > FROZEN_AFTER_MS
    if (frozen !== this.view.frozen) this.change({ frozen })
  }

  /** Audio before video: on a line that stays poor the picture rests until it has been good for a while. */
  private holdVideo(now: number): void {
    const poor = this.view.quality === 'poor'
    this.poorSince = poor ? (this.poorSince ?? now) : null
    this.goodSince = poor ? null : (this.goodSince ?? now)
    const camera = this.local.camera
    if (!camera || camera.isMuted) return
    if (!this.view.videoHeld && this.poorSince && now - this.poorSince > HOLD_VIDEO_AFTER_MS) {
      this.change({ videoHeld: true })
      void camera.pauseUpstream()
    } else if (this.view.videoHeld && this.goodSince && now - this.goodSince > RESUME_VIDEO_AFTER_MS) {
      this.change({ videoHeld: false })
      void camera.resumeUpstream()
    }
  }

  private change(part: Partial<RoomView>): void {
    this.view = { ...this.view, ...part }
    for (const listener of [...this.listeners]) listener(this.view)
  }
}

function linkAfter(reason: DisconnectReason | undefined): RoomView['link'] {
  if (reason === DisconnectReason.CLIENT_INITIATED) return 'ended'
  if (reason === DisconnectReason.ROOM_DELETED || reason === DisconnectReason.ROOM_CLOSED) return 'closed'
  if (reason === DisconnectReason.PARTICIPANT_REMOVED || reason === DisconnectReason.DUPLICATE_IDENTITY)
    return 'removed'
  return 'lost'
}

function qualityOf(quality: ConnectionQuality): RoomView['quality'] {
  if (quality === ConnectionQuality.Excellent) return 'good'
  if (quality === ConnectionQuality.Good) return 'fair'
  if (quality === ConnectionQuality.Unknown) return 'unknown'
  return 'poor'
}
