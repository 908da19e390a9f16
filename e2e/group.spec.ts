// A class of two: an admin makes it, two people book the same time, a third is told that it is full, and the clinic has all of them in one block.
import { expect, test } from '@playwright/test'
import { addDays, dayIn, formatTime } from '../lib/time.ts'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { fillForm, type Person } from './journey.ts'
import { look } from './page-checks.ts'
import { button, dialogOf } from './parts.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'
import { clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
let desk: Device
let ada: Device
let cleo: Device
const shoot = pictures('group')

test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  ;[desk, ada, cleo] = await Promise.all([desktop(), phone(), phone()])
})
test.afterAll(async () => {
  await Promise.all([desk?.close(), ada?.close(), cleo?.close()])
  await stack?.down()
})
const person = (name: string, email: string): Person => ({
  ...{ name, birth: { day: '2', month: '5', year: '1982' }, phone: '', reason: 'a cough', email },
  texts: { 'Since when do you have it?': 'a month' },
})

test('two share a time, a third is told that it is full, and the clinic moves and cancels them as one', async () => {
  const service = world.services.free
  const { page } = desk
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/admin/services`)
  await button(page, `Edit ${service.name}`).click()
  const form = dialogOf(page)
  await form.getByLabel('Places').fill('2')
  await form.getByLabel('Length').fill('60')
  await button(form, 'Save').click()
  await expect(form.getByText('A group meets at the clinic: choose “In person”.')).toBeVisible()
  await expect(form.getByLabel('Places')).toBeFocused()
  await form.getByLabel('In person').check()
  await form.getByLabel('Places').scrollIntoViewIfNeeded()
  await shoot(page, 'service')
  await look(page, '/admin/services, a group', { dialog: true })
  await button(form, 'Save').click()
  await expect(form).toHaveCount(0)
  await expect(page.getByText('Group of up to 2')).toBeVisible()

  const day = addDays(dayIn(clinicZone, new Date()), 3)
  const times = `${stack.baseUrl}/c/${world.slug}?service=${service.id}&day=${day}`
  const slots = (at: Device) => at.page.locator('a[href*="slot="]')
  await ada.page.goto(times)
  await expect(ada.page.getByText('In person · Group of up to 2')).toBeVisible()
  await look(ada.page, 'the times of a group')
  await shoot(ada.page, 'times')
  const first = slots(ada).first()
  const startsAt = new URL((await first.getAttribute('href'))!, ada.page.url()).searchParams.get('slot')!.split('~')[0]!
  const time = (at: string) => formatTime(new Date(at), clinicZone, 'en')
  const later = new Date(Date.parse(startsAt) + 3_600_000).toISOString()
  await first.click()
  await button(ada.page, 'Continue with this time').click()
  await fillForm(ada.page, person('Ada Group', 'ada@patient.test'))
  await button(ada.page, 'Book').click()
  await ada.page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(ada.page.getByText('For Ada Group')).toBeVisible()

  // The third has the page open when the second takes the last place.
  await cleo.page.goto(times)
  const lost = slots(cleo).first()
  await expect(lost).toHaveAttribute('href', new RegExp(encodeURIComponent(startsAt)))
  const ben = await world.book({
    fields: { name: 'Ben Group', email: 'ben@patient.test' },
    notBefore: new Date(startsAt),
  })
  expect(ben.startsAt).toBe(startsAt)
  await lost.click()
  await button(cleo.page, 'Continue with this time').click()
  await expect(cleo.page.getByText('This time is taken now')).toBeVisible()
  await expect(cleo.page.getByRole('heading', { name: 'Nearest free time' })).toBeVisible()
  await expect(cleo.page.getByRole('button', { name: new RegExp(`^Take .*, ${time(later)}$`) })).toBeVisible()
  await expect(cleo.page.locator('body')).not.toContainText(/Ada Group|Ben Group/)
  await shoot(cleo.page, 'full')

  // One block has both, by the keyboard too.
  await page.goto(`${stack.baseUrl}/calendar?day=${day}&span=day&who=${world.doctor.memberId}`)
  const block = (count: number, at: string) =>
    page.getByRole('button', { name: new RegExp(`^${time(at)} to .*, group, ${count} of 2 places, Booked: `) })
  await expect(block(2, startsAt)).toHaveAccessibleName(/: (Ada Group, Ben Group|Ben Group, Ada Group)$/)
  await expect(page.locator('[data-block]')).toHaveCount(1)
  await shoot(page, 'calendar')
  await look(page, '/calendar, a group', { size: 'desktop' })
  await block(2, startsAt).press('Enter')
  const list = dialogOf(page)
  await expect(list.getByRole('listitem')).toHaveCount(2)
  await expect(list.getByText('2 of 2 places')).toBeVisible()
  await shoot(page, 'list')
  await look(page, 'who is in a group', { dialog: true })
  await list.getByRole('button', { name: 'More for Ada Group' }).click()
  await expect(page.getByRole('menu')).toContainText('Ada Group')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('menu')).toHaveCount(0)
  await expect(block(2, startsAt)).toBeFocused()
  await page.goto(`${stack.baseUrl}/today?day=${day}`)
  await expect(page.getByText('Group, 2 of 2')).toHaveCount(2)

  // All go half an hour later at once: each is told. By the keyboard: M, an arrow, Enter.
  await page.goto(`${stack.baseUrl}/calendar?day=${day}&span=day&who=${world.doctor.memberId}`)
  await block(2, startsAt).press('m')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const asked = page.getByRole('alertdialog')
  await expect(asked.getByText('Each patient gets a mail with the new time')).toBeVisible()
  await shoot(page, 'move')
  await look(page, 'moving a group', { dialog: true })
  await button(asked, 'Move').click()
  await expect(asked).toHaveCount(0)
  const moved = await stack.sql<{ at: Date }>(
    `SELECT DISTINCT starts_at AS at FROM appointment WHERE status = 'booked'`,
  )
  expect(moved).toHaveLength(1)
  const at = new Date(moved[0]!.at).toISOString()
  expect(Date.parse(at)).toBeGreaterThan(Date.parse(startsAt))
  await expect(block(2, at)).toBeVisible()
  for (const email of ['ada@patient.test', 'ben@patient.test']) {
    const told = async () => (await stack.mails(email)).filter(({ text }) => text.includes(time(at)))
    await expect.poll(async () => (await told()).length, { timeout: 30_000 }).toBeGreaterThan(0)
  }
  for (const { text } of await stack.mails('ada@patient.test')) expect(text).not.toMatch(/Ben|ben@/)

  // One cancels: the place is free, and the other stays.
  await ada.page.reload()
  await button(ada.page, 'Cancel the appointment').click()
  const question = ada.page.getByRole('group', { name: 'Cancel the appointment' })
  await question.getByRole('button', { name: 'Keep it' }).press('Enter')
  await expect(button(ada.page, 'Cancel the appointment')).toBeFocused()
  await button(ada.page, 'Cancel the appointment').press('Enter')
  await question.getByRole('button', { name: 'Yes, cancel' }).click()
  await expect(ada.page.getByText('Cancelled', { exact: true })).toBeVisible()
  // What there is to do now is where the focus is.
  await expect(ada.page.locator(':focus').getByRole('link', { name: 'Book another time' })).toBeVisible()
  await expect(block(1, at)).toHaveAccessibleName(/: Ben Group$/)
  await cleo.page.goto(times)
  await expect(cleo.page.locator(`a[href*="slot=${encodeURIComponent(at)}"]`)).toHaveCount(1)

  // The desk gives it to somebody who calls, without choosing the time again.
  await block(1, at).press('Enter')
  await button(list, 'Book somebody in').click()
  await expect(list.getByRole('combobox', { name: 'Service' })).toHaveValue(service.id)
  await expect(list.getByLabel('Repeat')).toHaveCount(0)
  await list.getByLabel('Full name').fill('Dora Group')
  const born = list.getByRole('group', { name: 'Date of birth' })
  await born.getByLabel('Day', { exact: true }).fill('4')
  await born.getByLabel('Month', { exact: true }).fill('5')
  await born.getByLabel('Year', { exact: true }).fill('1961')
  await list.getByLabel('Reason').fill('A class')
  await list.getByLabel('E-mail').fill('dora@patient.test')
  await button(list, 'Book the appointment').click()
  await button(list, 'Done').click()
  await expect(block(2, at)).toBeVisible()

  await block(2, at).press('Enter')
  await button(list, 'Cancel for everybody').click()
  await expect(asked.getByText('2 appointments are cancelled.')).toBeVisible()
  await look(page, 'cancelling a group', { dialog: true })
  await asked.getByRole('button', { name: 'Cancel 2 appointments' }).dblclick()
  await expect(page.getByText('The group is cancelled.')).toBeVisible()
  await expect(page.locator('[data-block]')).toHaveCount(0)
  expect(await stack.sql(`SELECT 1 FROM appointment WHERE status = 'booked'`)).toEqual([])
  // The refusal of what was full.
  expect([...ada.faults, ...desk.faults]).toEqual([])
})
