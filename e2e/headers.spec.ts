// The walls a browser keeps for us, in the production build: policies, Trusted Types, workers.
import { expect, test } from '@playwright/test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../scripts/base.mjs'
import { wouldHaveRun } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'

let stack: TestStack
test.beforeAll(async () => void (stack = await up()))
test.afterAll(() => stack?.down())

test('attack 23: a page allows no inline script, no eval and no third party, and its nonce is new each time', async () => {
  const policies = await Promise.all(
    [1, 2].map(async () => (await fetch(stack.baseUrl)).headers.get('content-security-policy') ?? ''),
  )
  for (const policy of policies) {
    const scripts = /script-src ([^;]+)/.exec(policy)![1]!
    expect(scripts).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:/)
    expect(policy).toContain("require-trusted-types-for 'script'")
    for (const [origin] of policy.matchAll(/(?:https?|wss?):\/\/[^\s;]+/g))
      expect([
        ...stack.sfu.flatMap((node) => [node.url, node.api]),
        stack.stripeUrl,
        'https://checkout.stripe.com',
      ]).toContain(origin)
  }
  expect(policies[0]).not.toBe(policies[1])
})

test('attack 23: text that became markup or code is inert on our pages', async ({ page }) => {
  await page.goto(stack.baseUrl)
  const outcome = await page.evaluate(() => {
    const attempt = (what: () => unknown) => {
      try {
        what()
        return 'ran'
      } catch {
        return 'refused'
      }
    }
    return {
      // Defence: the default policy in instrumentation-client.ts, and require-trusted-types-for in lib/server/headers.ts.
      html: attempt(() => (document.createElement('div').innerHTML = '<img src=x onerror="window.hit=1">')),
      url: attempt(() => (document.createElement('script').src = 'https://evil.example/x.js')),
      ours: attempt(() => (document.createElement('script').src = '/api/health')),
      // Not eval: the browser's debugger, through which this runs, may use that.
      code: attempt(() => setTimeout('window.hit = 1')),
    }
  })
  expect(outcome).toEqual({ html: 'refused', url: 'refused', ours: 'refused', code: 'refused' })
  await wouldHaveRun(page)
  expect(await page.evaluate(() => 'hit' in window)).toBe(false)
})

// The defence is style-src-attr in lib/server/headers.ts.
test('attack 23: a style attribute that got through is inert, and no page of ours has one', async ({ page }) => {
  for (const path of ['/', '/start', '/sign-in', '/nowhere']) {
    const html = await (await fetch(stack.baseUrl + path)).text()
    expect(html.match(/<[^>]* style="[^"]*"/g), path).toBeNull()
  }
  await page.goto(stack.baseUrl)
  const drawn = await page.evaluate(() => {
    const cover = document.createElement('div')
    cover.setAttribute('style', 'position:fixed;inset:0;background:red')
    document.body.append(cover)
    return getComputedStyle(cover).position
  })
  expect(drawn).toBe('static')
})

test('every answer is strict about transport, framing, types and referrers', async () => {
  for (const path of ['/', '/api/health', '/nothing-here', `/_next/static/chunks/${chunk('turbopack-')}`]) {
    const { headers } = await fetch(stack.baseUrl + path)
    expect(headers.get('strict-transport-security'), path).toMatch(/max-age=\d{8}/)
    expect(headers.get('x-content-type-options'), path).toBe('nosniff')
    expect(headers.get('referrer-policy'), path).toBe('no-referrer')
    expect(headers.get('cross-origin-opener-policy'), path).toBe('same-origin')
    expect(headers.get('permissions-policy'), path).toContain('camera=(self), microphone=(self)')
  }
})

test('a worker is served a policy of its own: no eval, no network', async ({ page }) => {
  await page.goto(stack.baseUrl)
  const script = `/_next/static/chunks/${chunk('turbopack-worker-')}`
  const policy = (await fetch(stack.baseUrl + script)).headers.get('content-security-policy')
  expect(policy).toBe("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
})

test('pages load without one word in the console', async ({ page }) => {
  const words: string[] = []
  page.on('console', (message) => words.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => words.push(error.message))
  for (const path of ['/', '/start', '/sign-in']) {
    await page.goto(stack.baseUrl + path)
    await page.waitForLoadState('networkidle')
  }
  expect(words).toEqual([])
})

// Next answers these with an empty shell that its scripts fill: without the policy in instrumentation-client.ts the page stays blank.
test('an address that leads nowhere says so, in a page of ours', async ({ page }) => {
  for (const path of ['/nowhere', '/c/no-such-clinic', '/a/no-such-appointment']) {
    const answer = await page.goto(stack.baseUrl + path)
    expect(answer!.status(), path).toBe(404)
    await expect(page.getByRole('heading', { level: 1 }), path).toHaveText('There is nothing at this address')
    await expect(page.getByRole('banner'), path).toHaveCount(1)
  }
})

function chunk(prefix: string) {
  const name = readdirSync(join(root, '.next', 'static', 'chunks')).find((file) => file.startsWith(prefix))
  if (!name) throw new Error(`no chunk ${prefix}`)
  return name
}
