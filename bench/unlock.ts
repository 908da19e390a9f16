/**
 * Row "unlock": from the password to the unlocked vault in a browser that knows nothing, beside native Argon2id with the same
 * parameters in the same run; and on to the first record that is read.
 */
import { argon2Sync, randomBytes } from 'node:crypto'
import { ready, server } from '@serenity-kit/opaque'
import { openLab } from './chromium.ts'
import { median, p95, round } from './lab/rows.ts'
import type { Filed, UnlockLab } from './unlock-lab/page.ts'

declare const lab: UnlockLab

const ROUNDS = 15
const LONGEST_TASK = 50

export default async function unlock() {
  await ready
  const filed = await inEmptyProfile((page) => page.evaluate(() => lab.found()))
  const ours: Awaited<ReturnType<UnlockLab['unlock']>>[] = []
  const peer: number[] = []
  for (let each = -1; each < ROUNDS; each++) {
    const one = await inEmptyProfile(async (page) => {
      await page.exposeFunction('startLogin', (request: string) => startLogin(filed, request))
      return page.evaluate((known: Filed) => lab.unlock(known), filed)
    })
    const start = performance.now()
    stretch()
    const native = performance.now() - start
    // The first is not measured: the file cache is cold for both.
    if (each < 0) continue
    ours.push(one)
    peer.push(native)
  }
  const [unlocked, first] = [ours.map((one) => one.unlocked), ours.map((one) => one.first)]
  const longest = Math.max(...ours.map((one) => one.longest))
  const ratio = median(unlocked) / median(peer)
  const opened = ours.every((one) => one.opened)
  return [
    {
      name: 'unlock',
      ours: round(median(unlocked), 0),
      peer: round(median(peer), 0),
      ratio: round(ratio),
      goal: '≤ 2.5 × native Argon2id with the same parameters',
      pass: ratio <= 2.5 && opened,
      n: ROUNDS,
      note: `ms, Argon2id 64 MiB, 3 passes, 4 lanes, each time in a new profile; p95 ours ${round(p95(unlocked), 0)}, peer ${round(p95(peer), 0)}. To the first record that is read: ${round(median(first), 0)}. The peer is OpenSSL's, by Node's crypto.argon2Sync; OPAQUE's server half runs beside the browser, over no network.`,
    },
    {
      name: 'unlock: main thread',
      ours: round(longest),
      peer: null,
      ratio: null,
      goal: `no task over ${LONGEST_TASK} ms`,
      pass: longest <= LONGEST_TASK,
      n: ROUNDS,
      note: 'longest task of the page, in ms, from the password to the first record (0: none that Chromium calls long)',
    },
  ]
}

async function inEmptyProfile<T>(work: (page: Awaited<ReturnType<typeof openLab>>['page']) => Promise<T>): Promise<T> {
  const opened = await openLab({
    programs: { 'vault-worker': 'lib/browser/vault.worker.ts', lab: 'bench/unlock-lab/page.ts' },
  })
  try {
    await opened.page.addScriptTag({ type: 'module', url: '/lab.js' })
    await opened.page.waitForFunction('globalThis.lab')
    return await work(opened.page)
  } finally {
    await opened.close()
  }
}

function startLogin({ setup, memberId, record }: Filed, startLoginRequest: string): string {
  const who = { serverSetup: setup, userIdentifier: memberId, registrationRecord: record }
  return server.startLogin({ ...who, startLoginRequest }).loginResponse
}

const stretch = () =>
  argon2Sync('argon2id', {
    ...{ message: randomBytes(32), nonce: randomBytes(16), parallelism: 4, tagLength: 64, memory: 65536, passes: 3 },
  })
