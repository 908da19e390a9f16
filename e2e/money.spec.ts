// What visits earned, as the owner sees it: paid ahead, on the day and not yet.
import { expect, test } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { chooseSlot, fillForm, pay, readPdf } from './journey.ts'
import { look, narrow } from './page-checks.ts'
import { dialogOf } from './parts.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type Booked, type ClinicWorld } from './world.ts'
import { clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
let owner: Device

const shoot = pictures('voucher')

test.describe.configure({ mode: 'serial', timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  owner = await desktop()
  await signInPage(owner.page, stack.baseUrl, world.owner)
})
test.afterAll(async () => {
  await owner?.close()
  await stack?.down()
})

const took = ({ appointmentId }: Booked) => world.doctor.door.get('encounter/complete', { appointmentId })

async function paidAhead(): Promise<Booked> {
  const booked = await world.book({ service: 'online' })
  const payer = await desktop()
  await payer.page.goto(booked.checkoutUrl!)
  await pay(payer.page)
  const status = () =>
    stack.sql<{ status: string }>('SELECT status FROM payment WHERE appointment_id = $1', [booked.appointmentId])
  await expect.poll(async () => (await status())[0]!.status).toBe('paid')
  await payer.close()
  return booked
}
const figure = (label: string | RegExp) => owner.page.locator('main p').filter({ hasText: label }).locator('xpath=..')

test('a month without a visit says so', async () => {
  const { page } = owner
  await page.goto(`${stack.baseUrl}/admin/money`)
  await expect(page.getByText('Nothing was earned in this month yet.')).toBeVisible()
  await expect(page.getByText('Everything that took place is paid.')).toBeVisible()
})

test('what took place is earned, what was paid ahead is not yet, and what is owed stands by its day', async () => {
  const { page } = owner
  await took(await paidAhead())
  await paidAhead()
  await took(await world.book({ service: 'later' }))
  await page.reload()
  await expect(figure(/^Earned in/)).toContainText('€75')
  await expect(figure(/^Earned in/)).toContainText('€90 came in')
  await expect(figure('Unpaid')).toContainText('€30')
  await expect(figure('Paid ahead')).toContainText('€45')
  await expect(figure('To give back')).toContainText('Nothing is owed')
  const services = page.getByRole('table', { name: 'By service' })
  await expect(services.getByRole('row')).toHaveText([/Service/, /Video consult.*1.*€45/, /Follow-up.*1.*€30/])
  await expect(page.getByRole('table', { name: 'Unpaid visits' })).toContainText('Follow-up')
  await look(page, '/admin/money')
  await narrow(page, '/admin/money')
})

test('the entries are a sheet that adds up, with nobody’s name, in French with French commas', async () => {
  const { page } = owner
  const download = async (name: string) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name }).click()])
    return readFile((await file.path())!, 'utf8')
  }
  const rows = (await download('Entries as a sheet'))
    .trimEnd()
    .split('\r\n')
    .map((row) => row.split(','))
  expect(rows[0]).toEqual(['\uFEFFDay', 'Document', 'Account', 'Tax rate %', 'Currency', 'Debit', 'Credit', 'Cause'])
  const sum = (column: number) => rows.slice(1).reduce((total, row) => total + Number(row[column]), 0)
  expect([sum(5), sum(6)]).toEqual([165, 165])
  await page.context().addCookies([{ name: 'locale', value: 'fr', url: stack.baseUrl }])
  await page.reload()
  const french = await download('Écritures en tableau')
  expect(french).toContain(';Recettes;0;EUR;;45,00;earned/')
})

test('the desk takes cash once, with a receipt, and hands it back when the visit is cancelled', async () => {
  const booked = await world.book({ service: 'later', fields: { name: 'Cass Hand' } })
  const device = await desktop()
  const { page } = device
  await signInPage(page, stack.baseUrl, world.desk)
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: clinicZone }).format(new Date(booked.startsAt))
  await page.goto(`${stack.baseUrl}/today?day=${day}&who=all`)
  const row = page.getByRole('listitem').filter({ hasText: 'Cass Hand' })
  const choose = async (item: string) => {
    await row.getByRole('button', { name: /^More/ }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  await choose('Take payment')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Take €30' }).dblclick()
  await expect(dialog.getByText(/Receipt REC-20\d\d-000001/)).toBeVisible()
  await look(page, '/today, a receipt', { dialog: true })
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(row).toContainText('Paid · €30')
  await booked.patient.door.get('booking/cancel', { id: booked.appointmentId, secret: booked.linkSecret })
  await expect(row).toContainText('Cancelled')
  // It asks before it is written down.
  await choose('Give back €30…')
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('€30 is owed to the patient')
  await look(page, '/today, giving back', { dialog: true })
  await question.getByRole('button', { name: 'Not now' }).click()
  await expect(question).toBeHidden()
  await expect(row).toContainText('Refund under way')
  await choose('Give back €30…')
  await question.getByRole('button', { name: '€30 went back' }).dblclick()
  await expect(row).toContainText('Refunded · €30')
  await device.close()
})

test('a refund that the bank sends back stands on the money page until it is given back', async () => {
  const booked = await paidAhead()
  await booked.patient.door.get('booking/cancel', { id: booked.appointmentId, secret: booked.linkSecret })
  const refund = () =>
    stack.sql<{ id: string | null }>(
      'SELECT r.stripe_refund AS id FROM refund r JOIN payment p ON p.id = r.payment_id WHERE p.appointment_id = $1',
      [booked.appointmentId],
    )
  await expect.poll(async () => (await refund())[0]?.id ?? '').toMatch(/^re_/)
  const { page } = owner
  await page.context().addCookies([{ name: 'locale', value: 'en', url: stack.baseUrl }])
  await page.goto(`${stack.baseUrl}/admin/money`)
  const id = (await refund())[0]!.id
  await fetch(`${stack.stripeUrl}/_test/fail-refund`, { method: 'POST', body: JSON.stringify({ id }) })
  await expect.poll(async () => (await stack.sql(`SELECT FROM refund WHERE state = 'failed'`)).length).toBe(1)
  await page.reload()
  const table = page.getByRole('table', { name: 'Could not be paid back' })
  await expect(table).toContainText('€45')
  await expect(figure('To give back')).toContainText('€45')
  await look(page, '/admin/money, sent back')
  await narrow(page, '/admin/money, sent back')
  await table.getByRole('button', { name: /^Give it back/ }).click()
  const question = page.getByRole('alertdialog')
  await question.getByLabel('Bank transfer to the patient').check()
  await look(page, '/admin/money, giving back', { dialog: true })
  await question.getByRole('button', { name: '€45 went back' }).click()
  await expect(table).toBeHidden()
  await expect(figure('To give back')).toContainText('Nothing is owed')
})

test('a payment that the payer’s bank takes back stands on the money page and on its visit, with what came of it', async () => {
  const booked = await paidAhead()
  const [row] = await stack.sql<{ intent: string }>(
    'SELECT payment_intent AS intent FROM payment WHERE appointment_id = $1',
    [booked.appointmentId],
  )
  const say = async (path: string, body: object) =>
    (await (
      await fetch(`${stack.stripeUrl}/_test/${path}`, { method: 'POST', body: JSON.stringify(body) })
    ).json()) as {
      id: string
    }
  const { page } = owner
  const stands = async () => (await stack.sql<{ state: string }>('SELECT state::text FROM dispute'))[0]?.state ?? ''
  const { id } = await say('dispute', { intent: row!.intent })
  await expect.poll(stands).toBe('open')
  await page.goto(`${stack.baseUrl}/admin/money`)
  const table = page.getByRole('table', { name: 'Disputed payments' })
  await expect(table).toContainText('Withdrawn by the bank')
  await look(page, '/admin/money, disputed')
  await narrow(page, '/admin/money, disputed')
  await table.getByRole('link', { name: /^Open the day/ }).click()
  await expect(page.getByText('Disputed · €45')).toBeVisible()
  await say('move-dispute', { id, status: 'won' })
  await expect.poll(stands).toBe('won')
  await page.goto(`${stack.baseUrl}/admin/money`)
  await expect(table).toContainText('Won')
  await expect(table).toContainText('Nothing to answer')
})

test('who cancels late on a phone reads what is kept before they book, and before they press', async () => {
  const { page } = owner
  await page.goto(`${stack.baseUrl}/admin/clinic`)
  const card = page.locator('form').filter({ has: page.getByLabel('Free until') })
  await card.getByLabel('Free until').fill('48')
  await card.getByLabel('After that', { exact: true }).selectOption('percent')
  await card.getByLabel('Part of the price after that').fill('150')
  await card.getByLabel('When the patient does not come', { exact: true }).selectOption('amount')
  await card.getByLabel('Amount when the patient does not come').fill('20')
  await card.getByRole('button', { name: 'Save what cancelling costs' }).click()
  await expect(card.getByText('This is not in the expected form.')).toBeVisible()
  await card.getByLabel('Part of the price after that').fill('50')
  await expect(card.getByText('A visit of €80 cancelled 24 hours before: €40 is kept.')).toBeVisible()
  await look(page, '/admin/clinic, what cancelling costs')
  await card.getByRole('button', { name: 'Save what cancelling costs' }).click()
  await expect(page.getByText('Saved')).toBeVisible()
  await narrow(page, '/admin/clinic, what cancelling costs')

  const patient = await phone()
  const own = patient.page
  await chooseSlot(own, world.bookingUrl, world.services.online.name)
  await fillForm(own, {
    ...{ name: 'Liv Aasen', birth: { day: '3', month: '4', year: '1990' }, phone: '', reason: 'A cough' },
    ...{ email: 'liv@patient.test', texts: { 'Since when do you have it?': 'a week' } },
  })
  await expect(own.getByText('It is so soon that cancelling costs €22.50 from the start.')).toBeVisible()
  await expect(own.getByText('If you do not come, €20 is charged.')).toBeVisible()
  await look(own, 'booking, what cancelling costs')
  await own.getByRole('button', { name: 'Book and pay €45' }).click()
  await pay(own)
  await own.getByRole('link', { name: 'Open my appointment' }).click()
  await expect(own.getByText('Cancelling costs €22.50 now.')).toBeVisible()
  await own.getByRole('button', { name: 'Cancel the appointment' }).click()
  const question = own.getByRole('group', { name: 'Cancel the appointment' })
  await expect(question).toContainText('It costs €22.50, as said when it was booked.')
  await expect(question).toContainText('€22.50 is paid back.')
  await look(own, '/a, cancelling late')
  await question.getByRole('button', { name: 'Yes, cancel' }).dblclick()
  await expect(question).toBeHidden()
  await expect(own.getByText('did not take place')).toBeVisible()
  await look(own, '/a, cancelled late')
  await patient.close()
  await page.goto(`${stack.baseUrl}/admin/money`)
  await expect(figure(/^Earned in/)).toContainText('€22.50 of it are fees')
  await expect(page.getByRole('table', { name: 'By service' })).toContainText(
    /Fees: cancelled late or missed.*1.*€22.50/,
  )
})

test('who does not come owes what they agreed to: the desk reads it out, and takes it', async () => {
  const booked = await world.book({ service: 'later', fields: { name: 'Odd Nesse' } })
  await stack.sql(
    `UPDATE appointment SET starts_at = starts_at - interval '9 days', ends_at = ends_at - interval '9 days',
       blocked_from = blocked_from - interval '9 days', blocked_until = blocked_until - interval '9 days' WHERE id = $1`,
    [booked.appointmentId],
  )
  const device = await desktop()
  const { page } = device
  await signInPage(page, stack.baseUrl, world.desk)
  const at = new Date(new Date(booked.startsAt).getTime() - 9 * 86_400_000)
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: clinicZone }).format(at)
  await page.goto(`${stack.baseUrl}/today?day=${day}&who=all`)
  const row = page.getByRole('listitem').filter({ hasText: 'Odd Nesse' })
  const choose = async (item: string) => {
    await row.getByRole('button', { name: /^More/ }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }
  await choose('Did not come')
  const question = page.getByRole('alertdialog')
  await expect(question).toContainText('€20 is charged, as agreed at the booking.')
  await expect(question).toContainText('€20 is owed')
  await look(page, '/today, did not come', { dialog: true })
  await question.getByRole('button', { name: 'Did not come' }).dblclick()
  await expect(question).toBeHidden()
  await expect(row).toContainText('To pay · €20')
  await choose('Take payment')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Take €20' }).click()
  await expect(dialog.getByText(/Receipt REC-20/)).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(row).toContainText('Fee paid · €20')
  await look(page, '/today, a fee')
  await device.close()
})

test('a deposit is paid on a phone, what is left says so everywhere, and is paid by the link', async () => {
  const { page } = owner
  await page.goto(`${stack.baseUrl}/admin/services`)
  await page.getByRole('button', { name: `Edit ${world.services.online.name}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('A deposit when booking').click()
  await dialog.getByLabel('Deposit', { exact: true }).fill('0')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog.getByText('This is not in the expected form.')).toBeVisible()
  await look(page, '/admin/services, a deposit', { dialog: true })
  await dialog.getByLabel('Deposit', { exact: true }).fill('40')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(dialog).toBeHidden()

  const patient = await phone()
  const own = patient.page
  await own.goto(world.bookingUrl)
  await expect(own.getByText('€45, of which €18 when you book')).toBeVisible()
  await chooseSlot(own, world.bookingUrl, world.services.online.name)
  await fillForm(own, {
    ...{ name: 'Ines Part', birth: { day: '3', month: '4', year: '1990' }, phone: '', reason: 'A cough' },
    ...{ email: 'ines@patient.test', texts: { 'Since when do you have it?': 'a week' } },
  })
  await expect(own.getByText('You pay €18 now, and €27 later to the clinic or by your link.')).toBeVisible()
  await look(own, 'booking, a deposit')
  await own.getByRole('button', { name: 'Book and pay €18' }).click()
  await pay(own)
  await own.getByRole('link', { name: 'Open my appointment' }).click()
  await expect(own.getByText('€45 · Paid in part')).toBeVisible()
  await expect(own.getByText('€18 is paid, €27 is still to be paid.')).toBeVisible()
  await look(own, '/a, a deposit')

  const device = await desktop()
  await signInPage(device.page, stack.baseUrl, world.desk)
  const [visit] = await stack.sql<{ starts: Date }>(
    'SELECT starts_at AS starts FROM appointment WHERE deposit_minor > 0 AND patient_id IS NOT NULL',
  )
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: clinicZone }).format(visit!.starts)
  await device.page.goto(`${stack.baseUrl}/today?day=${day}&who=all`)
  const row = device.page.getByRole('listitem').filter({ hasText: 'Ines Part' })
  await expect(row).toContainText('To pay · €27')

  await own.getByRole('button', { name: 'Pay the rest: €27' }).dblclick()
  await pay(own)
  await own.getByRole('link', { name: 'Open my appointment' }).click()
  await expect(own.getByText(/^€45 · Paid(?! in part)/)).toBeVisible()
  const [file] = await Promise.all([
    own.waitForEvent('download'),
    own.getByRole('button', { name: /^INV-20.* as PDF$/ }).click(),
  ])
  const { text } = readPdf(await readFile((await file.path())!))
  expect(text).toMatch(/Of it, .18\.00 was paid online on /)
  expect(text).toMatch(/Of it, .27\.00 was paid online on /)
  expect(text).not.toContain('To be paid')
  await expect(row).toContainText('Paid · €45')
  await device.close()
  await patient.close()
})

test('a voucher pays for a visit, once: typed on a phone, given back and used again, read out to the desk, withdrawn', async () => {
  const { page } = owner
  await page.goto(`${stack.baseUrl}/admin/services`)
  await expect(page.getByText('No voucher yet')).toBeVisible()
  await shoot(page, 'none')
  await page.getByRole('button', { name: 'Make vouchers' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('For', { exact: true }).selectOption({ label: world.services.online.name })
  await dialog.getByLabel('How many').fill('101')
  await dialog.getByRole('button', { name: 'Make vouchers' }).click()
  await expect(dialog.getByRole('textbox', { name: 'How many' })).toHaveAttribute('aria-invalid', 'true')
  await dialog.getByLabel('How many').fill('3')
  await shoot(page, 'make')
  await dialog.getByRole('button', { name: 'Make vouchers' }).dblclick()
  const codes = dialog.getByRole('list', { name: 'Codes' }).getByRole('listitem')
  await expect(codes).toHaveCount(3)
  const [code, read] = (await codes.allTextContents()) as [string, string]
  await look(page, '/admin/services, codes', { dialog: true })
  await shoot(page, 'codes')
  await page.emulateMedia({ media: 'print' })
  await expect(page.locator('[data-paper]')).toContainText(code)
  await page.emulateMedia({ media: 'screen' })
  await dialog.getByRole('button', { name: 'I have them' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByText(`3 vouchers: ${world.services.online.name}`)).toBeVisible()
  await expect(page.getByText(code)).toHaveCount(0)
  await look(page, '/admin/services, vouchers')
  await narrow(page, '/admin/services, vouchers')

  const patient = await phone()
  const own = patient.page
  const toReview = async (name: string, slot: number) => {
    await chooseSlot(own, world.bookingUrl, world.services.online.name, slot)
    await fillForm(own, {
      ...{ name, birth: { day: '3', month: '4', year: '1990' }, phone: '', reason: 'A cough' },
      ...{ email: 'vou@patient.test', texts: { 'Since when do you have it?': 'a week' } },
    })
  }
  await toReview('Vera Oduya', 0)
  await own.getByLabel('Voucher code').fill('1234')
  await own.getByRole('button', { name: 'Book', exact: true }).click()
  await expect(own.getByText(/it has 16 letters and figures/).first()).toBeVisible()
  await own.getByLabel('Voucher code').fill('0000-0000-0000-0000')
  await own.getByRole('button', { name: 'Book', exact: true }).click()
  await expect(own.getByText('This voucher cannot be used for this visit.').first()).toBeVisible()
  await expect(own.getByText('Your voucher pays for this visit.')).toBeHidden()
  await expect(own.getByLabel('Voucher code')).toBeFocused()
  await shoot(own, 'refused')
  await own.getByLabel('Voucher code').fill(code.toLowerCase())
  await expect(own.getByText('Your voucher pays for this visit.')).toBeVisible()
  await expect(own.getByText(/Stripe/)).toBeHidden()
  await look(own, 'booking, a voucher')
  await shoot(own, 'typed')
  await own.getByRole('button', { name: 'Book', exact: true }).dblclick()
  await expect(own.getByText('€45 · Paid with a voucher')).toBeVisible()
  await look(own, '/a, a voucher')
  await shoot(own, 'booked')
  await own.getByRole('button', { name: 'Cancel the appointment' }).click()
  const question = own.getByRole('group', { name: 'Cancel the appointment' })
  await expect(question).toContainText('Your voucher can then be used for another booking.')
  await question.getByRole('button', { name: 'Yes, cancel' }).click()
  await expect(own.getByText('Your voucher is yours again')).toBeVisible()
  await shoot(own, 'back')
  await toReview('Vera Oduya', 1)
  await own.getByLabel('Voucher code').fill(code)
  await own.getByRole('button', { name: 'Book', exact: true }).click()
  await expect(own.getByText('€45 · Paid with a voucher')).toBeVisible()
  await patient.close()

  // Another one is read out on the telephone: after one that is used.
  const device = await desktop()
  const desk = device.page
  await signInPage(desk, stack.baseUrl, world.desk)
  await desk.goto(`${stack.baseUrl}/today`)
  await desk.getByRole('button', { name: 'Book', exact: true }).click()
  const form = dialogOf(desk)
  await form.getByLabel('Service').selectOption({ label: world.services.online.name })
  await form.getByRole('button', { name: '16:00' }).click()
  await form.getByLabel('Full name').fill('Nils Brandt')
  const born = form.getByRole('group', { name: 'Date of birth' })
  await born.getByLabel('Day', { exact: true }).fill('4')
  await born.getByLabel('Month', { exact: true }).fill('5')
  await born.getByLabel('Year', { exact: true }).fill('1961')
  await form.getByLabel('Voucher code').fill(code)
  await expect(form.getByText('The voucher pays for it: nothing is due.')).toBeVisible()
  await form.getByRole('button', { name: 'Book the appointment' }).click()
  await expect(form.getByText('This voucher cannot be used for this visit.')).toBeVisible()
  await expect(form.getByLabel('Voucher code')).toBeFocused()
  await look(desk, 'booking for a caller, a voucher', { dialog: true })
  await shoot(desk, 'desk')
  await form.getByLabel('Voucher code').fill(read)
  await form.getByRole('button', { name: 'Book the appointment' }).dblclick()
  await expect(form.getByRole('heading', { name: 'Booked' })).toBeVisible()
  const paid = await stack.sql<{ status: string; minor: number }>(
    `SELECT p.status::text AS status, p.amount_minor AS minor FROM payment p
       JOIN appointment a ON a.id = p.appointment_id WHERE a.voucher_id IS NOT NULL`,
  )
  expect(paid).toEqual(Array(3).fill({ status: 'none', minor: 0 }))
  await device.close()

  await page.reload()
  await expect(page.getByText('2 used · 1 unused')).toBeVisible()
  await shoot(page, 'list')
  await page.getByRole('button', { name: /^Withdraw: / }).click()
  const sure = page.getByRole('alertdialog')
  await expect(sure).toContainText('3 vouchers for')
  await sure.getByRole('button', { name: 'Withdraw' }).click()
  await expect(page.getByText('none left · 1 withdrawn')).toBeVisible()
})
