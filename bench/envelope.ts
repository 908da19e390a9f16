/**
 * Row "envelope": 200 records of 4 KiB sealed for two recipients and opened again, in the vault's worker in a real Chromium, beside
 * the same WebCrypto operations alone and beside wasm-themis.
 */
import { openLab, type Lab } from './chromium.ts'
import type { EnvelopeLab } from './envelope-lab/page.ts'

declare const lab: EnvelopeLab

const RECORDS = 200
const ROUNDS = 21
const THEMIS_ROUNDS = 7
const LONGEST_TASK = 50

export interface Row {
  name: string
  ours: number
  peer: number | null
  ratio: number | null
  goal: string
  pass: boolean
  n: number
  note: string
}

export default async function envelope(): Promise<Row[]> {
  const counted = await openEnvelopeLab(true)
  const { same, note: operations } = await compareCounts(counted).finally(() => counted.close())
  const timed = await openEnvelopeLab(false)
  try {
    const refusals = await timed.page.evaluate(() => lab.refusals())
    const { nothing, ...altered } = refusals
    const checked = nothing === 'opened' && Object.values(altered).every((code) => code !== 'opened')
    const { ours, raw, themis } = await measure(timed)
    const totals = ours.map((each) => each.total)
    const longest = Math.max(...ours.map((each) => each.longest))
    const base = { ours: round(median(totals)), n: ROUNDS }
    const [rawRatio, themisRatio] = [median(totals) / median(raw), median(themis) / median(totals)]
    const refused = Object.entries(altered)
      .map(([what, code]) => `${what} ${code}`)
      .join(', ')
    return [
      {
        ...base,
        name: 'envelope',
        peer: round(median(raw)),
        ratio: round(rawRatio),
        goal: '≤ 1.5 × raw WebCrypto; everything checked',
        pass: rawRatio <= 1.5 && checked && same,
        note: `ms for ${RECORDS} records, seal and open; p95 ours ${round(p95(totals))}, raw ${round(p95(raw))}. ${operations}. One altered bit: ${refused}.`,
      },
      {
        ...base,
        name: 'envelope: wasm-themis',
        peer: round(median(themis)),
        ratio: round(themisRatio),
        goal: '≥ 8 × as fast',
        pass: themisRatio >= 8,
        note: `themis n ${THEMIS_ROUNDS}, p95 ${round(p95(themis))}: Secure Cell, the key to each reader by Secure Message, record and grants signed and checked.`,
      },
      {
        name: 'envelope: main thread',
        ours: round(longest),
        peer: null,
        ratio: null,
        goal: `no task over ${LONGEST_TASK} ms`,
        pass: longest <= LONGEST_TASK,
        n: ROUNDS,
        note: 'longest task of the page, in ms, while the vault seals and opens (0: none that Chromium calls long)',
      },
    ]
  } finally {
    await timed.close()
  }
}

async function openEnvelopeLab(counted: boolean): Promise<Lab> {
  const opened = await openLab({
    programs: {
      'vault-worker': 'lib/browser/vault.worker.ts',
      'counted-worker': 'bench/envelope-lab/counted-worker.ts',
      'raw-worker': 'bench/envelope-lab/raw-worker.ts',
      'themis-worker': 'bench/envelope-lab/themis-worker.ts',
      lab: 'bench/envelope-lab/page.ts',
    },
    files: { '/libthemis.wasm': 'node_modules/wasm-themis/dist-es6/libthemis.wasm' },
  })
  await opened.page.addScriptTag({ type: 'module', url: '/lab.js' })
  await opened.page.waitForFunction('globalThis.lab')
  await opened.page.evaluate((counting) => lab.setUp(counting), counted)
  return opened
}

/** The raw peer is fair only if it makes no more WebCrypto calls, of any kind, than the vault does. */
async function compareCounts({ page }: Lab): Promise<{ same: boolean; note: string }> {
  const { ours, raw } = await page.evaluate(async (count) => {
    await lab.ours(count)
    await lab.counts()
    await lab.ours(count)
    return { ours: await lab.counts(), raw: (await lab.peer('raw', count)).counts! }
  }, RECORDS)
  const kinds = [...new Set([...Object.keys(ours), ...Object.keys(raw)])]
  const same = kinds.every((kind) => (raw[kind] ?? 0) <= (ours[kind] ?? 0))
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, each) => all + each, 0) / RECORDS
  const different = kinds
    .filter((kind) => ours[kind] !== raw[kind])
    .map((kind) => `${kind} ${(ours[kind] ?? 0) / RECORDS} against ${(raw[kind] ?? 0) / RECORDS}`)
  const each = different.length ? `; of these ${different.join(', ')}` : ', kind by kind the same'
  return { same, note: `WebCrypto calls a record: ours ${sum(ours)}, raw ${sum(raw)}${each}` }
}

async function measure({ page }: Lab) {
  const ours: Awaited<ReturnType<EnvelopeLab['ours']>>[] = []
  const raw: number[] = []
  const themis: number[] = []
  const round = async (count: number) => ({
    ours: await page.evaluate((records) => lab.ours(records), count),
    raw: (await page.evaluate((records) => lab.peer('raw', records), count)).total,
  })
  await round(RECORDS) // warm, all three
  await page.evaluate((records) => lab.peer('themis', records), 20)
  for (let i = 0; i < ROUNDS; i++) {
    const one = await round(RECORDS)
    ours.push(one.ours)
    raw.push(one.raw)
    if (i % Math.floor(ROUNDS / THEMIS_ROUNDS) === 0) {
      themis.push((await page.evaluate((records) => lab.peer('themis', records), RECORDS)).total)
    }
  }
  return { ours, raw, themis }
}

const sorted = (values: number[]) => values.toSorted((a, b) => a - b)
const median = (values: number[]) => sorted(values)[Math.floor(values.length / 2)]!
const p95 = (values: number[]) => sorted(values)[Math.min(values.length - 1, Math.ceil(values.length * 0.95) - 1)]!
const round = (value: number) => Math.round(value * 100) / 100
