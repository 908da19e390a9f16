/**
 * The frame worker: every encoded frame of a call passes here, and nowhere else. Sender keys come through a MessagePort
 * straight from the vault worker; the page that starts this worker never holds one and cannot ask for one.
 */
import { FrameDecoder, FrameEncoder, SenderBook, type SenderKey } from './frames.ts'
import type { FramesFromPage, FramesReport, FramesToPage, KeysFromVault, TransformOptions } from './frames-api.ts'

interface Transformer {
  readable: ReadableStream<RTCEncodedVideoFrame | RTCEncodedAudioFrame>
  writable: WritableStream<RTCEncodedVideoFrame | RTCEncodedAudioFrame>
  options: TransformOptions
  sendKeyFrameRequest?: () => Promise<void>
  generateKeyFrame?: () => Promise<unknown>
}
interface WorkerScope {
  onrtctransform: ((event: { transformer: Transformer }) => void) | null
  onmessage: ((event: MessageEvent<FramesFromPage>) => void) | null
  postMessage: (message: FramesToPage) => void
}
const scope = globalThis as unknown as WorkerScope

const encoders = new Map<string, { encoder: FrameEncoder; transformer: Transformer }>()
const decoders = new Map<string, { decoder: FrameDecoder; transformer: Transformer; waiting: boolean }>()
const book = new SenderBook()
let own: SenderKey | null = null
let starts = 0
let epoch = -1
let generation = -1
let port: MessagePort | null = null

scope.onmessage = ({ data }) => {
  // One port for the worker's life: a page that was talked into another cannot swap the keys' source.
  if (data.type === 'port' && !port) {
    port = data.port
    port.onmessage = ({ data: keys }: MessageEvent<KeysFromVault>) => void takeKeys(keys)
  }
  if (data.type === 'report') scope.postMessage({ type: 'report', report: report() })
  if (data.type === 'gone') {
    encoders.delete(data.track)
    decoders.delete(data.track)
  }
}

async function takeKeys(keys: KeysFromVault): Promise<void> {
  // Epochs and generations only rise.
  if (keys.epoch < epoch || (keys.epoch === epoch && keys.generation < generation)) return
  epoch = keys.epoch
  generation = keys.generation
  own = keys.own
  book.setKeys(keys.others)
  await Promise.all([...encoders.values()].map(({ encoder }) => encoder.setKey(own, starts++)))
  for (const { transformer } of encoders.values()) wakeSender(transformer)
  for (const { transformer } of decoders.values()) askKeyFrame(transformer)
  scope.postMessage({ type: 'keys', epoch, generation, sending: own !== null })
}

scope.onrtctransform = ({ transformer }) => {
  const { side, source, track } = transformer.options
  if (side === 'send') {
    const encoder = new FrameEncoder(source)
    encoders.set(track, { encoder, transformer })
    void encoder.setKey(own, starts++).then(() => own && wakeSender(transformer))
    run(transformer, encoder, async (data) => (await encoder.encode(data)) as Step)
    return
  }
  const decoder = new FrameDecoder(source, book)
  const entry = { decoder, transformer, waiting: true }
  decoders.set(track, entry)
  run(transformer, decoder, async (data) => {
    const before = decoder.from
    const result = await decoder.decode(data)
    if (result.ok && before === null && decoder.from) {
      scope.postMessage({ type: 'verified', track, participantId: decoder.from })
    }
    // Whatever came before the keys was lost, the key frame with it: ask for one once the first frame opens.
    if (result.ok && entry.waiting) {
      entry.waiting = false
      if (source === 'camera') askKeyFrame(transformer)
    }
    return result as Step
  })
}

type Step = { ok: true; data: Uint8Array<ArrayBuffer> } | { ok: false }

function run(
  transformer: Transformer,
  { counters }: FrameEncoder | FrameDecoder,
  step: (data: Uint8Array) => Promise<Step>,
): void {
  const { source } = transformer.options
  const transform = new TransformStream<RTCEncodedVideoFrame | RTCEncodedAudioFrame>({
    async transform(frame, controller) {
      if (!speaksOurCodec(frame, source)) return void counters.codec++
      const result = await step(new Uint8Array(frame.data))
      // The one place where a frame goes on: no result, no frame.
      if (!result.ok) return
      frame.data = result.data.buffer
      controller.enqueue(frame)
    },
  })
  transformer.readable
    .pipeThrough(transform)
    .pipeTo(transformer.writable)
    .catch(() => undefined)
}

function speaksOurCodec(frame: RTCEncodedVideoFrame | RTCEncodedAudioFrame, source: string): boolean {
  const { mimeType } = frame.getMetadata() as { mimeType?: string }
  if (!mimeType) return true
  return mimeType.toLowerCase() === (source === 'camera' ? 'video/vp8' : 'audio/opus')
}

function askKeyFrame(transformer: Transformer): void {
  if (transformer.options.source === 'camera') transformer.sendKeyFrameRequest?.().catch(() => undefined)
}
function wakeSender(transformer: Transformer): void {
  if (transformer.options.source === 'camera') transformer.generateKeyFrame?.().catch(() => undefined)
}

function report(): FramesReport {
  return {
    epoch,
    generation,
    sending: own !== null,
    sent: [...encoders].map(([track, { encoder }]) => ({ track, counters: { ...encoder.counters } })),
    received: [...decoders].map(([track, { decoder }]) => ({
      track,
      from: decoder.from,
      counters: { ...decoder.counters },
    })),
  }
}
