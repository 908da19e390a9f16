import type { BaseE2EEManager, LocalTrack, RemoteTrack, Room } from 'livekit-client'
import type { TransformOptions } from './frames-api.ts'
import type { FramesPipe } from './frames-pipe.ts'
import type { Source } from './frames.ts'

/**
 * Puts a transform of our frame worker on every sender and receiver that livekit-client makes. There is no switch: it is
 * enabled for the life of the room, and knows no key. livekit-client's own worker, which can pass frames through
 * unencrypted, is never started.
 */
export class FrameManager implements BaseE2EEManager {
  isEnabled = true
  isDataChannelEncryptionEnabled = false
  private readonly names: string[] = []
  private readonly frames: FramesPipe
  private readonly onReceiver: (track: RemoteTrack, name: string) => void

  /** `onReceiver` learns under which name the worker reports a remote track. */
  constructor(frames: FramesPipe, onReceiver: (track: RemoteTrack, name: string) => void) {
    this.frames = frames
    this.onReceiver = onReceiver
  }

  setup(room: Room): void {
    room.localParticipant.on('localSenderCreated', (sender, track) => {
      sender.transform = this.transform({ side: 'send', source: sourceOf(track.kind), track: this.nameOf('send') })
    })
    room.on('trackSubscribed', (track) => {
      const name = this.nameOf('receive')
      const { receiver } = track
      if (!receiver) return
      receiver.transform = this.transform({ side: 'receive', source: sourceOf(track.kind), track: name })
      this.onReceiver(track, name)
      const gone = (other: RemoteTrack) => {
        if (other !== track) return
        room.off('trackUnsubscribed', gone)
        this.frames.gone(name)
      }
      room.on('trackUnsubscribed', gone)
    })
  }

  setupEngine(): void {}
  setParticipantCryptorEnabled(): void {}
  /** Frames that an SFU makes up itself carry this trailer. They are dropped like any other that does not authenticate. */
  setSifTrailer(): void {}
  on(): this {
    return this
  }

  // Chat and files go through sealed messages: nothing of ours uses LiveKit's data packets.
  async encryptData(): Promise<never> {
    throw new Error('data packets are not used')
  }
  async handleEncryptedData(): Promise<never> {
    throw new Error('data packets are not used')
  }

  /** The room is gone, and with it everything that had a name here. */
  close(): void {
    for (const name of this.names.splice(0)) this.frames.gone(name)
  }

  /** Never used twice, in this room or another: what the worker said of one track must not count for the next. */
  private nameOf(side: TransformOptions['side']): string {
    const name = `${side}-${crypto.randomUUID()}`
    this.names.push(name)
    return name
  }
  private transform(options: TransformOptions): RTCRtpScriptTransform {
    return new RTCRtpScriptTransform(this.frames.worker, options)
  }
}

const sourceOf = (kind: LocalTrack['kind'] | RemoteTrack['kind']): Source =>
  kind === 'video' ? 'camera' : 'microphone'
