import { type Bytes, concat, equal, utf8 } from '../crypto/bytes.ts'
import { frameKey } from '../crypto/frame-key.ts'

/**
 * Frame encryption: pure bytes in, bytes out, run by frames.worker.ts on RTCRtpScriptTransform. It fails closed: what has
 * no key, is not VP8 or Opus, or does not verify comes out as nothing, never as it went in.
 *
 *   sent frame = clear head ‖ AES-256-GCM(rest) ‖ tag (16) ‖ trailer (19)
 *   trailer    = version (1) ‖ sender (1) ‖ epoch (2) ‖ generation (1) ‖ start (2) ‖ transform id (8) ‖ counter (4)
 *
 * The head is what an SFU must read to forward: VP8's 10 bytes of a key frame and 3 of others, Opus's 1. Head and trailer
 * are authenticated. The key (lib/crypto/frame-key.ts) is new for every transform that starts, by the random id in the
 * trailer, so a counter never repeats under one key.
 */
export type Source = 'camera' | 'microphone'

const VERSION = 1
const TAG_BYTES = 16
const TRAILER_BYTES = 19
const AAD_LABEL = utf8('curtain/v1/frame-head')
const LAST_COUNTER = 0xffff_ffff
const LAST_START = 0xffff
/** Late frames up to this many behind the newest still count: about four seconds of video, ten of audio. */
export const WINDOW = 512
/** Transforms that one sender may start in one epoch; a sender that needs more makes a new epoch. */
const STARTS_MOST = 256

export type DropReason =
  | 'no-key' // no key for this sender, epoch and generation: before the handshake, or after a removal
  | 'empty' // an encoder's way of saying silence: nothing to send
  | 'codec' // neither VP8 nor Opus
  | 'malformed' // too short, another version
  | 'forged' // does not authenticate: altered, another source, another sender, or never encrypted
  | 'replayed' // counter seen before, or older than the window
  | 'outdated' // from an epoch or a transform that a newer one has replaced
  | 'wrong-sender' // another member's frames on a track that is pinned to one
  | 'exhausted' // counters used up

export type Counters = { passed: number } & Record<DropReason, number>
const newCounters = (): Counters => ({
  passed: 0,
  'no-key': 0,
  empty: 0,
  codec: 0,
  malformed: 0,
  forged: 0,
  replayed: 0,
  outdated: 0,
  'wrong-sender': 0,
  exhausted: 0,
})

/**
 * One sender's key in one epoch, as `importSenderKey` gives it. `sender` is its place in the signed roster, and
 * `participantId` who that is: the public key that signed the handshake, not a name that the SFU gave.
 */
export interface SenderKey {
  sender: number
  participantId: string
  epoch: number
  generation: number
  key: CryptoKey
}

export type FrameResult = { ok: true; data: Bytes; from?: string } | { ok: false; reason: DropReason }
const drop = (reason: DropReason): FrameResult => ({ ok: false, reason })

/** How many first bytes stay clear, or null for a frame that is none of VP8's or Opus's. */
export function clearBytes(source: Source, data: Uint8Array): number | null {
  if (data.length === 0) return null
  if (source === 'microphone') return 1
  // The lowest bit of VP8's frame tag is 0 in a key frame, which has a start code and dimensions besides.
  if ((data[0]! & 1) === 1) return data.length >= 3 ? 3 : null
  if (data.length < 10) return null
  return data[3] === 0x9d && data[4] === 0x01 && data[5] === 0x2a ? 10 : null
}

const keyFor = (from: SenderKey, source: Source, transform: Bytes, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> =>
  frameKey(from.key, { epoch: from.epoch, generation: from.generation, source, transform }, use)

function nonceOf(counter: number): Bytes {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setUint32(8, counter)
  return nonce
}

const aadOf = (source: Source, head: Uint8Array, trailer: Uint8Array): Bytes =>
  concat(AAD_LABEL, new Uint8Array([source === 'camera' ? 1 : 2, head.length]), head, trailer)

interface Running {
  key: CryptoKey
  trailer: Bytes
  counter: number
}

/** One sending transform. Nothing leaves it before `setKey`, and nothing after `setKey(null)`. */
export class FrameEncoder {
  readonly counters = newCounters()
  private running: Running | null = null
  private asked = 0
  private readonly source: Source
  private readonly firstCounter: number

  constructor(source: Source, firstCounter = 0) {
    this.source = source
    this.firstCounter = firstCounter
  }

  /** `start` counts the transforms that this sender has begun in the epoch, and only rises. */
  async setKey(from: SenderKey | null, start: number): Promise<void> {
    const asked = ++this.asked
    this.running = null
    if (!from || start > LAST_START) return
    const transformId = crypto.getRandomValues(new Uint8Array(8))
    const key = await keyFor(from, this.source, transformId, 'encrypt')
    // A later call has overtaken this one: its key counts.
    if (asked !== this.asked) return
    const trailer = new Uint8Array(TRAILER_BYTES)
    const view = new DataView(trailer.buffer)
    view.setUint8(0, VERSION)
    view.setUint8(1, from.sender)
    view.setUint16(2, from.epoch)
    view.setUint8(4, from.generation)
    view.setUint16(5, start)
    trailer.set(transformId, 7)
    this.running = { key, trailer, counter: this.firstCounter }
  }

  async encode(data: Uint8Array): Promise<FrameResult> {
    const result = await this.seal(data)
    if (result.ok) this.counters.passed++
    else this.counters[result.reason]++
    return result
  }

  private async seal(data: Uint8Array): Promise<FrameResult> {
    const running = this.running
    if (!running) return drop('no-key')
    if (data.length === 0) return drop('empty')
    const clear = clearBytes(this.source, data)
    if (clear === null) return drop('codec')
    if (running.counter > LAST_COUNTER) return drop('exhausted')
    // Taken before any await: two frames in flight never share a counter.
    const counter = running.counter++
    const trailer = running.trailer.slice()
    new DataView(trailer.buffer).setUint32(15, counter)
    const head = data.subarray(0, clear)
    const sealed = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv: nonceOf(counter), additionalData: aadOf(this.source, head, trailer) },
      running.key,
      data.slice(clear),
    )
    return { ok: true, data: concat(head, new Uint8Array(sealed), trailer) }
  }
}

/** Which counters of one transform have been seen. */
export class ReplayWindow {
  private newest = -1
  private readonly seen = new Uint8Array(WINDOW)

  has(counter: number): boolean {
    if (counter > this.newest) return false
    return counter <= this.newest - WINDOW || this.seen[counter % WINDOW] === 1
  }

  /** False when the counter was there already: of two copies in flight, one passes. */
  add(counter: number): boolean {
    if (this.has(counter)) return false
    if (counter > this.newest) {
      if (counter - this.newest >= WINDOW) this.seen.fill(0)
      else for (let skipped = this.newest + 1; skipped < counter; skipped++) this.seen[skipped % WINDOW] = 0
      this.newest = counter
    }
    this.seen[counter % WINDOW] = 1
    return true
  }
}

interface Heard {
  id: Bytes
  start: number
  key: CryptoKey
  window: ReplayWindow
}
interface Voice {
  from: SenderKey
  heard: Record<Source, Heard[]>
  newestStart: Record<Source, number>
}

/**
 * What is known of the other senders, shared by every receiving transform of a worker: a track that the SFU closes and
 * opens again, or sends twice, finds the counters where they were.
 */
export class SenderBook {
  private voices: Voice[] = []

  /** The epoch's senders. Who is no longer among them is deaf to us at once; the rest keep their last epoch until the new one speaks. */
  setKeys(keys: SenderKey[]): void {
    const stay = this.voices.filter((voice) => keys.some((key) => key.participantId === voice.from.participantId))
    const fresh = keys.filter((key) => !stay.some((voice) => sameKeyOf(voice.from, key)))
    this.voices = [
      ...stay,
      ...fresh.map((from) => ({
        from,
        heard: { camera: [], microphone: [] },
        newestStart: { camera: -1, microphone: -1 },
      })),
    ]
  }

  find(sender: number, epoch: number, generation: number): Voice | undefined {
    return this.voices.find(
      ({ from }) => from.sender === sender && from.epoch === epoch && from.generation === generation,
    )
  }

  /** A frame of a newer epoch or generation has been authenticated: the sender's older keys are done. */
  settle(voice: Voice): void {
    this.voices = this.voices.filter(
      ({ from }) => from.participantId !== voice.from.participantId || !isOlder(from, voice.from),
    )
  }
}

const sameKeyOf = (a: SenderKey, b: SenderKey) =>
  a.sender === b.sender && a.participantId === b.participantId && a.epoch === b.epoch && a.generation === b.generation
const isOlder = (a: SenderKey, b: SenderKey) =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.generation < b.generation)

/** One receiving transform, for one track. The first member who is heard on it keeps it. */
export class FrameDecoder {
  readonly counters = newCounters()
  private pinned: string | null = null
  private readonly source: Source
  private readonly book: SenderBook

  constructor(source: Source, book: SenderBook) {
    this.source = source
    this.book = book
  }

  /** The member whose frames these are, once one has been authenticated. Never what the SFU says. */
  get from(): string | null {
    return this.pinned
  }

  async decode(data: Uint8Array): Promise<FrameResult> {
    const result = await this.open(data)
    if (result.ok) this.counters.passed++
    else this.counters[result.reason]++
    return result
  }

  private async open(data: Uint8Array): Promise<FrameResult> {
    const clear = clearBytes(this.source, data)
    if (clear === null) return drop('codec')
    if (data.length < clear + TAG_BYTES + TRAILER_BYTES) return drop('malformed')
    const trailer = data.slice(data.length - TRAILER_BYTES)
    const view = new DataView(trailer.buffer)
    if (view.getUint8(0) !== VERSION) return drop('malformed')
    const start = view.getUint16(5)
    const transformId = trailer.slice(7, 15)
    const counter = view.getUint32(15)

    const voice = this.book.find(view.getUint8(1), view.getUint16(2), view.getUint8(4))
    if (!voice) return drop('no-key')
    if (this.pinned && voice.from.participantId !== this.pinned) return drop('wrong-sender')
    if (start < voice.newestStart[this.source]) return drop('outdated')

    const known = voice.heard[this.source].find((heard) => equal(heard.id, transformId))
    if (known?.window.has(counter)) return drop('replayed')
    if (!known && voice.heard[this.source].length >= STARTS_MOST) return drop('exhausted')
    const key = known?.key ?? (await keyFor(voice.from, this.source, transformId, 'decrypt'))
    const head = data.subarray(0, clear)
    let plain: ArrayBuffer
    try {
      plain = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: nonceOf(counter), additionalData: aadOf(this.source, head, trailer) },
        key,
        data.slice(clear, data.length - TRAILER_BYTES),
      )
    } catch {
      return drop('forged')
    }
    return this.admit(voice, { id: transformId, start, key }, counter, concat(head, new Uint8Array(plain)))
  }

  /** After authentication and without another await: state moves only here, so forged frames move nothing. */
  private admit(voice: Voice, transform: Omit<Heard, 'window'>, counter: number, data: Bytes): FrameResult {
    const from = voice.from.participantId
    if (this.pinned && this.pinned !== from) return drop('wrong-sender')
    // A removal, or a newer epoch, may have come while this frame was being opened.
    if (this.book.find(voice.from.sender, voice.from.epoch, voice.from.generation) !== voice) return drop('outdated')
    if (transform.start < voice.newestStart[this.source]) return drop('outdated')
    let heard = voice.heard[this.source].find((one) => equal(one.id, transform.id))
    if (!heard) {
      heard = { ...transform, window: new ReplayWindow() }
      voice.heard[this.source].push(heard)
    }
    if (!heard.window.add(counter)) return drop('replayed')
    voice.newestStart[this.source] = transform.start
    this.pinned = from
    this.book.settle(voice)
    return { ok: true, data, from }
  }
}
