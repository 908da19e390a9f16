// When a clinic is there: one day, an absence, hours for a time, closed days and holidays, as an admin says them and a patient sees it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, type Page, test } from '@playwright/test'
import { instantAt } from '../lib/schedule/wall-clock.ts'
import { addDays, dayIn, isoWeekday } from '../lib/time.ts'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { weekOf } from './hours.ts'
import { fillForm } from './journey.ts'
import { look } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld } from './world.ts'
import { clinicHour, clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
let staff: Device

test.beforeAll(async () => {
  test.setTimeout(300_000)
  // One of these journeys reads a calendar that this machine serves.
  stack = await up({ env: { CALENDAR_NETWORKS: 'any' } })
  world = await clinicWorld(stack)
  staff = await desktop()
  await signInPage(staff.page, stack.baseUrl, world.owner)
})
test.afterAll(async () => {
  await staff?.close()
  await stack?.down()
})
test.describe.configure({ timeout: 240_000 })

/** A Monday some weeks ahead: far from today, near enough to be offered. */
const today = dayIn(clinicZone, new Date())
const monday = addDays(today, 8 - isoWeekday(today) + 14)
const label = (day: string) =>
  new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(
    new Date(`${day}T12:00:00Z`),
  )
async function offered(day: string): Promise<number> {
  const { slots } = await world.owner.door.get('booking/slots', {
    ...{ clinicId: world.clinicId, serviceId: world.services.free.id, memberId: world.doctor.memberId },
    ...{ from: day, days: 1 },
  })
  return slots.length
}
const cell = (page: Page, day: string) => page.getByRole('grid').locator(`[data-day="${day}"]`)
/** The month that the day is in, of the doctor. */
async function monthOf(page: Page, day: string) {
  await weekOf(page, stack.baseUrl, world.doctor.name)
  const title = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })
  const heading = page.getByRole('heading', { name: title.format(new Date(`${day}T12:00:00Z`)) })
  for (let tries = 0; tries < 4 && !(await heading.count()); tries++)
    await page.getByRole('button', { name: 'Later month' }).click()
  await expect(cell(page, day)).toBeEnabled()
}

test('a day gets hours of its own, is closed, and is as usual again', async () => {
  const { page } = staff
  const usual = await offered(monday)
  expect(usual).toBeGreaterThan(20)
  await monthOf(page, monday)
  await cell(page, monday).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: 'Other hours' }).check()
  await dialog.getByLabel('Stretch 1: from').fill('10:00')
  await dialog.getByLabel('Stretch 1: to').fill('09:00')
  await dialog.getByRole('button', { name: 'Save the day' }).click()
  // Nothing that was typed is lost.
  await expect(dialog.getByLabel('Stretch 1: from')).toHaveValue('10:00')
  expect(await offered(monday)).toBe(usual)
  await dialog.getByLabel('Stretch 1: to').fill('11:00')
  await dialog.getByRole('button', { name: 'Save the day' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(cell(page, monday)).toHaveAccessibleName(`${label(monday)}, 10:00–11:00`)
  expect(await offered(monday)).toBe(4)

  await cell(page, monday).click()
  await dialog.getByRole('radio', { name: 'Closed', exact: true }).check()
  await dialog.getByRole('button', { name: 'Save the day' }).click()
  await expect(cell(page, monday)).toHaveAccessibleName(`${label(monday)}, no hours, Closed`)
  expect(await offered(monday)).toBe(0)

  await cell(page, monday).click()
  await dialog.getByRole('radio', { name: 'As usual' }).check()
  await dialog.getByRole('button', { name: 'Save the day' }).click()
  await expect(cell(page, monday)).toHaveAccessibleName(`${label(monday)}, 0:00–24:00`)
  expect(await offered(monday)).toBe(usual)
})

test('by the keyboard alone: from day to day, into the next month, and back to the day', async () => {
  const { page } = staff
  await monthOf(page, monday)
  await cell(page, monday).focus()
  await page.keyboard.press('ArrowDown')
  await expect(cell(page, addDays(monday, 7))).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Home')
  await expect(cell(page, addDays(monday, 7))).toBeFocused()
  await page.keyboard.press('PageDown')
  await expect(cell(page, addDays(monday, 35))).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(cell(page, addDays(monday, 35))).toBeFocused()
})

test('an absence takes the time, names what was booked in it, and is taken back', async () => {
  const { page } = staff
  const { startsAt } = await world.book({ notBefore: clinicHour(monday, 12) })
  const day = dayIn(clinicZone, new Date(startsAt))
  await weekOf(page, stack.baseUrl, world.doctor.name)
  await page.getByRole('button', { name: 'Add an absence' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('First day').fill(day)
  await dialog.getByLabel('Last day').fill(day)
  await dialog.getByRole('button', { name: 'Add an absence' }).click()
  await expect(page.getByText('One appointment stands where nobody is there now')).toBeVisible()
  await expect(page.locator(`a[href="/today?day=${day}&who=all"]`)).toBeVisible()
  expect(await offered(day)).toBe(0)
  await page.getByRole('button', { name: /Remove the absence/ }).click()
  await expect(page.getByText('No absence to come.')).toBeVisible()
  expect(await offered(day)).toBeGreaterThan(0)
})

test('hours for a time replace the usual ones, and two of them never meet', async () => {
  const { page } = staff
  await weekOf(page, stack.baseUrl, world.doctor.name)
  await page.getByRole('button', { name: 'Add hours for a time' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('First day').fill(monday)
  await dialog.getByLabel('Last day').fill(addDays(monday, 6))
  for (const name of ['Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])
    await dialog.getByRole('button', { name: `Remove stretch 1 of ${name}` }).click()
  await dialog.getByLabel('Monday, stretch 1: from').fill('14:00')
  await dialog.getByLabel('Monday, stretch 1: to').fill('15:00')
  await dialog.getByRole('button', { name: 'Save these hours' }).click()
  await expect(dialog).toHaveCount(0)
  expect([await offered(monday), await offered(addDays(monday, 1))]).toEqual([4, 0])
  expect(await offered(addDays(monday, 7))).toBeGreaterThan(20)

  await page.getByRole('button', { name: 'Add hours for a time' }).click()
  await dialog.getByLabel('First day').fill(addDays(monday, 6))
  await dialog.getByLabel('Last day').fill(addDays(monday, 9))
  await dialog.getByRole('button', { name: 'Save these hours' }).click()
  await expect(dialog.getByText('Other hours hold on some of these days already.')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /Remove the hours/ }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByText('None: the usual week holds all year.')).toBeVisible()
  expect(await offered(addDays(monday, 1))).toBeGreaterThan(20)
})

test('the clinic keeps its country’s holidays but one, and closes when it says so', async () => {
  const { page } = staff
  await weekOf(page, stack.baseUrl, world.doctor.name)
  await page.getByLabel('Public holidays').selectOption({ label: 'France' })
  await page.getByText(/public holidays in the year ahead/).click()
  const christmas = page.getByRole('switch', { name: /25 December .*Christmas/ })
  await expect(christmas).not.toBeChecked()
  await christmas.check()
  await expect(page.getByRole('switch', { name: /25 December .*Christmas/ })).toBeChecked()
  await page.getByRole('button', { name: 'Close some days' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('First day').fill(monday)
  await dialog.getByLabel('Last day').fill(addDays(monday, 1))
  await dialog.getByRole('button', { name: 'Close some days' }).click()
  await expect(dialog).toHaveCount(0)
  expect([await offered(monday), await offered(addDays(monday, 1))]).toEqual([0, 0])
  await page.getByRole('button', { name: /Open again/ }).click()
  await expect(page.getByRole('button', { name: /Open again/ })).toHaveCount(0)
  expect(await offered(monday)).toBeGreaterThan(20)
})

test('busy times are read from a practitioner’s own calendar, without a word of them, and given back', async () => {
  const day = addDays(monday, 9)
  let hours: [from: number, until: number] = [12, 13]
  const at = (hour: number) =>
    instantAt(day, hour * 60, clinicZone)
      .toISOString()
      .replace(/[-:]|\.000/g, '')
  const calendar = () =>
    [
      ...['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'UID:one', 'SUMMARY:Chemotherapy of Ada', 'DESCRIPTION:second cycle'],
      ...[`DTSTART:${at(hours[0])}`, `DTEND:${at(hours[1])}`, 'END:VEVENT', 'END:VCALENDAR'],
    ].join('\r\n')
  const there = createServer((request, answer) =>
    answer.writeHead(request.url === '/mine.ics' ? 200 : 404).end(calendar()),
  )
  await new Promise<void>((done) => there.listen(0, '127.0.0.1', done))
  const address = `http://127.0.0.1:${(there.address() as AddressInfo).port}`
  const [doctor, patient] = await Promise.all([desktop(), phone()])
  /** How many of these two hours' starts somebody who books is offered. */
  const offered = async () => {
    const query = new URLSearchParams({ service: world.services.free.id, from: day, day })
    await patient.page.goto(`${stack.baseUrl}/c/${world.slug}?${query}`)
    await expect(patient.page.getByRole('link', { name: '11:45', exact: true })).toBeVisible()
    const at = (hour: number) => patient.page.getByRole('link', { name: new RegExp(`^${hour}:(00|15|30|45)$`) }).count()
    return [await at(12), await at(15)]
  }
  try {
    expect(await offered()).toEqual([4, 4])
    const { page } = doctor
    await signInPage(page, stack.baseUrl, world.doctor)
    await page.goto(`${stack.baseUrl}/account`)
    const field = page.getByLabel('Private address of the calendar (ICS)')
    await field.fill(`${address}/gone.ics`)
    await page.getByRole('button', { name: 'Read this calendar' }).click()
    await expect(page.getByText('That server gives no calendar under this address.')).toBeVisible()
    await field.fill(`${address}/mine.ics`)
    await page.getByRole('button', { name: 'Read this calendar' }).click()
    await expect(page.getByText('One busy time to come.')).toBeVisible()
    await expect(field).toHaveValue('')
    await expect(page.getByText('mine.ics')).toHaveCount(0)
    await look(page, '/account with a calendar')
    expect(await offered()).toEqual([0, 4])

    // It is another hour there now, and the worker's turn to see it.
    hours = [15, 16]
    await stack.sql('UPDATE busy_source SET next_at = now() WHERE clinic_id = $1', [world.clinicId])
    await expect.poll(offered, { timeout: 150_000, intervals: [1000] }).toEqual([4, 0])
    const { page: office } = staff
    await office.goto(`${stack.baseUrl}/calendar?${new URLSearchParams({ day, span: 'day', who: 'all' })}`)
    await expect(office.getByText('Busy elsewhere', { exact: true })).toBeVisible()
    await expect(office.getByText(/· Busy elsewhere$/)).toBeVisible()
    expect(await office.content()).not.toMatch(/Chemotherapy|second cycle/)
    await look(office, '/calendar, busy elsewhere', { size: 'desktop' })

    await page.getByRole('button', { name: 'Stop reading' }).click()
    await expect(page.getByText('No other calendar is read any more.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Stop reading' })).toHaveCount(0)
    await expect(office.getByText('Busy elsewhere', { exact: true })).toHaveCount(0)
    expect(await offered()).toEqual([4, 4])
    expect(patient.faults).toEqual([])
  } finally {
    there.closeAllConnections()
    there.close()
    await Promise.all([doctor.close(), patient.close()])
  }
})

test('on a phone in French, nothing is too wide', async () => {
  const device = await phone()
  try {
    const { page } = device
    await signInPage(page, stack.baseUrl, world.owner)
    await page.context().addCookies([{ name: 'locale', value: 'fr', url: stack.baseUrl }])
    await page.goto(`${stack.baseUrl}/admin/hours`)
    await expect(page.getByText('Fermetures du cabinet')).toBeVisible()
    await expect(cell(page, today)).toBeEnabled()
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0)
  } finally {
    await device.close()
  }
})

test('a visit by telephone, and one in person: said wherever it is shown, and no call to join', async () => {
  const { page: office } = staff
  const [doctor, patient] = await Promise.all([desktop(), phone()])
  try {
    await office.goto(`${stack.baseUrl}/admin/services`)
    await office.getByRole('button', { name: 'Edit First talk' }).click()
    const dialog = office.locator('[role=dialog]:not([data-type])')
    await dialog.getByRole('radio', { name: 'By telephone' }).check()
    await expect(
      dialog.getByText('Patients give a number, and are told that you call them.', { exact: false }),
    ).toBeVisible()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await expect(dialog).toHaveCount(0)
    await expect(office.getByText('15 minutes · By telephone', { exact: false })).toBeVisible()

    const { page } = patient
    await page.goto(world.bookingUrl)
    await expect(page.getByText('By telephone', { exact: true })).toHaveCount(1)
    await page.getByRole('link', { name: 'Choose a time: First talk' }).click()
    await expect(page.getByText('15 minutes · By telephone · Free')).toBeVisible()
    await page.locator('a[href*="slot="]').nth(2).click()
    await page.getByRole('button', { name: 'Continue with this time' }).click()
    await expect(page.getByText('We call you at this number.')).toBeVisible()
    await page.getByRole('button', { name: 'Continue', exact: true }).click()
    await expect(page.getByRole('link', { name: 'Phone: Please fill this in.' })).toBeVisible()
    await look(page, 'booking by telephone', { size: 'phone' })
    await fillForm(page, {
      ...{ name: 'Tess Called', birth: { day: '2', month: '5', year: '1982' }, email: 'tess@patient.test' },
      ...{ phone: '+33 6 12 34 56 78', reason: 'A stiff back', texts: { 'Since when do you have it?': 'a month' } },
    })
    await page.getByRole('button', { name: 'Book' }).click()
    await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
    await expect(page.getByText('For Tess Called')).toBeVisible()
    await expect(page.getByText('By telephone: we call you at the number that you gave.')).toBeVisible()
    await expect(page.getByText(/Join the call|You can join|In the waiting room/)).toHaveCount(0)
    await look(page, 'an appointment by telephone', { size: 'phone' })
    const mailOf = async (to: string) =>
      (await stack.mails(to)).find(({ subject }) => subject.startsWith('Your appointment with'))
    await expect
      .poll(async () => (await mailOf('tess@patient.test'))?.text ?? '', { timeout: 60_000 })
      .toContain('By telephone')
    expect((await mailOf('tess@patient.test'))!.text).not.toContain('join the call')

    const visit = /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
    await signInPage(doctor.page, stack.baseUrl, world.doctor)
    await doctor.page.goto(`${stack.baseUrl}/encounter/${visit}`)
    await expect(doctor.page.getByRole('heading', { name: 'Tess Called' })).toBeVisible()
    const number = doctor.page.getByRole('link', { name: 'Call +33 6 12 34 56 78' })
    await expect(number).toHaveAttribute('href', 'tel:+33612345678')
    await expect(doctor.page.getByRole('button', { name: /Admit|camera/i })).toHaveCount(0)
    await look(doctor.page, 'an encounter by telephone', { size: 'desktop' })
    await doctor.page.getByRole('button', { name: 'Complete', exact: true }).click()
    await expect(doctor.page.getByText('Done', { exact: true })).toBeVisible()
    await expect(page.getByRole('status').getByText('Completed')).toBeVisible()

    const settings = await world.owner.door.get('clinic/settings', {})
    const { about, phone: line, timeZone, holdMinutes, horizonDays, earlyJoinMinutes, graceMinutes } = settings.clinic
    await world.owner.door.get('clinic/save-profile', {
      ...{ name: world.name, about, phone: line, timeZone, holdMinutes, horizonDays, earlyJoinMinutes, graceMinutes },
      ...{ address: '4 rue du Port, Paris', locale: 'en', minNoticeMinutes: 0 },
    })
    const {
      id,
      version,
      currency: _,
      intakeVersion: __,
      ...service
    } = settings.services.find(({ name }) => name === 'First talk')!
    await world.owner.door.get('clinic/save-service', { id, version, service: { ...service, way: 'in_person' } })
    const here = await world.book({ fields: { name: 'Hal Here', email: 'hal@patient.test' }, at: 3 })
    await page.goto(here.link)
    await expect(page.getByText(`${world.name}, 4 rue du Port, Paris`)).toBeVisible()
    await expect(page.getByText(/Join the call|You can join/)).toHaveCount(0)
    await expect
      .poll(async () => (await mailOf('hal@patient.test'))?.text ?? '', { timeout: 60_000 })
      .toContain('4 rue du Port')
    await office.goto(
      `${stack.baseUrl}/today?${new URLSearchParams({ day: dayIn(clinicZone, new Date(here.startsAt)), who: 'all' })}`,
    )
    await expect(office.getByText('First talk · In person', { exact: false })).toBeVisible()
    await office.getByRole('button', { name: 'More for Hal Here' }).click()
    await office.getByRole('menuitem', { name: 'Is here' }).click()
    await expect(
      office
        .getByRole('listitem')
        .filter({ hasText: 'Hal Here' })
        .getByText(/^Waiting/),
    ).toBeVisible()
    await expect(page.getByRole('status').getByText('You are in the waiting room')).toBeVisible()
    // It was somebody else.
    await office.getByRole('button', { name: 'More for Hal Here' }).click()
    await office.getByRole('menuitem', { name: 'Not here yet' }).click()
    await expect(
      office
        .getByRole('listitem')
        .filter({ hasText: 'Hal Here' })
        .getByText(/^Waiting/),
    ).toHaveCount(0)
    expect(
      await stack.sql('SELECT status::text, arrived_at FROM appointment WHERE id = $1', [here.appointmentId]),
    ).toEqual([{ status: 'booked', arrived_at: null }])
    expect([...doctor.faults, ...patient.faults]).toEqual([])
  } finally {
    await Promise.all([doctor.close(), patient.close()])
  }
})
