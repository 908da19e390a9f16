import type { Locator, Page } from '@playwright/test'

/** The usual week of a practitioner, on the page of hours. */
export async function weekOf(page: Page, baseUrl: string, name: string): Promise<Locator> {
  await page.goto(`${baseUrl}/admin/hours`)
  await page.getByRole('heading', { name: 'Opening hours' }).waitFor()
  // A clinic with one practitioner is not asked whose.
  const whose = page.getByRole('radio', { name, exact: true })
  if (await whose.count()) await whose.check()
  return page.getByRole('form', { name })
}
