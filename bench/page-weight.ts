/**
 * Rows "page-weight": the script (gzip) that the patient's pages load before anything is touched, beside a bare Next 16 page
 * built here; and the booking page's largest paint on a throttled phone, beside its own HTML served as a static page.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { chromium, type Browser } from 'playwright-core'
import { up } from '../e2e/stack.ts'
import { clinicWorld } from '../e2e/world.ts'
import { node, quietly, root } from '../scripts/base.mjs'
import { freePorts } from '../scripts/stack/part.ts'

const PAINTS = 11
const launch = { executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium', args: ['--no-sandbox'] }

/** The smallest page that Next makes. */
async function bareNext() {
  // Inside the repository, so that it finds the same next.
  const dir = join(root, '.next-bare')
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(join(dir, 'app'), { recursive: true })
  writeFileSync(
    join(dir, 'next.config.mjs'),
    `export default { output: 'standalone', turbopack: { root: ${JSON.stringify(root)} }, outputFileTracingRoot: ${JSON.stringify(root)} }\n`,
  )
  writeFileSync(join(dir, 'package.json'), '{ "private": true, "type": "module" }\n')
  writeFileSync(
    join(dir, 'app', 'layout.jsx'),
    `export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html> }\n`,
  )
  writeFileSync(
    join(dir, 'app', 'page.jsx'),
    `export const dynamic = 'force-dynamic'\nexport default function Page() { return <main><h1>A page</h1><p>And a paragraph.</p></main> }\n`,
  )
  const next = join(root, 'node_modules', 'next', 'dist', 'bin', 'next')
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
  }
  const built = await quietly('Building a bare Next page', node, [next, 'build', dir], { env })
  if (built.code !== 0) throw new Error(`the bare page does not build:\n${built.output.slice(-2000)}`)
  const [port] = [await freePorts(1)]
  const app = join(dir, '.next', 'standalone', '.next-bare')
  cpSync(join(dir, '.next', 'static'), join(app, '.next', 'static'), { recursive: true })
  const child = spawn(node, [join(app, 'server.js')], {
    env: { ...env, PORT: String(port), HOSTNAME: '127.0.0.1' },
    stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}/`
  for (
    let tries = 0;
    tries < 100 &&
    !(await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    ));
    tries++
  )
    await new Promise((resolve) => setTimeout(resolve, 100))
  return {
    url,
    close: () => {
      child.kill()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Script that a page loads until it is quiet, compressed as a server would. */
async function scriptOf(browser: Browser, url: string): Promise<{ bytes: number; files: number }> {
  // The clinic's own zone: a first visit from another one loads a page with times twice.
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    serviceWorkers: 'block',
    timezoneId: 'Europe/Paris',
  })
  const page = await context.newPage()
  const bodies: Promise<Buffer>[] = []
  page.on('response', (response) => {
    const type = response.request().resourceType()
    if (type === 'script' || /javascript/.test(response.headers()['content-type'] ?? '')) bodies.push(response.body())
  })
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.waitForTimeout(500)
  const all = await Promise.all(bodies)
  await context.close()
  return { bytes: all.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0), files: all.length }
}

/** The page as it came, without its scripts, from a server that does nothing else; styles and fonts are the same files. */
async function staticCopy(url: string) {
  const origin = new URL(url).origin
  const html = (await (await fetch(url)).text())
    .replace(/<script\b[^>]*>[\s\S]*?<\/script>/g, '')
    .replace(/<link[^>]+as="script"[^>]*>/g, '')
  const kept = new Map<string, { type: string; body: Buffer }>()
  for (const [, path] of html.matchAll(/(?:href|src)="(\/_next\/[^"]+)"/g)) {
    const answer = await fetch(origin + path)
    kept.set(new URL(path!, origin).pathname, {
      type: answer.headers.get('content-type') ?? '',
      body: Buffer.from(await answer.arrayBuffer()),
    })
    const css = kept.get(new URL(path!, origin).pathname)!
    if (!/css/.test(css.type)) continue
    for (const [, font] of css.body.toString().matchAll(/url\(["']?([^"')]+\.woff2)/g)) {
      const at = new URL(font!, origin + path)
      const file = await fetch(at)
      kept.set(at.pathname, { type: 'font/woff2', body: Buffer.from(await file.arrayBuffer()) })
    }
  }
  const server = createServer((request, response) => {
    const file = kept.get(new URL(request.url!, origin).pathname)
    const body = file?.body ?? Buffer.from(html)
    const squeezed = file?.type === 'font/woff2' ? body : gzipSync(body)
    response.writeHead(200, {
      'content-type': file?.type ?? 'text/html; charset=utf-8',
      ...(file?.type !== 'font/woff2' && { 'content-encoding': 'gzip' }),
    })
    response.end(squeezed)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() }
}

/** Largest contentful paint on a slow phone: 4 × slower, 1.6 Mbit/s, 150 ms. */
async function paint(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 })
  const page = await context.newPage()
  const session = await context.newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 150,
    downloadThroughput: 200_000,
    uploadThroughput: 94_000,
  })
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  await page.addInitScript(() => {
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) (window as unknown as { lcp: number }).lcp = entry.startTime
    }).observe({ type: 'largest-contentful-paint', buffered: true })
  })
  await page.goto(url, { waitUntil: 'load', timeout: 60_000 })
  await page.waitForTimeout(1500)
  const lcp = await page.evaluate(() => (window as unknown as { lcp: number }).lcp)
  await context.close()
  return lcp
}

const middle = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const kilo = (bytes: number) => Math.round(bytes / 102.4) / 10
const two = (value: number) => Math.round(value * 100) / 100

export default async function pageWeight() {
  const bare = await bareNext()
  const stack = await up()
  const browser = await chromium.launch(launch)
  try {
    const world = await clinicWorld(stack, { timeZone: 'Europe/Paris' })
    const booked = await world.book()
    const peer = await scriptOf(browser, bare.url)
    const services = world.bookingUrl
    const times = `${stack.baseUrl}/c/${world.slug}?service=${world.services.free.id}`
    const slots = await world.owner.door.get('booking/slots', {
      clinicId: world.clinicId,
      serviceId: world.services.free.id,
      from: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
      days: 2,
    })
    const slot = slots.slots[9]!
    const pages: [string, string][] = [
      ['booking', services],
      ['booking, times', times],
      ['booking, before the form', `${times}&slot=${slot.startsAt}~${slot.memberId}`],
      ['appointment', `${stack.baseUrl}/a/${booked.appointmentId}#s=${booked.linkSecret}`],
      ['waiting', `${stack.baseUrl}/a/${booked.appointmentId}/call#s=${booked.linkSecret}`],
    ]
    const rows = []
    for (const [name, url] of pages) {
      const ours = await scriptOf(browser, url)
      const ratio = ours.bytes / peer.bytes
      console.log(`  ${name}: ${kilo(ours.bytes)} kB of ${kilo(peer.bytes)} kB`)
      rows.push({
        name: `page-weight: ${name}`,
        ours: kilo(ours.bytes),
        peer: kilo(peer.bytes),
        ratio: two(ratio),
        goal: '≤ 1.15 × bare Next',
        pass: ratio <= 1.15,
        n: 1,
        note: `kB of script (gzip) before the page is touched; ${ours.files} files, bare Next ${peer.files}.`,
      })
    }
    const copy = await staticCopy(services)
    const ours: number[] = []
    const theirs: number[] = []
    await paint(browser, services)
    await paint(browser, copy.url)
    for (let turn = 0; turn < PAINTS; turn++) {
      ours.push(await paint(browser, services))
      theirs.push(await paint(browser, copy.url))
    }
    copy.close()
    const ratio = middle(ours) / middle(theirs)
    rows.push({
      name: 'page-weight: largest paint',
      ours: Math.round(middle(ours)),
      peer: Math.round(middle(theirs)),
      ratio: two(ratio),
      goal: '≤ 1.3 × the same page as static HTML',
      pass: ratio <= 1.3,
      n: PAINTS,
      note: 'ms, median; booking page, 390 px, processor 4 × slower, 1.6 Mbit/s, 150 ms, on loopback.',
    })
    return rows
  } finally {
    await browser.close()
    await stack.down()
    bare.close()
  }
}
