import { describe, expect, test } from 'vitest'
import { importSenderKey } from '../crypto/frame-key.ts'
import { clearBytes, FrameDecoder, FrameEncoder, ReplayWindow, SenderBook, type SenderKey, WINDOW } from './frames.ts'

const keyFrame = () => Uint8Array.from([0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0xe0, 1, ...Array(200).fill(7)])
const deltaFrame = () => Uint8Array.from([0x11, 0, 0, ...Array(100).fill(9)])
const opusFrame = () => Uint8Array.from([0x78, ...Array(60).fill(5)])

async function senderKey(over: Partial<SenderKey> = {}, raw = crypto.getRandomValues(new Uint8Array(32))) {
  const key = await importSenderKey(raw.slice())
  return { sender: 0, participantId: 'p0', epoch: 1, generation: 0, key, ...over }
}
async function pair(source: 'camera' | 'microphone' = 'camera', firstCounter = 0) {
  const from = await senderKey()
  const encoder = new FrameEncoder(source, firstCounter)
  await encoder.setKey(from, 0)
  const book = new SenderBook()
  book.setKeys([from])
  return { from, encoder, book, decoder: new FrameDecoder(source, book) }
}
async function sent(encoder: FrameEncoder, frame: Uint8Array) {
  const result = await encoder.encode(frame)
  if (!result.ok) throw new Error(result.reason)
  return result.data
}
const reasonOf = async (decoder: FrameDecoder, data: Uint8Array) => {
  const result = await decoder.decode(data)
  return result.ok ? 'passed' : result.reason
}

describe('frames', () => {
  test('come out as they went in, and are unreadable in between', async () => {
    for (const [source, frame] of [
      ['camera', keyFrame()],
      ['camera', deltaFrame()],
      ['microphone', opusFrame()],
      ['microphone', Uint8Array.from([0x78])],
    ] as const) {
      const { encoder, decoder } = await pair(source)
      const wire = await sent(encoder, frame)
      const clear = clearBytes(source, frame)!
      expect(wire.slice(0, clear)).toEqual(frame.slice(0, clear))
      if (frame.length > 20) expect(Buffer.from(wire).includes(Buffer.from(frame.slice(clear, clear + 16)))).toBe(false)
      expect(await decoder.decode(wire)).toEqual({ ok: true, data: frame, from: 'p0' })
      expect(decoder.from).toBe('p0')
    }
  })

  test('nothing leaves without a key, and nothing after the key is taken away', async () => {
    const encoder = new FrameEncoder('camera')
    expect(await encoder.encode(keyFrame())).toEqual({ ok: false, reason: 'no-key' })
    const from = await senderKey()
    await encoder.setKey(from, 0)
    expect((await encoder.encode(keyFrame())).ok).toBe(true)
    await encoder.setKey(null, 1)
    expect(await encoder.encode(keyFrame())).toEqual({ ok: false, reason: 'no-key' })
    expect(encoder.counters).toMatchObject({ passed: 1, 'no-key': 2 })
  })

  test('a frame sent in the clear is refused', async () => {
    const { decoder } = await pair()
    expect(await reasonOf(decoder, keyFrame())).not.toBe('passed')
    expect(await reasonOf(decoder, new Uint8Array(0))).toBe('codec')
    expect(decoder.from).toBeNull()
  })

  test('other codecs are refused on both sides', async () => {
    const { encoder, decoder } = await pair()
    const h264 = Uint8Array.from([0, 0, 0, 1, 0x67, 0x42, 0, 0x1f, 1, 2, 3, 4, 5, 6])
    expect(await encoder.encode(h264)).toEqual({ ok: false, reason: 'codec' })
    expect(await reasonOf(decoder, h264)).toBe('codec')
  })

  test('every altered byte is refused: head, body, tag and trailer', async () => {
    const { encoder, decoder } = await pair()
    const wire = await sent(encoder, deltaFrame())
    for (let at = 0; at < wire.length; at++) {
      const altered = wire.slice()
      altered[at]! ^= at === 0 ? 0x20 : 1
      expect(await reasonOf(decoder, altered), `byte ${at}`).not.toBe('passed')
    }
    expect(await reasonOf(decoder, wire)).toBe('passed')
  })

  test('a repeated frame is dropped and counted, also when both copies are in flight', async () => {
    const { encoder, decoder, book } = await pair()
    const wire = await sent(encoder, keyFrame())
    const again = new FrameDecoder('camera', book)
    const both = await Promise.all([decoder.decode(wire), again.decode(wire)])
    expect(both.filter((result) => result.ok)).toHaveLength(1)
    expect(await reasonOf(decoder, wire)).toBe('replayed')
    // A receiver that starts anew finds the counters where they were.
    expect(await reasonOf(new FrameDecoder('camera', book), wire)).toBe('replayed')
  })

  test('frames out of order pass within the window and not behind it', async () => {
    const { encoder, decoder } = await pair('microphone')
    const wires = []
    for (let i = 0; i < WINDOW + 2; i++) wires.push(await sent(encoder, opusFrame()))
    expect(await reasonOf(decoder, wires[5]!)).toBe('passed')
    expect(await reasonOf(decoder, wires[3]!)).toBe('passed')
    expect(await reasonOf(decoder, wires[WINDOW + 1]!)).toBe('passed')
    expect(await reasonOf(decoder, wires[2]!)).toBe('passed')
    expect(await reasonOf(decoder, wires[1]!)).toBe('replayed')
    expect(await reasonOf(decoder, wires[0]!)).toBe('replayed')
  })

  test('a track relabelled as another source does not open', async () => {
    const { encoder, book } = await pair('camera')
    const wire = await sent(encoder, deltaFrame())
    expect(await reasonOf(new FrameDecoder('microphone', book), wire)).not.toBe('passed')
  })

  test('a track stays with the member first heard on it', async () => {
    const { encoder, decoder, book, from } = await pair()
    const other = await senderKey({ sender: 1, participantId: 'p1' })
    book.setKeys([from, other])
    const encoder2 = new FrameEncoder('camera')
    await encoder2.setKey(other, 0)
    expect(await reasonOf(decoder, await sent(encoder, keyFrame()))).toBe('passed')
    expect(await reasonOf(decoder, await sent(encoder2, keyFrame()))).toBe('wrong-sender')
    expect(await reasonOf(new FrameDecoder('camera', book), await sent(encoder2, keyFrame()))).toBe('passed')
  })

  test('two transforms under one sender key never share a frame key', async () => {
    const raw = crypto.getRandomValues(new Uint8Array(32))
    const from = await senderKey({}, raw)
    const wires = []
    for (const start of [0, 1]) {
      const encoder = new FrameEncoder('camera')
      await encoder.setKey(from, start)
      wires.push(await sent(encoder, deltaFrame()))
    }
    // Same counter, same plaintext, same sender key: another transform id, another key, another ciphertext.
    expect(wires[0]!.slice(3, 103)).not.toEqual(wires[1]!.slice(3, 103))
  })

  test('an older transform is silent once a newer one has spoken', async () => {
    const { encoder, decoder, from } = await pair()
    const old = await sent(encoder, keyFrame())
    await encoder.setKey(from, 1)
    expect(await reasonOf(decoder, await sent(encoder, keyFrame()))).toBe('passed')
    expect(await reasonOf(decoder, old)).toBe('outdated')
  })

  test('a new epoch ends the old one, and a removed member is deaf and mute at once', async () => {
    const { encoder, decoder, book } = await pair()
    const late = await sent(encoder, keyFrame())
    const next = await senderKey({ epoch: 2 })
    book.setKeys([next])
    expect(await reasonOf(decoder, await sent(encoder, deltaFrame()))).toBe('passed')
    await encoder.setKey(next, 0)
    expect(await reasonOf(decoder, await sent(encoder, keyFrame()))).toBe('passed')
    expect(await reasonOf(decoder, late)).toBe('no-key')

    book.setKeys([await senderKey({ epoch: 3, participantId: 'someone-else' })])
    expect(await reasonOf(decoder, await sent(encoder, keyFrame()))).toBe('no-key')
  })

  test('counters end rather than wrap', async () => {
    const { encoder } = await pair('camera', 0xffff_ffff)
    expect((await encoder.encode(deltaFrame())).ok).toBe(true)
    expect(await encoder.encode(deltaFrame())).toEqual({ ok: false, reason: 'exhausted' })
  })

  test('the window forgets what lies between when it jumps', () => {
    const window = new ReplayWindow()
    expect(window.add(0)).toBe(true)
    expect(window.add(3 * WINDOW)).toBe(true)
    expect(window.add(3 * WINDOW - 1)).toBe(true)
    expect(window.add(3 * WINDOW - 1)).toBe(false)
    expect(window.has(0)).toBe(true)
  })
})
