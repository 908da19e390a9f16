import type { Source } from './frames.ts'

/** Why a camera or microphone does not open, as a person can do something about it. */
export type MediaProblem = 'denied' | 'missing' | 'busy' | 'failed'

export interface DeviceChoice {
  id: string
  label: string
}
export interface MediaView {
  opened: boolean
  camera: MediaStreamTrack | null
  microphone: MediaStreamTrack | null
  cameras: DeviceChoice[]
  microphones: DeviceChoice[]
  speakers: DeviceChoice[]
  speaker: string
  cameraOn: boolean
  microphoneOn: boolean
  problems: { [source in Source]?: MediaProblem }
  /** The system took a device away for now: a phone call comes in, the camera is used elsewhere. */
  interrupted: boolean
}

const HD: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
  facingMode: 'user',
}
const VOICE: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
const kept = { camera: 'curtain.camera', microphone: 'curtain.microphone', speaker: 'curtain.speaker' }

/** This device's camera, microphone and speakers: one owner for each, from the check to the call. */
export class LocalMedia {
  view: MediaView = {
    opened: false,
    camera: null,
    microphone: null,
    cameras: [],
    microphones: [],
    speakers: [],
    speaker: remembered(kept.speaker),
    cameraOn: true,
    microphoneOn: true,
    problems: {},
    interrupted: false,
  }
  /** Told whenever a track is replaced by another one. */
  onTrack: (track: MediaStreamTrack) => void = () => undefined
  private readonly listeners = new Set<() => void>()
  private readonly stops: (() => void)[] = []
  private meter: { context: AudioContext; analyser: AnalyserNode; samples: Float32Array<ArrayBuffer> } | null = null
  private closed = false

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
  snapshot = (): MediaView => this.view

  /** Asks for both at once, so that the browser asks the person once; then for each alone, to learn which it is. */
  async open(): Promise<void> {
    this.closed = false
    const both = await ask({ video: this.constraints('camera'), audio: this.constraints('microphone') })
    if (both.ok) {
      for (const track of both.stream.getTracks()) this.adopt(track)
    } else {
      await Promise.all([this.openOne('camera'), this.openOne('microphone')])
    }
    this.change({ opened: true })
    await this.list()
    if (this.stops.length) return
    const changed = () => void this.list()
    const visible = () => void this.revive()
    navigator.mediaDevices.addEventListener('devicechange', changed)
    document.addEventListener('visibilitychange', visible)
    this.stops.push(
      () => navigator.mediaDevices.removeEventListener('devicechange', changed),
      () => document.removeEventListener('visibilitychange', visible),
    )
  }

  async choose(kind: Source | 'speaker', id: string): Promise<void> {
    remember(kept[kind], id)
    if (kind === 'speaker') return this.change({ speaker: id })
    await this.openOne(kind)
  }

  /** The other of two cameras: front and back on a phone. */
  async flip(): Promise<void> {
    const { cameras, camera } = this.view
    const now = cameras.findIndex(({ id }) => id === camera?.getSettings().deviceId)
    const next = cameras[(now + 1) % Math.max(1, cameras.length)]
    if (next) await this.choose('camera', next.id)
  }

  setOn(source: Source, on: boolean): void {
    const track = this.view[source]
    if (track) track.enabled = on
    this.change(source === 'camera' ? { cameraOn: on } : { microphoneOn: on })
  }

  tracks(): MediaStreamTrack[] {
    return [this.view.camera, this.view.microphone].filter((track) => track !== null)
  }

  /** Loudness of the microphone now, 0 to 1. */
  level(): number {
    if (!this.meter) return 0
    this.meter.analyser.getFloatTimeDomainData(this.meter.samples)
    let sum = 0
    for (const sample of this.meter.samples) sum += sample * sample
    return Math.min(1, Math.sqrt(sum / this.meter.samples.length) * 4)
  }

  close(): void {
    this.closed = true
    for (const stop of this.stops.splice(0)) stop()
    for (const track of this.tracks()) track.stop()
    void this.meter?.context.close()
    this.meter = null
    this.change({ opened: false, camera: null, microphone: null })
  }

  private async openOne(source: Source): Promise<void> {
    // A phone gives a second camera only once the first is let go.
    if (source === 'camera') this.view.camera?.stop()
    const wanted = source === 'camera' ? { video: this.constraints(source) } : { audio: this.constraints(source) }
    let asked = await ask(wanted)
    // The remembered device was unplugged: any other is better than none.
    if (!asked.ok && asked.problem === 'missing')
      asked = await ask(source === 'camera' ? { video: HD } : { audio: VOICE })
    if (asked.ok) this.adopt(asked.stream.getTracks()[0]!)
    else this.change({ [source]: null, problems: { ...this.view.problems, [source]: asked.problem } })
  }

  private adopt(track: MediaStreamTrack): void {
    const source: Source = track.kind === 'video' ? 'camera' : 'microphone'
    if (this.closed) return track.stop()
    const before = this.view[source]
    if (before && before !== track) before.stop()
    track.enabled = source === 'camera' ? this.view.cameraOn : this.view.microphoneOn
    track.onmute = () => this.change({ interrupted: true })
    track.onunmute = () => this.change({ interrupted: false })
    track.onended = () => {
      this.change({ [source]: null, problems: { ...this.view.problems, [source]: 'missing' } })
      void this.openOne(source)
    }
    const problems = { ...this.view.problems }
    delete problems[source]
    this.change({ [source]: track, problems })
    if (source === 'microphone') this.listenTo(track)
    this.onTrack(track)
  }

  /** Back from a phone call or another app: what was taken is asked for again. */
  private async revive(): Promise<void> {
    if (document.visibilityState !== 'visible' || !this.view.opened) return
    for (const source of ['camera', 'microphone'] as const) {
      const track = this.view[source]
      if (track?.readyState === 'ended' || (track?.muted && this.view.interrupted)) await this.openOne(source)
    }
    if (this.tracks().every((track) => !track.muted)) this.change({ interrupted: false })
  }

  private listenTo(track: MediaStreamTrack): void {
    void this.meter?.context.close()
    const context = new AudioContext()
    const analyser = new AnalyserNode(context, { fftSize: 1024 })
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser)
    this.meter = { context, analyser, samples: new Float32Array(analyser.fftSize) }
  }

  private async list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => [])
    const of = (kind: MediaDeviceKind) =>
      all.filter((one) => one.kind === kind && one.deviceId).map(({ deviceId, label }) => ({ id: deviceId, label }))
    this.change({ cameras: of('videoinput'), microphones: of('audioinput'), speakers: of('audiooutput') })
  }

  private constraints(source: Source): MediaTrackConstraints {
    const id = remembered(kept[source])
    return { ...(source === 'camera' ? HD : VOICE), ...(id ? { deviceId: { ideal: id } } : {}) }
  }

  private change(part: Partial<MediaView>): void {
    this.view = { ...this.view, ...part }
    for (const listener of [...this.listeners]) listener()
  }
}

type Asked = { ok: true; stream: MediaStream } | { ok: false; problem: MediaProblem }
async function ask(constraints: MediaStreamConstraints): Promise<Asked> {
  try {
    return { ok: true, stream: await navigator.mediaDevices.getUserMedia(constraints) }
  } catch (error) {
    return { ok: false, problem: problemOf((error as DOMException).name) }
  }
}

function problemOf(name: string): MediaProblem {
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied'
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing'
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy'
  return 'failed'
}

function remembered(name: string): string {
  try {
    return globalThis.localStorage?.getItem(name) ?? ''
  } catch {
    return ''
  }
}
function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    // A browser that keeps nothing: chosen for this time only.
  }
}

/** A short chime on the chosen speaker, to hear whether anything is heard. */
export async function chime(speaker: string): Promise<void> {
  const context = new AudioContext()
  const withSink = context as AudioContext & { setSinkId?: (id: string) => Promise<void> }
  if (speaker) await withSink.setSinkId?.(speaker).catch(() => undefined)
  const tones = [523.25, 659.25, 783.99]
  tones.forEach((frequency, index) => {
    const at = context.currentTime + index * 0.18
    const tone = new OscillatorNode(context, { frequency, type: 'sine' })
    const gain = new GainNode(context, { gain: 0 })
    gain.gain.linearRampToValueAtTime(0.2, at + 0.03)
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.5)
    tone.connect(gain).connect(context.destination)
    tone.start(at)
    tone.stop(at + 0.55)
  })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await context.close()
}
