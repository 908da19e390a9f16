/** The page that both browsers of a call benchmark run: Curtain's own media code, livekit-client's, and a bare connection. */
import { ExternalE2EEKeyProvider, Room } from 'livekit-client'
import { importSenderKey } from '../../lib/crypto/frame-key.ts'
import { FramesPipe } from '../../lib/browser/frames-pipe.ts'
import { MediaRoom, publishDefaults } from '../../lib/browser/media-room.ts'
import type { KeysFromVault } from '../../lib/browser/frames-api.ts'

export type Mode = 'curtain' | 'livekit' | 'livekit-plain' | 'raw' | 'raw-canvas'
export interface LabInput {
  mode: Mode
  me: number
  url: string
  token: string
  /** Both sides' sender keys: what the vault would have agreed on before the join button shows. */
  keys: [number[], number[]]
  /** Signalling server of the bare connection. */
  signal: string
  canvas: boolean
}
type Source = { video: MediaStreamTrack; audio?: MediaStreamTrack }

let input: LabInput
let pipe: FramesPipe | null = null
let media: MediaRoom | null = null
let room: Room | null = null
let raw: { pc: RTCPeerConnection; ws: WebSocket } | null = null
let vaultPort: MessagePort | null = null
let first: Promise<number> | null = null
let gotFirst: (at: number) => void = () => undefined
const video = document.createElement('video')
video.muted = true
video.playsInline = true
document.body.append(video)

const hd = { width: 1280, height: 720, frameRate: 30 }

async function open(): Promise<Source> {
  if (input.canvas) return { video: drawing() }
  const stream = await navigator.mediaDevices.getUserMedia({ video: hd, audio: true })
  return { video: stream.getVideoTracks()[0]!, audio: stream.getAudioTracks()[0]! }
}

/** 720p whose first row of squares tells when it was drawn: the other side reads it back. */
function drawing(): MediaStreamTrack {
  const canvas = document.createElement('canvas')
  canvas.width = 1280
  canvas.height = 720
  const pen = canvas.getContext('2d', { alpha: false })!
  let n = 0
  setInterval(() => {
    n++
    pen.fillStyle = `hsl(${n % 360} 60% 50%)`
    pen.fillRect(0, 0, 1280, 720)
    for (let i = 0; i < 40; i++) {
      pen.fillStyle = `hsl(${(n * 7 + i * 40) % 360} 80% ${30 + (i % 5) * 10}%)`
      pen.fillRect((i * 167 + n * 5) % 1200, 120 + ((i * 89) % 520), 90, 70)
    }
    const stamp = Date.now() % 65_536
    for (let bit = 0; bit < 16; bit++) {
      pen.fillStyle = (stamp >> bit) & 1 ? '#fff' : '#000'
      pen.fillRect(bit * 80, 0, 80, 80)
    }
  }, 1000 / 30)
  return canvas.captureStream(30).getVideoTracks()[0]!
}

function show(track: MediaStreamTrack): void {
  if (track.kind !== 'video') return
  video.srcObject = new MediaStream([track])
  void video.play()
  const onFrame = () => gotFirst(Date.now())
  video.requestVideoFrameCallback(onFrame)
}

/** Glass to glass: reads the stamp off each shown frame. */
function latencies(ms: number): Promise<number[]> {
  const canvas = new OffscreenCanvas(1280, 80)
  const pen = canvas.getContext('2d', { willReadFrequently: true })!
  const all: number[] = []
  const until = Date.now() + ms
  return new Promise((resolve) => {
    const onFrame = () => {
      const shown = Date.now()
      pen.drawImage(video, 0, 0, video.videoWidth, (video.videoHeight * 80) / 720, 0, 0, 1280, 80)
      const { data } = pen.getImageData(0, 40, 1280, 1)
      let stamp = 0
      for (let bit = 0; bit < 16; bit++) if (data[(bit * 80 + 40) * 4]! > 127) stamp |= 1 << bit
      const late = (shown - stamp + 65_536 * 2) % 65_536
      if (late < 5000) all.push(late)
      if (shown > until) resolve(all)
      else video.requestVideoFrameCallback(onFrame)
    }
    video.requestVideoFrameCallback(onFrame)
  })
}

const lab = {
  /** Everything that happens before the person clicks: page loaded, admitted, keys agreed on. */
  async ready(given: LabInput): Promise<void> {
    input = given
    first = new Promise((resolve) => (gotFirst = resolve))
    if (input.mode === 'curtain') {
      pipe = new FramesPipe(new Worker('/frames.worker.js', { type: 'module' }))
      const { port1, port2 } = new MessageChannel()
      pipe.connectKeys(port2)
      vaultPort = port1
      const [own, other] = await Promise.all(
        [input.me, 1 - input.me].map(async (sender) => ({
          sender,
          participantId: `member-${sender}`,
          epoch: 1,
          generation: 0,
          key: await importSenderKey(Uint8Array.from(input.keys[sender]!)),
        })),
      )
      port1.postMessage({ epoch: 1, generation: 0, own: own!, others: [other!] } satisfies KeysFromVault)
      await pipe.untilKeys(1)
      media = new MediaRoom(pipe)
      media.listen((view) => view.remote.camera && video.srcObject === null && show(view.remote.camera))
      await media.connect(input.url, input.token)
      return
    }
    if (input.mode === 'livekit' || input.mode === 'livekit-plain') {
      let e2ee
      if (input.mode === 'livekit') {
        const keyProvider = new ExternalE2EEKeyProvider()
        await keyProvider.setKey('a key that both sides know')
        e2ee = { keyProvider, worker: new Worker('/livekit.worker.js', { type: 'module' }) }
      }
      room = new Room({
        ...(e2ee ? { encryption: e2ee } : {}),
        dynacast: true,
        publishDefaults,
      })
      if (e2ee) await room.setE2EEEnabled(true)
      room.on('trackSubscribed', (track) => show(track.mediaStreamTrack))
      // What livekit-client itself offers for doing ahead of the click.
      await room.prepareConnection(input.url, input.token)
      return
    }
    const ws = new WebSocket(input.signal)
    await new Promise((resolve) => (ws.onopen = resolve))
    const pc = new RTCPeerConnection()
    raw = { pc, ws }
    pc.ontrack = ({ track }) => show(track)
    pc.onicecandidate = ({ candidate }) => candidate && ws.send(JSON.stringify({ candidate }))
    ws.onmessage = async ({ data }) => {
      const message = JSON.parse(data as string) as {
        description?: RTCSessionDescriptionInit
        candidate?: RTCIceCandidateInit
      }
      if (message.candidate) return void pc.addIceCandidate(message.candidate)
      if (!message.description) return
      await pc.setRemoteDescription(message.description)
      if (message.description.type !== 'offer') return
      await pc.setLocalDescription()
      ws.send(JSON.stringify({ description: pc.localDescription }))
    }
  },

  /** A new epoch in which nobody else has a part: what a removal brings. */
  async rekey(epoch: number, raw: number[]): Promise<void> {
    const key = await importSenderKey(Uint8Array.from(raw))
    const own = { sender: input.me, participantId: `member-${input.me}`, epoch, generation: 0, key }
    vaultPort!.postMessage({ epoch, generation: 0, own, others: [] } satisfies KeysFromVault)
    await pipe!.untilKeys(epoch)
  },

  /** The side that is already in: the practitioner. */
  async wait(): Promise<void> {
    if (media) media.subscribe()
    else if (room) await room.connect(input.url, input.token)
  },

  /** The click. Answers when it came, by the machine's clock. */
  async join(audioToo = true): Promise<number> {
    const clicked = Date.now()
    if (media) {
      const opening = open()
      media.subscribe()
      const { video: camera, audio } = await opening
      await Promise.all([media.publish(camera), audio && audioToo ? media.publish(audio) : null])
    } else if (room) {
      const [source] = await Promise.all([open(), room.connect(input.url, input.token)])
      await Promise.all([
        room.localParticipant.publishTrack(source.video, { source: 'camera' as never }),
        source.audio && audioToo
          ? room.localParticipant.publishTrack(source.audio, { source: 'microphone' as never })
          : null,
      ])
    } else if (raw) {
      const source = await open()
      raw.pc.addTrack(source.video)
      if (source.audio && audioToo) raw.pc.addTrack(source.audio)
      await raw.pc.setLocalDescription()
      raw.ws.send(JSON.stringify({ description: raw.pc.localDescription }))
    }
    return clicked
  },

  firstFrame: (): Promise<number> => first!,
  latencies,
  async report() {
    return pipe ? pipe.report() : null
  },
  /** Frames shown so far, and their size. */
  frames: () => ({
    shown: video.getVideoPlaybackQuality().totalVideoFrames,
    width: video.videoWidth,
    height: video.videoHeight,
  }),
  async leave(): Promise<void> {
    await media?.close()
    pipe?.close()
    await room?.disconnect()
    raw?.pc.close()
    raw?.ws.close()
  },
}
export type Lab = typeof lab
;(globalThis as unknown as { lab: Lab }).lab = lab
