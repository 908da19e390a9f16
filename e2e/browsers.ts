// Real browsers for journeys: each a process of its own, as two people's devices are.
import {
  chromium,
  expect,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test'
import { chromiumArgs } from './playwright.config.ts'
import { clinicZone } from './zones.ts'

export interface Device {
  browser: Browser
  context: BrowserContext
  page: Page
  /** What the page's console called an error, and what it threw. */
  faults: string[]
  close: () => Promise<void>
}

const phoneOptions: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
}

async function launch(options: BrowserContextOptions, args: string[]): Promise<Device> {
  const executablePath = process.env.CHROMIUM_PATH || '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: [...chromiumArgs, ...args] })
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: clinicZone, ...options })
  context.setDefaultTimeout(30_000)
  context.setDefaultNavigationTimeout(60_000)
  const page = await context.newPage()
  const faults = watch(page)
  return { browser, context, page, faults, close: () => browser.close() }
}

export function watch(page: Page): string[] {
  const faults: string[] = []
  page.on('console', (message) => {
    // What could not be loaded is named by its address alone.
    if (message.type() === 'error') faults.push(`${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => faults.push(String(error)))
  return faults
}

/** `args`: the browser's own, after those of every test. */
export const phone = (options: BrowserContextOptions = {}, args: string[] = []) =>
  launch({ ...phoneOptions, ...options }, args)
export const desktop = (options: BrowserContextOptions = {}, args: string[] = []) =>
  launch({ viewport: { width: 1360, height: 860 }, ...options }, args)

/** Through the sign-in page, to the day. */
export async function signInPage(page: Page, baseUrl: string, who: { email: string; password: string }) {
  await page.goto(`${baseUrl}/sign-in`)
  await page.getByLabel('E-mail', { exact: false }).first().fill(who.email)
  await page.locator('input[type=password]').first().fill(who.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(/\/today/, { timeout: 40_000 })
}
