// A clinic's own site with the one line on it: another origin, a frame with free times, and a booking that opens on top with the clinic's key.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, type Page } from '@playwright/test'
import { widgetLine } from '../lib/clinic/widget.ts'
import { desktop, phone, type Device } from './browsers.ts'
import { look } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let site: Server
/** What the clinic's own page holds. */
let html = ''
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  site = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end(html))
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done))
})
test.afterAll(async () => {
  site?.close()
  await stack?.down()
})

const line = () => widgetLine({ origin: stack.baseUrl, slug: world.slug, rootFingerprint: world.rootFingerprint })
const open = async (page: Page, body = line()) => {
  html = `<!doctype html><html lang="en"><title>Our practice</title><main><h1>Our practice</h1>${body}</main>`
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
}
const frame = (page: Page) => page.frameLocator('iframe')

async function chosen({ page, faults }: Device) {
  await open(page)
  await expect(frame(page).getByRole('heading', { level: 1 })).toContainText(world.name)
  await frame(page)
    .getByRole('link', { name: `Choose a time: ${world.services.free.name}` })
    .click()
  await expect(frame(page).getByRole('heading', { name: world.services.free.name })).toBeVisible()
  await frame(page)
    .getByRole('link', { name: /^\d\d:\d\d/ })
    .first()
    .click()
  await page.waitForURL((url) => url.pathname === `/c/${world.slug}`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  expect(faults).toEqual([])
}

test('a time is chosen on the clinic’s own site, and booked on top with its key', async () => {
  const device = await phone()
  try {
    await chosen(device)
    const { page } = device
    expect(new URL(page.url()).hash).toBe(`#k=${world.rootFingerprint}`)
    expect(new URL(page.url()).searchParams.has('slot')).toBe(true)
    const kept = await page.evaluate((id) => localStorage.getItem(`curtain:pin:${id}`), world.clinicId)
    expect(kept).toBe(world.rootFingerprint)
  } finally {
    await device.close()
  }
})

// Defences: the frame's sandbox; the digest in the line; frame-ancestors of every other page.
test('the frame leaves its place for nowhere, the script is the one that the line names, and no other page is framed', async () => {
  const { page, close } = await desktop()
  try {
    await open(page)
    const inner = page.frames()[1] ?? (await page.waitForEvent('frameattached'))
    await expect(frame(page).getByRole('heading', { level: 1 })).toBeVisible()
    const left = await inner.evaluate(() => {
      try {
        top!.location.href = 'https://evil.example/'
        return 'left'
      } catch {
        return 'kept'
      }
    })
    expect(left).toBe('kept')
    expect(await inner.evaluate(() => globalThis.open('about:blank') === null)).toBe(true)
    // The higher of the two: the frame is as high as what it shows.
    await expect
      .poll(() => page.locator('iframe').evaluate((element) => element.getBoundingClientRect().height))
      .not.toBe(640)

    await open(page, line().replace(/sha384-./, 'sha384-_'))
    await expect(page.getByRole('heading', { name: 'Our practice' })).toBeVisible()
    await expect(page.locator('iframe')).toHaveCount(0)

    for (const path of [`/c/${world.slug}`, '/sign-in', '/']) {
      await open(page, `<iframe src="${stack.baseUrl}${path}"></iframe>`)
      await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/)
    }
  } finally {
    await close()
  }
})

test('in the frame, and on the page of its own for search engines', async () => {
  const { page, close } = await desktop()
  try {
    await page.goto(`${stack.baseUrl}/w/${world.slug}`)
    await look(page, '/w/[slug]')
    await page.goto(`${stack.baseUrl}/c/${world.slug}`)
    const data = JSON.parse((await page.locator('script[type="application/ld+json"]').textContent())!) as {
      name: string
    }
    expect(data.name).toBe(world.name)
    expect(await page.locator('link[rel=canonical]').getAttribute('href')).toBe(`${stack.baseUrl}/c/${world.slug}`)
    expect(await (await fetch(`${stack.baseUrl}/robots.txt`)).text()).toContain('Allow: /c/')
  } finally {
    await close()
  }
})
