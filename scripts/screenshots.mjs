// `npm run screenshots`: pictures of every step, made from the running demo, into docs/screenshots.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { main, root, say, Sentence } from './base.mjs'
import { drawPeople } from './screenshots/people.mjs'
import { heroPage } from './screenshots/hero.mjs'
import { booking, clinicDesk, consult, pharmacy } from './screenshots/steps.mjs'

const folder = join(root, 'docs', 'screenshots')
const mostBytes = 150_000
const mostTogether = 4_000_000

const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }
const desktop = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 }

await main(async () => {
  const home = resolve(root, process.env.CURTAIN_HOME ?? '.curtain')
  if (!existsSync(join(home, 'demo.json')))
    throw new Sentence('The demo is not running: start it with `npm run demo`, then run this again beside it.')
  const facts = JSON.parse(readFileSync(join(home, 'demo.json'), 'utf8'))
  const seed = JSON.parse(readFileSync(join(home, 'seed.json'), 'utf8'))
  const { chromium } = await import('@playwright/test')
  const executablePath = process.env.CHROMIUM_PATH || '/usr/bin/chromium'
  const args = [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--allow-loopback-in-peer-connection',
    '--autoplay-policy=no-user-gesture-required',
    '--font-render-hinting=none',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
  const work = mkdtempSync(join(tmpdir(), 'curtain-pictures-'))
  const open = []
  try {
    const cameras = await drawPeople(chromium, { executablePath, args }, work)
    /** A browser process of its own, as each person has one. */
    const person = async (kind, camera, options = {}) => {
      const browser = await chromium.launch({
        executablePath,
        args: [...args, `--use-file-for-fake-video-capture=${cameras[camera]}`],
      })
      open.push(browser)
      const shape = kind === 'phone' ? phone : desktop
      const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Paris', ...shape, ...options })
      context.setDefaultTimeout(30_000)
      return context.newPage()
    }
    mkdirSync(folder, { recursive: true })
    const taken = []
    const shoot = async (page, name, caption, { theme } = {}) => {
      if (theme) await page.emulateMedia({ colorScheme: theme })
      // Fonts, and what eases in.
      await page.evaluate(() => document.fonts.ready.then(() => undefined))
      await page.waitForTimeout(700)
      const path = join(folder, `${name}.jpg`)
      let quality = 84
      do {
        await page.screenshot({ path, type: 'jpeg', quality, caret: 'hide' })
        quality -= 8
      } while (statSync(path).size > mostBytes && quality > 40)
      if (theme) await page.emulateMedia({ colorScheme: 'light' })
      taken.push({ name, caption })
      say(`  ${name} (${Math.round(statSync(path).size / 1024)} kB)`)
    }
    const world = { facts, seed, person, shoot }
    say('Booking …')
    await booking(world)
    say('The consult …')
    const rx = await consult(world)
    say('The pharmacy …')
    await pharmacy(world, rx)
    say('The clinic’s desk …')
    await clinicDesk(world)

    const browser = await chromium.launch({ executablePath, args })
    open.push(browser)
    await heroPage(browser, folder)
    writeFileSync(join(folder, 'README.md'), index(taken))
    const bytes = ['hero.png', ...taken.map(({ name }) => `${name}.jpg`)]
      .map((file) => statSync(join(folder, file)).size)
      .reduce((sum, size) => sum + size, 0)
    if (bytes > mostTogether)
      throw new Sentence(`The pictures take ${Math.round(bytes / 1024)} kB, more than is wanted.`)
    say(`${taken.length + 1} pictures, ${Math.round(bytes / 1024)} kB, in docs/screenshots`)
  } finally {
    for (const browser of open) await browser.close()
    rmSync(work, { recursive: true, force: true })
  }
})

function index(taken) {
  const rows = taken.map(({ name, caption }) => `## ${caption}\n\n![${caption}](${name}.jpg)\n`)
  return `# Screenshots\n\nMade by \`npm run screenshots\` from the running demo; the people are drawn.\n\n${rows.join('\n')}`
}
