// What is true of every page, whatever it shows: no serious finding by axe in either theme, nothing to scroll sideways for,
// one title, the language said, no key of the catalogue where words should be.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { root } from '../scripts/base.mjs'

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const phone = { width: 390, height: 844 }
const desktop = { width: 1280, height: 800 }

const namespaces = readdirSync(join(root, 'lib', 'messages', 'en')).map((file) => file.replace('.json', ''))
const bareKey = new RegExp(`(?<![\\w@./-])(?:${namespaces.join('|')})\\.(?!test\\b)[a-z]\\w+`)

/** Every finding that a person would stumble over, one line each. */
async function findings(page: Page, rules?: string[]): Promise<string[]> {
  // In the page itself: what else AxeBuilder would open a blank page for, at each look, is other origins' frames. We have none.
  const axe = new AxeBuilder({ page }).setLegacyMode()
  const { violations } = await (rules ? axe.withRules(rules) : axe.withTags(tags)).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary, html }) => {
        const why = failureSummary?.split('\n')[1]?.trim() ?? ''
        return `${id} ${target.join(' ')} ${html.slice(0, 120)} ${why}`
      }),
    )
}

/** How far the page goes beyond its right edge, and what reaches out there. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return []
    const out = [...document.querySelectorAll('body *')].filter((element) => {
      const box = element.getBoundingClientRect()
      return box.width > 0 && box.right > width + 1
    })
    return [`${document.documentElement.scrollWidth} > ${width}`].concat(
      out.slice(0, 4).map((element) => element.outerHTML.slice(0, 140)),
    )
  })
}

/**
 * Waits until nothing changes over: colours ease into another theme (for a hundredth of a millisecond where less motion is
 * wanted, and yet a frame long), and those that are inherited begin only when the ones above them have ended.
 */
export function settled(page: Page): Promise<void> {
  return page.evaluate(async () => {
    // A page that lies behind another may draw no frame, and what is not drawn ends nothing.
    const atMost = (ms: number, change: Promise<unknown>) =>
      Promise.race([change, new Promise((done) => setTimeout(done, ms))])
    const frame = () => atMost(250, new Promise(requestAnimationFrame))
    const moving = () =>
      document.getAnimations().filter(({ playState, effect }) => {
        const { endTime } = effect?.getComputedTiming() ?? {}
        return playState === 'running' && endTime !== Infinity
      })
    // What a change begins has begun two frames on; each ends, or is cancelled by what changes next. A meter never rests.
    for (let round = 0; round < 10; round += 1) {
      await frame()
      await frame()
      const now = moving()
      if (!now.length) return
      await atMost(2000, Promise.allSettled(now.map(({ finished }) => finished)))
    }
  })
}

/** By now any markup or timer that got into the page would have run: what was begun here, after it, has ended. */
export const wouldHaveRun = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((done) => {
        const image = new Image()
        image.onerror = () => setTimeout(done)
        image.src = 'x'
      }),
  )

export interface LookOptions {
  /** A dialog has its own title, and hides the page's. */
  dialog?: boolean
  /** Only this size, where the other is another person's. */
  size?: 'phone' | 'desktop'
}

/** Looks at the page as it stands, in both themes and every size, and leaves it as it was. */
export async function look(page: Page, name: string, options: LookOptions = {}) {
  const before = page.viewportSize() ?? desktop
  const check = async (what: string, faults: string[]) => expect.soft(faults, `${name}: ${what}`).toEqual([])
  for (const [size, viewport] of Object.entries({ phone, desktop })) {
    if (options.size && options.size !== size) continue
    await page.setViewportSize(viewport)
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await settled(page)
    await check(`${size}, light`, await findings(page))
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await settled(page)
    // What a theme can change is colour alone.
    await check(`${size}, dark`, await findings(page, ['color-contrast', 'link-in-text-block']))
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await narrow(page, name)
  if (!options.dialog) expect.soft(await page.locator('h1').count(), `${name}: one h1`).toBe(1)
  await page.setViewportSize(before)
}

/** 320 CSS pixels, and a desktop at 200 % zoom: half of its pixels. */
export async function narrow(page: Page, name: string) {
  const before = page.viewportSize() ?? desktop
  await page.setViewportSize({ width: 320, height: 640 })
  await settled(page)
  expect.soft(await tooWide(page), `${name}: 320 px`).toEqual([])
  await page.setViewportSize({ width: 640, height: 400 })
  await settled(page)
  expect.soft(await tooWide(page), `${name}: 200 % zoom`).toEqual([])
  await page.setViewportSize(before)
  const words = await page.locator('body').innerText()
  expect.soft(bareKey.exec(words)?.[0] ?? null, `${name}: a key where words should be`).toBeNull()
}

/** Nothing moves for longer than a blink where the person asked for less motion. */
export async function calm(page: Page, name: string) {
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .map((animation) => Number(animation.effect?.getComputedTiming().duration ?? 0))
      .filter((duration) => duration > 1),
  )
  expect.soft(moving, `${name}: motion`).toEqual([])
}
