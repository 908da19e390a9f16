// A person without a pointer: Tab, Shift+Tab, Enter, Space and arrows, and a look at each stop whether it can be seen.
import { expect, type Locator, type Page } from '@playwright/test'
import { settled } from './page-checks.ts'

interface Stop {
  hit: boolean
  /** Nothing of the page has the focus. */
  nowhere: boolean
  what: string
  /** Why a person could not tell where they are; empty when they can. */
  unseen: string
}

const mostStops = 120

export class Keys {
  readonly page: Page
  /** Stops that showed no focus, or showed it beneath something else. */
  readonly unseen: string[] = []
  constructor(page: Page) {
    this.page = page
  }

  /** Presses Tab until that control has the focus. */
  async to(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await target.first().waitFor()
    for (let stops = 0; stops < mostStops; stops++) {
      const { hit } = await this.#stop(target)
      if (hit) return
      await this.page.keyboard.press(key)
      await this.#stop(target)
    }
    throw new Error(`not reached by ${key}: ${String(target)}; the focus is on ${(await this.#stop(target)).what}`)
  }
  async press(target: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
    await this.to(target)
    await this.page.keyboard.press(key)
  }
  async type(target: Locator, text: string): Promise<void> {
    await this.to(target)
    await this.page.keyboard.type(text)
  }
  /** Into a group of radios, and by arrows to the one. */
  async choose(radio: Locator): Promise<void> {
    await radio.waitFor()
    const name = await radio.getAttribute('name')
    const group = this.page.locator(`input[type=radio][name="${name}"]`)
    for (let stops = 0; stops < mostStops; stops++) {
      if (await group.evaluateAll((all) => all.includes(document.activeElement as never))) break
      await this.page.keyboard.press('Tab')
    }
    const focused = () => radio.evaluate((element) => element === document.activeElement)
    if (await focused()) await this.page.keyboard.press('Space')
    for (let moves = 0; moves < 12 && !(await focused()); moves++) await this.page.keyboard.press('ArrowDown')
    await expect(radio).toBeChecked()
  }

  /** From the top of the page to its end: no stop keeps the focus, and each can be seen. */
  async walk(name: string): Promise<void> {
    await this.page.locator('a[href="#main"]').focus()
    const seen: string[] = []
    for (let stops = 0; stops < mostStops * 2; stops++) {
      await this.page.keyboard.press('Tab')
      const { nowhere, what } = await this.#stop(null)
      if (nowhere && seen.length) return
      const first = seen[0] === what && seen.length > 2
      if (first) return
      seen.push(what)
      const last = seen.slice(-4)
      if (last.length === 4 && new Set(last).size === 1) throw new Error(`${name}: Tab does not leave ${what}`)
    }
    throw new Error(`${name}: Tab never comes to the end; last ${seen.slice(-6).join(' → ')}`)
  }

  async #stop(target: Locator | null): Promise<Stop> {
    const wanted = target ? await target.first().elementHandle() : null
    let stop = await this.page.evaluate(look, wanted)
    if (stop.unseen) {
      // Styles of focus ease in.
      await settled(this.page)
      stop = await this.page.evaluate(look, wanted)
    }
    await wanted?.dispose()
    if (stop.unseen) this.unseen.push(stop.unseen)
    return stop
  }
}

/** Runs in the page. */
function look(wanted: unknown): Stop {
  const element = document.activeElement as HTMLElement | null
  if (!element || element === document.body) return { hit: false, nowhere: true, what: 'nothing', unseen: '' }
  const what = `${element.tagName.toLowerCase()} “${(element.getAttribute('aria-label') ?? element.textContent ?? '')
    .trim()
    .slice(0, 40)}” ${element.id || element.getAttribute('name') || element.getAttribute('href') || ''}`
  const hit = element === wanted
  // Focus that the page moved to a heading or to the page's middle is read, not ringed.
  if (element.tabIndex < 0 || element.closest('iframe')) return { hit, nowhere: false, what, unseen: '' }
  const ringed = (each: Element | null) => {
    if (!each) return false
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each)
    return (
      (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) ||
      /\b[2-9](\.\d+)?px(?!.*0px 0px 0px$)/.test(boxShadow)
    )
  }
  const label = element.closest('label')
  // In a menu, the chosen line has a colour of its own.
  if (element.closest('[role=menu], [role=listbox]')) return { hit, nowhere: false, what, unseen: '' }
  const shown = ringed(element) || ringed(label) || ringed(element.closest('[data-focus]'))
  if (!shown) return { hit, nowhere: false, what, unseen: `no ring: ${what}` }
  const holder = ringed(element) ? element : (label ?? element)
  const box = holder.getBoundingClientRect()
  const points = [0.1, 0.5, 0.9].flatMap((x) => [0.15, 0.5, 0.85].map((y) => [x, y] as const))
  const above = points.map(([x, y]) => document.elementFromPoint(box.left + box.width * x, box.top + box.height * y))
  const inSight = above.some((at) => at && (holder.contains(at) || at.contains(holder)))
  const by = above[4] ? `${above[4].tagName.toLowerCase()} “${above[4].textContent?.trim().slice(0, 40)}”` : 'the edge'
  return { hit, nowhere: false, what, unseen: inSight ? '' : `beneath ${by}: ${what} on ${location.pathname}` }
}
