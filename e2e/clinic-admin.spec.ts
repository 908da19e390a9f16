// What the people who run a clinic do: change hours and prices, open a new clinic, take in a practitioner by a link.
import { expect, test, type Page } from '@playwright/test'
import { desktop, phone, signInPage, type Device } from './browsers.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, PASSWORD, type ClinicWorld } from './world.ts'

test.describe.configure({ mode: 'serial' })

let stack: TestStack
let world: ClinicWorld
let owner: Device
let visitor: Device

test.beforeAll(async () => {
  test.setTimeout(400_000)
  stack = await up({ mode: process.env.E2E_DEV ? 'dev' : 'production' })
  world = await clinicWorld(stack)
})
test.beforeEach(async () => {
  ;[owner, visitor] = await Promise.all([desktop(), phone()])
})
test.afterEach(() => Promise.all([owner?.close(), visitor?.close()]))
test.afterAll(() => stack?.down())

test('an admin changes a price, a length and hours; the booking page follows', async () => {
  const { page } = owner
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/admin/services`)
  await page.getByRole('button', { name: 'Edit Video consult' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Length').fill('40')
  await dialog.getByLabel('Price').fill('61.50')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Service saved.').first()).toBeVisible()
  await visitor.page.goto(world.bookingUrl)
  const card = visitor.page.getByRole('listitem').filter({ hasText: 'Video consult' })
  await expect(card.getByText('40 min')).toBeVisible()
  await expect(card.getByText('€61.50')).toBeVisible()

  await page.goto(`${stack.baseUrl}/admin/hours`)
  const week = page.getByRole('form', { name: world.doctor.name })
  // Open around the clock until now; from here on, an hour on Wednesdays.
  for (const day of ['Monday', 'Tuesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])
    await week.getByRole('button', { name: `Remove stretch 1 of ${day}` }).click()
  await week.getByLabel('Wednesday, stretch 1: from').fill('10:00')
  await week.getByLabel('Wednesday, stretch 1: to').fill('11:00')
  await week.getByRole('button', { name: 'Save hours' }).click()
  await expect(page.getByText('Hours saved.').first()).toBeVisible()
  await visitor.page.getByRole('link', { name: 'Choose a time: Video consult' }).click()
  await expect(visitor.page.getByRole('link', { name: /Wednesday.*, 1 free/ })).toBeVisible()
  await expect(visitor.page.locator('a[href*="slot="]')).toHaveCount(1)
})

async function typePassphrase(page: Page) {
  await page.getByRole('button', { name: 'Choose my own instead' }).click()
  await page.getByLabel('Your own passphrase', { exact: true }).fill(PASSWORD)
  await page.getByLabel('Type it once more').fill(PASSWORD)
  await page.getByLabel('I have it written down or in a password manager').check()
}

test('a new clinic opens, invites a practitioner by a link, vouches for them, and can be booked', async () => {
  test.setTimeout(240_000)
  const { page } = owner
  const begun = Date.now()
  await page.goto(`${stack.baseUrl}/start`)
  await page.getByLabel('Your name, as patients see it').fill('Imre Sander')
  await page.getByLabel('Profession').fill('Director')
  await page.getByLabel('E-mail address').fill('imre@new-clinic.test')
  await page.getByLabel('I see patients myself').uncheck()
  await page.getByLabel('Name of the clinic').fill('Clinic on the Quay')
  await expect(page.getByLabel('Address of your booking page')).toHaveValue('clinic-on-the-quay')
  await page.getByRole('button', { name: 'Continue' }).click()
  await typePassphrase(page)
  await page.getByRole('button', { name: 'Make the keys and open the clinic' }).click()
  await page.getByRole('button', { name: 'Save and show my booking link' }).click({ timeout: 60_000 })
  await expect(page.getByText('Clinic on the Quay is open')).toBeVisible()
  const bookingUrl = await page.getByLabel('Booking link', { exact: true }).inputValue()
  expect(bookingUrl).toMatch(/\/c\/clinic-on-the-quay#k=[\w-]{43}$/)

  await page.getByRole('link', { name: 'Invite someone' }).click()
  await page.getByRole('button', { name: 'Invite someone' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name, as patients see it').fill('Dr Juno Park')
  await dialog.getByLabel('Profession').fill('General practitioner')
  await dialog.getByLabel('Practitioner').check()
  await dialog.getByRole('button', { name: 'Make the invitation' }).click()
  const invitation = await dialog.getByLabel('Invitation link').inputValue()
  expect(invitation).toMatch(/\/join\/[0-9a-f-]{36}#s=[\w-]+&k=[\w-]{43}$/)
  await dialog.getByRole('button', { name: 'Done' }).click()

  const newcomer = await desktop()
  try {
    await newcomer.page.goto(invitation)
    await newcomer.page.getByLabel('E-mail address').fill('juno@new-clinic.test')
    await typePassphrase(newcomer.page)
    await newcomer.page.getByRole('button', { name: 'Make my keys and join' }).click()
    await expect(newcomer.page.getByText('Almost there')).toBeVisible({ timeout: 60_000 })
    const secret = /#s=([\w-]+)/.exec(invitation)![1]!
    const [told] = await stack.sql<{ found: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM invitation i WHERE to_jsonb(i)::text LIKE '%' || $1 || '%') AS found`,
      [secret],
    )
    expect(told!.found, 'the fragment’s secret is not on the server').toBe(false)

    await page.getByRole('button', { name: 'Check and vouch' }).click()
    await expect(page.getByText('Dr Juno Park now belongs to the clinic.').first()).toBeVisible({ timeout: 30_000 })
    await expect(newcomer.page).toHaveURL(/\/today/, { timeout: 60_000 })

    await page.goto(`${stack.baseUrl}/admin/hours`)
    const week = page.getByRole('form', { name: 'Dr Juno Park' })
    for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']) {
      await week.getByRole('button', { name: `Add a stretch to ${day}` }).click()
      await week.getByLabel(`${day}, stretch 1: from`).fill('09:00')
      await week.getByLabel(`${day}, stretch 1: to`).fill('17:00')
    }
    await week.getByRole('button', { name: 'Save hours' }).click()
    await expect(page.getByText('Hours saved.').first()).toBeVisible()
    await page.goto(`${stack.baseUrl}/admin/services`)
    await page.getByRole('button', { name: 'Edit Video consultation' }).click()
    await page.getByRole('dialog').getByLabel('Dr Juno Park').check()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('Service saved.').first()).toBeVisible()

    await visitor.page.goto(bookingUrl)
    await visitor.page.getByRole('link', { name: 'Choose a time: Video consultation' }).click()
    await expect(visitor.page.locator('a[href*="slot="]').first()).toBeVisible()
    expect(Date.now() - begun).toBeLessThan(5 * 60_000)
  } finally {
    await newcomer.close()
  }
})
