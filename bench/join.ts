/**
 * Row "join": from the admitted patient's click to the first decoded frame at the other end, each client in a Chromium
 * process of its own; beside a bare RTCPeerConnection between the same pages and livekit-client with its own encryption,
 * interleaved. The camera opens after the click in all three. Loopback: no DNS, TLS, TURN or loss.
 */
import type { LabHandle } from './lab/lab.ts'
import { startLab } from './lab/lab.ts'
import type { Mode } from './lab/page.ts'
import { median, p95, round, type Row } from './lab/rows.ts'

const ROUNDS = 30
const LONGEST_MS = 3_000
/** Time that a person takes to press the button once it shows; everything that can be ready is ready by then. */
const BEFORE_CLICK_MS = 400
const modes: Mode[] = ['curtain', 'raw', 'livekit']

export default async function join(): Promise<Row[]> {
  const times: Record<string, number[]> = { curtain: [], raw: [], livekit: [] }
  const lab = await startLab()
  try {
    // One unmeasured round each: first loads are not what a join takes.
    for (let round = -1; round < ROUNDS; round++) {
      // Nobody is always first after somebody else.
      const order = modes.map((_, index) => modes[(index + round + modes.length) % modes.length]!)
      for (const mode of order) {
        const took = await once(lab, mode)
        if (round >= 0) times[mode]!.push(took)
      }
    }
  } finally {
    await lab.close()
  }
  const [ours, raw, livekit] = [times.curtain!, times.raw!, times.livekit!]
  const longest = Math.max(...ours)
  const spread = (name: string, all: number[]) =>
    `${name} median ${round(median(all), 0)}, p95 ${round(p95(all), 0)}, longest ${Math.max(...all)}`
  const note = `ms; ${[spread('Curtain', ours), spread('bare', raw), spread('livekit-client', livekit)].join('; ')}. Curtain connects and agrees on keys between admission and click; livekit-client had prepareConnection; the bare peer its WebSocket.`
  const base = { ours: round(median(ours), 0), n: ROUNDS, note }
  const [toRaw, toLivekit] = [median(ours) / median(raw), median(ours) / median(livekit)]
  return [
    {
      ...base,
      name: 'join',
      peer: round(median(raw), 0),
      ratio: round(toRaw),
      goal: '≤ 2.0 × a bare RTCPeerConnection; none over 3 s',
      pass: toRaw <= 2 && longest <= LONGEST_MS,
    },
    {
      ...base,
      name: 'join: livekit-client',
      peer: round(median(livekit), 0),
      ratio: round(toLivekit),
      goal: '≤ livekit-client with its own encryption',
      pass: toLivekit <= 1,
    },
  ]
}

async function once(lab: LabHandle, mode: Mode): Promise<number> {
  await lab.reload()
  const inputs = await lab.inputs(mode)
  const [practitioner, patient] = lab.pages
  await Promise.all(lab.pages.map((page, me) => page.evaluate((input) => globalThis.lab.ready(input), inputs[me]!)))
  await practitioner.evaluate(() => globalThis.lab.wait())
  await new Promise((resolve) => setTimeout(resolve, BEFORE_CLICK_MS))
  const first = practitioner.evaluate(() => {
    const never = new Promise<number>((resolve) => setTimeout(() => resolve(Infinity), 15_000))
    return Promise.race([globalThis.lab.firstFrame(), never])
  })
  const clicked = await patient.evaluate(() => globalThis.lab.join())
  const took = (await first) - clicked
  await Promise.all(lab.pages.map((page) => page.evaluate(() => globalThis.lab.leave())))
  // Playwright turns Infinity into itself; JSON would not. A frame that never came counts as the wait for it.
  return Number.isFinite(took) ? took : 15_000
}
