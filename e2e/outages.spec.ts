// Parts die and come back in the middle: whoever asks meanwhile gets a code, and nothing needs a restart.
import { expect, test } from '@playwright/test'
import { up, type TestStack } from './stack.ts'

let stack: TestStack
test.beforeAll(async () => void (stack = await up()))
test.afterAll(() => stack?.down())

async function ask(): Promise<{ status: number; code?: string }> {
  const answer = await fetch(`${stack.baseUrl}/api/access/slug-free`, {
    method: 'POST',
    headers: { origin: stack.baseUrl, 'content-type': 'application/json' },
    body: '{"slug":"outage"}',
  })
  const body = (await answer.json()) as { code?: string }
  return { status: answer.status, code: body.code }
}

test('PostgreSQL killed: a code instead of a hang, then on as before, by the same processes', async () => {
  // Connections are open, and the worker polls.
  expect(await ask()).toEqual({ status: 200 })
  const [app, worker] = [stack.pid('app'), stack.pid('worker')]
  for (let round = 0; round < 2; round++) {
    await stack.stop('postgres')
    // Its orphans may answer for a moment longer.
    await expect.poll(ask, { timeout: 12_000 }).toEqual({ status: 500, code: 'INTERNAL' })
    await stack.start('postgres')
    await expect.poll(ask, { timeout: 15_000 }).toEqual({ status: 200 })
  }
  expect([stack.pid('app'), stack.pid('worker')]).toEqual([app, worker])
  for (const pid of [app, worker]) expect(() => process.kill(pid!, 0)).not.toThrow()
  // Neither wrote more than codes about it.
  expect(stack.log('app')).not.toMatch(/password|postgresql:\/\//i)
})

test('a frozen PostgreSQL: an answer in time, then on as before', async () => {
  process.kill(stack.pid('postgres')!, 'SIGSTOP')
  const backends = await import('../scripts/stack/descendants.ts').then(({ descendants }) =>
    descendants(stack.pid('postgres')!),
  )
  for (const pid of backends) process.kill(pid, 'SIGSTOP')
  try {
    const begun = Date.now()
    // Busy, and not broken: the page asks again.
    expect((await ask()).status).toBe(503)
    expect(Date.now() - begun).toBeLessThan(25_000)
  } finally {
    for (const pid of [stack.pid('postgres')!, ...backends]) process.kill(pid, 'SIGCONT')
  }
  await expect.poll(ask, { timeout: 15_000 }).toEqual({ status: 200 })
})
