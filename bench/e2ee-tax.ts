/**
 * Row "e2ee-tax": a 720p canvas in a call with and without encryption, interleaved: processor time of both browsers for each
 * frame shown, and glass-to-glass latency, read off a clock that is drawn into the picture.
 */
import type { LabHandle } from './lab/lab.ts'
import { startLab } from './lab/lab.ts'
import type { Mode } from './lab/page.ts'
import { median, p95, round, type Row } from './lab/rows.ts'

const ROUNDS = 6
const SETTLE_MS = 5_000
const MEASURE_MS = 10_000

interface Measured {
  cpu: number
  latencies: number[]
  frames: number
}

export default async function tax(): Promise<Row[]> {
  const with_: Measured[] = []
  const without: Measured[] = []
  const lab = await startLab()
  try {
    for (let round = 0; round < ROUNDS; round++) {
      // First one, then the other first: a machine that slows down slows both.
      const order: Mode[] = round % 2 ? ['livekit-plain', 'curtain'] : ['curtain', 'livekit-plain']
      for (const mode of order) (mode === 'curtain' ? with_ : without).push(await once(lab, mode))
    }
  } finally {
    await lab.close()
  }
  const cpuOf = (all: Measured[]) => median(all.map(({ cpu }) => cpu))
  const lateOf = (all: Measured[]) => all.flatMap(({ latencies }) => latencies)
  const ratio = cpuOf(with_) / cpuOf(without)
  const [late, plain] = [lateOf(with_), lateOf(without)]
  const more = median(late) - median(plain)
  const frames = `${Math.min(...with_.map(({ frames }) => frames))} to ${Math.max(...with_.map(({ frames }) => frames))} frames a round encrypted, ${Math.min(...without.map(({ frames }) => frames))} to ${Math.max(...without.map(({ frames }) => frames))} plain`
  return [
    {
      name: 'e2ee-tax',
      ours: round(cpuOf(with_)),
      peer: round(cpuOf(without)),
      ratio: round(ratio),
      goal: 'CPU ≤ 1.15 × the same call unencrypted',
      pass: ratio <= 1.15,
      n: ROUNDS,
      note: `ms of processor for each 720p frame, both browsers with all their processes; ${frames}.`,
    },
    {
      name: 'e2ee-tax: latency',
      ours: round(median(late), 1),
      peer: round(median(plain), 1),
      ratio: round(median(late) / median(plain)),
      goal: 'p50 ≤ +5 ms',
      pass: more <= 5,
      n: late.length,
      note: `ms glass to glass; ${more >= 0 ? '+' : ''}${round(more, 1)} ms at p50; p95 encrypted ${round(p95(late), 1)}, plain ${round(p95(plain), 1)}.`,
    },
  ]
}

async function once(lab: LabHandle, mode: Mode): Promise<Measured> {
  await lab.reload()
  const inputs = await lab.inputs(mode, true)
  const [practitioner, patient] = lab.pages
  await Promise.all(lab.pages.map((page, me) => page.evaluate((input) => globalThis.lab.ready(input), inputs[me]!)))
  await practitioner.evaluate(() => globalThis.lab.wait())
  await patient.evaluate(() => globalThis.lab.join())
  await practitioner.evaluate(() => globalThis.lab.firstFrame())
  // Until the encoder has come up to the whole picture.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const shown = () => practitioner.evaluate(() => globalThis.lab.frames())
  const [before, cpuBefore] = [await shown(), await lab.cpu()]
  const latencies = await practitioner.evaluate((ms) => globalThis.lab.latencies(ms), MEASURE_MS)
  const [after, cpuAfter] = [await shown(), await lab.cpu()]
  await Promise.all(lab.pages.map((page) => page.evaluate(() => globalThis.lab.leave())))
  if (after.height !== 720) throw new Error(`e2ee-tax: ${after.width}x${after.height} instead of 720p`)
  const frames = after.shown - before.shown
  return { cpu: ((cpuAfter - cpuBefore) * 1000) / frames, latencies, frames }
}
