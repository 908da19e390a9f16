// From the tax in a price to the accountant's files: a visit paid online, its invoice, a part given back with a credit note.
import { expect, test } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { chooseSlot, fillForm, pay, readPdf, type Person } from './journey.ts'
import { look, narrow } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let owner: Device
let patient: Device

const person: Person = {
  ...{ name: 'Noor Ferreira', birth: { day: '9', month: '3', year: '1984' }, email: 'noor@patient.test' },
  ...{ phone: '+33 1 23 45 67 89', reason: 'A cough that stays', texts: { 'Since when do you have it?': 'A week' } },
}

test.describe.configure({ mode: 'serial', timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  owner = await desktop()
  patient = await phone()
})
test.afterAll(async () => {
  await owner?.close()
  await patient?.close()
  await stack?.down()
})

async function download({ page }: Device, name: string | RegExp): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
  return readPdf(await readFile((await file.path())!)).text
}

test('the owner says what stands on invoices, and what tax a price includes', async () => {
  const { page } = owner
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/admin/clinic`)
  await page.getByLabel('Legal name').fill('Harbour Health SARL')
  await page.getByLabel('Tax number').fill('FR 40 303 265 045')
  await page.getByLabel('Numbers begin with').fill('rec')
  const save = page.getByRole('button', { name: 'Save what stands on invoices' })
  await save.click()
  await expect(page.getByText('One to six capital letters.')).toBeVisible()
  await page.getByLabel('Numbers begin with').fill('HAR')
  await page.getByLabel('At the foot').fill('RCS Paris 303 265 045')
  await save.click()
  await expect(page.getByText('Saved').first()).toBeVisible()
  await look(page, '/admin/clinic, invoices')
  await page.goto(`${stack.baseUrl}/admin/services`)
  await page.getByRole('button', { name: `Edit ${world.services.online.name}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Tax included').fill('120')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByText(/Enter a percentage from 0 to 100/)).toBeVisible()
  await dialog.getByLabel('Tax included').fill('20')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()
})

test('who pays online has an invoice with their name at once, which the server never knew', async () => {
  const { page } = patient
  await page.goto(world.bookingUrl)
  await expect(page.getByText('€45 incl. 20% VAT')).toBeVisible()
  await chooseSlot(page, world.bookingUrl, world.services.online.name)
  await fillForm(page, person)
  await expect(page.getByText('€45 includes 20% VAT.')).toBeVisible()
  await page.getByRole('button', { name: /^Book and pay/ }).click()
  await pay(page)
  await page.getByRole('link', { name: 'Open my appointment' }).click()
  await expect(page.getByRole('heading', { name: /^Invoice HAR-20\d\d-000001$/ })).toBeVisible()
  await look(page, '/a, an invoice')
  const text = await download(patient, /^HAR-20.* as PDF$/)
  expect(text).toMatch(/Harbour Health SARL[^]*Tax number: FR 40 303 265 045[^]*No\. HAR-20\d\d-000001/)
  expect(text).toContain('Noor Ferreira')
  expect(text).toMatch(/45\.00[^]*37\.50\nNet[^]*7\.50\nVAT 20%[^]*45\.00\nTotal/)
  expect(text).toMatch(/Paid online on /)
  expect(text).toContain('RCS Paris 303 265 045')
  // It is there, and neither what it is for nor how much.
  const told = async () =>
    (await stack.mails(person.email)).filter(({ subject }) => subject.startsWith('A document from'))
  await expect.poll(async () => (await told()).length).toBe(1)
  expect((await told())[0]!.text).not.toMatch(/€|HAR-|Video consult/)
  const kept = await stack.sql<{ all: string }>('SELECT string_agg(d::text, $1) AS all FROM document d', [' '])
  expect(kept[0]!.all).not.toMatch(/Noor|Ferreira|noor@/)
})

test('the owner gives back a part, with a credit note that the patient finds beside the invoice', async () => {
  const { page } = owner
  // The patient is at the end of their own page meanwhile.
  const last = patient.page.getByRole('link', { name: 'Your access and data' })
  await last.evaluate((link) => {
    link.focus()
    link.scrollIntoView({ block: 'end' })
  })
  await page.goto(`${stack.baseUrl}/admin/money`)
  const table = page.getByRole('table', { name: 'Invoices and credit notes' })
  await expect(table.getByRole('row')).toHaveCount(2)
  expect(await download(owner, /^HAR-20\d\d-000001 as PDF/)).toContain('Noor Ferreira')
  await table.getByRole('button', { name: /^Give back or let go: HAR-/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Amount to give back').fill('46')
  await dialog.getByRole('button', { name: 'Give it back' }).click()
  await expect(dialog.getByRole('textbox')).toHaveAccessibleDescription(/Up to €45/)
  await look(page, '/admin/money, giving a part back', { dialog: true })
  await dialog.getByLabel('Amount to give back').fill('10')
  await dialog.getByRole('button', { name: 'Give it back' }).dblclick()
  await expect(dialog).toBeHidden()
  await expect(table.getByRole('row')).toHaveCount(3)
  await expect(table).toContainText(/HAR-CR-20\d\d-000001.*-€10/)
  const back = () => stack.sql<{ sum: string }>(`SELECT sum(amount_minor) AS sum FROM refund WHERE state = 'paid'`)
  await expect.poll(async () => (await back())[0]!.sum).toBe('1000')
  await look(page, '/admin/money, a credit note')
  await narrow(page, '/admin/money, a credit note')
  // It came in above, and they are where they were.
  await expect(patient.page.getByRole('heading', { name: /^Credit note HAR-CR-20\d\d-000001$/ })).toBeVisible()
  await expect(last).toBeFocused()
  await expect(last).toBeInViewport({ ratio: 0.9 })
  const text = await download(patient, /^HAR-CR-.* as PDF$/)
  expect(text).toMatch(/Credit note[^]*For invoice HAR-20\d\d-000001/)
  expect(text).toMatch(/8\.33\nNet/)
  expect(text).toMatch(/1\.67\nVAT 20%/)
})

test('a day that is over is closed, and the accountant has what it came to', async () => {
  const { page } = owner
  // As if it had been yesterday: a posting's day is the one thing of it that a clock decides.
  await stack.sql(`UPDATE posting SET day = day - 1 WHERE clinic_id = $1`, [world.clinicId])
  await page.goto(`${stack.baseUrl}/admin/money`)
  await page.getByRole('button', { name: /^Close / }).click()
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('This cannot be undone.')
  await look(page, '/admin/money, closing a day', { dialog: true })
  await question.getByRole('button', { name: 'Close the day' }).dblclick()
  const table = page.getByRole('table', { name: 'Closed days' })
  await expect(table.getByRole('row')).toHaveCount(2)
  await expect(page.getByText('No day is waiting to be closed.')).toBeVisible()
  await look(page, '/admin/money, a closed day')
  await narrow(page, '/admin/money, a closed day')
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    table.getByRole('button', { name: /as a sheet$/ }).click(),
  ])
  const rows = (await readFile((await file.path())!, 'utf8')).trimEnd().split('\r\n')
  expect(rows[0]).toBe('\uFEFFDay,Account,Tax rate %,Currency,Opening,Debit,Credit,Closing')
  expect(rows.slice(1).map((row) => row.split(',').slice(1).join())).toEqual([
    'Stripe,,EUR,0.00,45.00,10.00,35.00',
    'Paid ahead,,EUR,0.00,10.00,45.00,-35.00',
    'Refunds due,,EUR,0.00,10.00,10.00,0.00',
  ])
  const text = await download(owner, /^Closing of .* as PDF$/)
  expect(text).toContain('Harbour Health SARL')
  expect(text).toMatch(/45\.00[^]*10\.00[^]*35\.00[^]*Stripe/)
  // What comes now is of today.
  await world.doctor.door.get('encounter/complete', { appointmentId: await booked() })
  const [last] = await stack.sql<{ late: boolean }>(
    'SELECT max(day) > (SELECT max(day) FROM day_closing) AS late FROM posting WHERE clinic_id = $1',
    [world.clinicId],
  )
  expect(last!.late).toBe(true)
})

async function booked(): Promise<string> {
  const [row] = await stack.sql<{ id: string }>(
    `SELECT a.id FROM appointment a JOIN payment p ON p.appointment_id = a.id WHERE p.status = 'paid' AND a.clinic_id = $1`,
    [world.clinicId],
  )
  return row!.id
}
