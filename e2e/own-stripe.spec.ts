// A clinic's own account at Stripe: its key is tried, patients pay into it, and refunds come out of it.
import { expect, test, type Page } from '@playwright/test'
import type { State } from '../scripts/stripe/state.ts'
import { desktop, signInPage, type Device } from './browsers.ts'
import { pay } from './journey.ts'
import { look, narrow } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let owner: Device

test.describe.configure({ mode: 'serial', timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  await world.owner.door.get('clinic/connect-payments', { connected: false })
  owner = await desktop()
})
test.afterAll(async () => {
  await owner?.close()
  await stack?.down()
})

const knows = (key: string, account: string, lacks: string[] = []) =>
  fetch(`${stack.stripeUrl}/_test/keys`, { method: 'POST', body: JSON.stringify({ key, account, lacks }) })
const keptAtStripe = async (kind: string) =>
  Object.values(((await (await fetch(`${stack.stripeUrl}/_test/state`)).json()) as State).kept).filter(
    ({ object }) => object.object === kind,
  )
const statusOf = async (appointmentId: string) =>
  (await stack.sql<{ status: string }>('SELECT status FROM payment WHERE appointment_id = $1', [appointmentId]))[0]!
    .status
const keyField = (page: Page) => page.getByLabel('Restricted key', { exact: true })

test('a key is tried before it counts; then patients pay into the clinic’s own account, and get money back from it', async () => {
  const { page } = owner
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/admin/clinic`)
  const test = page.getByRole('button', { name: 'Test and connect' })
  await expect(page.getByText('Not connected', { exact: true })).toBeVisible()
  const link = await page.getByRole('link', { name: /Make the key at Stripe/ }).getAttribute('href')
  expect(new URL(link!).searchParams.getAll('permissions[]')).toContain('rak_checkout_session_write')

  // A full key is refused here already, and stays to be seen.
  await keyField(page).fill('sk_live_abcdefghijkl')
  await test.click()
  await expect(page.getByText(/This is a full key/)).toBeVisible()
  await expect(keyField(page)).toHaveValue('sk_live_abcdefghijkl')
  await keyField(page).fill('rk_test_nobodys')
  await test.click()
  await expect(page.getByRole('alert').getByText(/Stripe does not know this key/)).toBeVisible()
  await knows('rk_test_lumen_key1', 'acct_lumen', ['rak_charge_write', 'rak_dispute_read'])
  await keyField(page).fill('rk_test_lumen_key1')
  await test.click()
  const alert = page.getByRole('alert').filter({ hasText: 'Missing' })
  await expect(alert.getByRole('listitem')).toHaveText(['Charges and Refunds: write', 'Disputes: read'])
  await expect(keyField(page)).toHaveValue('rk_test_lumen_key1')
  await look(page, '/admin/clinic, a key that lacks')
  await narrow(page, '/admin/clinic, a key that lacks')

  // Mended at Stripe, and tested again as it stands.
  await knows('rk_test_lumen_key1', 'acct_lumen')
  await test.dblclick()
  await expect(page.getByText('Practice of acct_lumen')).toBeVisible()
  await expect(page.getByText('ends in key1')).toBeVisible()
  await expect(page.getByText('Test mode', { exact: true })).toBeVisible()
  await expect(keyField(page)).toBeHidden()
  expect((await keptAtStripe('webhook_endpoint')).map(({ account }) => account)).toEqual(['acct_lumen'])
  await page.reload()
  await expect(page.getByText('ends in key1')).toBeVisible()
  expect(await page.content()).not.toContain('rk_test_lumen')
  await look(page, '/admin/clinic, connected')
  await narrow(page, '/admin/clinic, connected')

  const booked = await world.book({ service: 'online' })
  const payer = await desktop()
  await payer.page.goto(booked.checkoutUrl!)
  await pay(payer.page)
  await payer.page.waitForURL(/\/a\//)
  await payer.close()
  await expect.poll(() => statusOf(booked.appointmentId)).toBe('paid')
  await booked.patient.door.get('booking/cancel', { id: booked.appointmentId, secret: booked.linkSecret })
  await expect.poll(() => statusOf(booked.appointmentId)).toBe('refunded')
  for (const kind of ['checkout.session', 'refund'])
    expect(new Set((await keptAtStripe(kind)).map(({ account }) => account))).toEqual(new Set(['acct_lumen']))

  // Taken away: nothing is offered online any more.
  await page.getByRole('button', { name: 'Remove the key of Practice of acct_lumen' }).click()
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('Its key is deleted here')
  await look(page, '/admin/clinic, removing a key', { dialog: true })
  await question.getByRole('button', { name: 'Remove the key' }).click()
  await expect(page.getByText('Not connected', { exact: true })).toBeVisible()
  await expect(question).toBeHidden()
  await page.goto(`${stack.baseUrl}/c/${world.slug}`)
  await expect(page.getByRole('link', { name: /^Choose a time: Follow-up/ })).toBeVisible()
  await expect(page.getByText('Video consult', { exact: true })).toBeHidden()
})
