import type { Page } from '@playwright/test'

const widths = { phone: 360, desktop: 1280 }

/** Pictures of pages, both sizes and themes, into the folder that CURTAIN_SHOTS names; none where it names none. `of`: what they show. */
export const pictures = (of: string) => async (page: Page, name: string) => {
  const folder = process.env.CURTAIN_SHOTS
  if (!folder) return
  const before = page.viewportSize()!
  for (const [size, width] of Object.entries(widths))
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: 860 })
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: `${folder}/${of}-${name}-${size}-${colorScheme}.png`, fullPage: true })
    }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(before)
}
