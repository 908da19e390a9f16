// Somebody at the SFU without keys: a bare livekit-client on a page of its own.
import { build } from 'esbuild'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { person } from '../call-world.ts'

const script = `
import { Room, Track } from 'livekit-client'
let room
const video = document.createElement('video')
video.muted = true; video.dataset.call = 'remote'; document.body.append(video)
const show = (track) => { if (track.kind === 'video') { video.srcObject = new MediaStream([track.mediaStreamTrack]); void video.play() } }
globalThis.stranger = {
  async join(url, token) {
    room = new Room()
    room.on('trackSubscribed', show)
    await room.connect(url, token, { maxRetries: 0 })
  },
  /** A picture of its own, sent as it is. */
  async publish(videoCodec) {
    const canvas = document.createElement('canvas'); canvas.width = 640; canvas.height = 480
    const pen = canvas.getContext('2d'); let n = 0
    setInterval(() => { pen.fillStyle = n++ % 2 ? '#f00' : '#fff'; pen.fillRect(0, 0, 640, 480) }, 40)
    const context = new AudioContext(); const tone = context.createOscillator(); const out = context.createMediaStreamDestination()
    tone.connect(out); tone.start()
    await room.localParticipant.publishTrack(canvas.captureStream(25).getVideoTracks()[0], { source: Track.Source.Camera, videoCodec, simulcast: false })
    if (videoCodec !== 'vp8') return
    await room.localParticipant.publishTrack(out.stream.getAudioTracks()[0], { source: Track.Source.Microphone, red: false })
  },
  async packets() {
    let packets = 0
    for (const participant of room.remoteParticipants.values())
      for (const publication of participant.trackPublications.values())
        for (const stat of (await publication.track?.receiver?.getStats())?.values() ?? []) packets += stat.packetsReceived ?? 0
    return packets
  },
  leave: () => room.disconnect(),
}`

export async function openStranger() {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'js' },
    bundle: true,
    write: false,
    format: 'iife',
  })
  const self = await person('desktop')
  // A real server: what a test answers by itself counts as the open internet, from where Chromium reaches no loopback.
  const home = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><body>'),
  )
  await new Promise<void>((resolve) => home.listen(0, '127.0.0.1', resolve))
  await self.page.goto(`http://localhost:${(home.address() as AddressInfo).port}/`)
  await self.page.addScriptTag({ content: outputFiles[0]!.text })
  type Stranger = {
    join: (url: string, token: string) => Promise<void>
    publish: (codec: string) => Promise<void>
    packets: () => Promise<number>
    leave: () => Promise<void>
  }
  const page = self.page
  return {
    page,
    join: (url: string, token: string) =>
      page.evaluate(
        ([to, by]) => (globalThis as unknown as { stranger: Stranger }).stranger.join(to!, by!),
        [url, token],
      ),
    /** Sound too where the codec is an honest one's. */
    publish: (codec = 'vp8') =>
      page.evaluate((name) => (globalThis as unknown as { stranger: Stranger }).stranger.publish(name), codec),
    packets: () => page.evaluate(() => (globalThis as unknown as { stranger: Stranger }).stranger.packets()),
    leave: () => page.evaluate(() => (globalThis as unknown as { stranger: Stranger }).stranger.leave()),
    async close() {
      await self.close()
      home.closeAllConnections()
      home.close()
    },
  }
}

const GRID = 24

/** Brightness of a picture in a coarse grid. */
const shade = (page: Page, name: string) =>
  page.evaluate(
    ([which, size]) => {
      const video = document.querySelector<HTMLVideoElement>(`video[data-call="${which}"]`)
      const frames = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0
      if (!video?.videoWidth) return { frames: 0, cells: [] as number[] }
      const canvas = new OffscreenCanvas(size, size)
      const pen = canvas.getContext('2d', { willReadFrequently: true })!
      pen.drawImage(video, 0, 0, size, size)
      const { data } = pen.getImageData(0, 0, size, size)
      const cells: number[] = []
      for (let i = 0; i < data.length; i += 4) cells.push(data[i]! + data[i + 1]! + data[i + 2]!)
      return { frames, cells }
    },
    [name, GRID] as const,
  )

/** How far the stranger's picture is what the sender's camera shows: 1 is the same, 0 has nothing to do with it. */
export async function likeness(sender: Page, stranger: Page): Promise<{ frames: number; correlation: number }> {
  let most = 0
  let frames = 0
  for (let look = 0; look < 8; look++) {
    const [truth, seen] = await Promise.all([shade(sender, 'local'), shade(stranger, 'remote')])
    frames = seen.frames
    if (seen.cells.length && truth.cells.length) most = Math.max(most, correlate(truth.cells, seen.cells))
    await sender.waitForTimeout(150)
  }
  return { frames, correlation: most }
}

function correlate(a: number[], b: number[]): number {
  const mean = (all: number[]) => all.reduce((sum, value) => sum + value, 0) / all.length
  const [ma, mb] = [mean(a), mean(b)]
  let top = 0
  let va = 0
  let vb = 0
  a.forEach((value, index) => {
    top += (value - ma) * (b[index]! - mb)
    va += (value - ma) ** 2
    vb += (b[index]! - mb) ** 2
  })
  // A picture of one colour resembles nothing.
  return va && vb ? top / Math.sqrt(va * vb) : 0
}
