// A clinic that is opened and joined on the product's own pages, as an owner and a newcomer would.
import { expect, type Page } from '@playwright/test'

const tag = () => Math.random().toString(36).slice(2, 8)
async function passphraseOn(page: Page): Promise<string> {
  const words = page.locator('li.select-all').first()
  await expect(words).toHaveText(/^\w{5}(-\w{5}){4}$/)
  return (await words.innerText()).trim()
}

async function keepPassphrase(page: Page): Promise<string> {
  const passphrase = await passphraseOn(page)
  await page.getByLabel('Type it once more').fill(passphrase)
  await page.getByLabel('I have it written down').check()
  return passphrase
}

/** The page's own form, by keyboard and mouse as an owner would. */
export async function openClinic(page: Page, baseUrl: string) {
  const name = `Quay Clinic ${tag()}`
  const email = `owner-${tag()}@clinic.test`
  await page.goto(`${baseUrl}/start`)
  await page.getByLabel('Your name, as patients see it').fill('Dr Claire Dubois')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Name of the clinic').fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
  const passphrase = await keepPassphrase(page)
  await page.getByRole('button', { name: 'Make the keys and open the clinic' }).click()
  await expect(page.getByText('One service, your hours, done')).toBeVisible({ timeout: 40_000 })
  await page.getByRole('button', { name: 'Save and show my booking link' }).click()
  await expect(page.getByText(`${name} is open`)).toBeVisible()
  const link = await page.getByRole('textbox', { name: 'Booking link' }).inputValue()
  return { name, email, passphrase, link }
}

/** On the staff page. Answers the link. */
export async function invite(page: Page, name: string): Promise<string> {
  await page.getByRole('button', { name: 'Invite someone' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name, as patients see it').fill(name)
  await dialog.getByRole('button', { name: 'Make the invitation' }).click()
  const link = await dialog.getByRole('textbox', { name: 'Invitation link' }).inputValue()
  await dialog.getByRole('button', { name: 'Done' }).click()
  return link
}

/** Up to the words that both compare. */
export async function answer(page: Page, link: string) {
  await page.goto(link)
  await page.getByLabel('E-mail address').fill(`join-${tag()}@clinic.test`)
  await keepPassphrase(page)
  await page.getByRole('button', { name: 'Make my keys and join' }).click()
  await expect(page.getByText('Almost there')).toBeVisible({ timeout: 40_000 })
}
