// Another time for an appointment: by the patient's link, and by who runs the day. It stays the same appointment.
import { expect, test } from '@playwright/test'
import { addDays, dayIn, formatDay, formatTime } from '../lib/time.ts'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld } from './world.ts'
import { clinicHour, clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []

test.describe.configure({ timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
})
test.afterAll(() => stack?.down())
test.afterEach(() => Promise.all(open.splice(0).map((device) => device.close())))
const own = async (made: Promise<Device>) => {
  const device = await made
  open.push(device)
  return device
}
const day = addDays(dayIn(clinicZone, new Date()), 3)
const booked = (hour: number) => world.book({ notBefore: clinicHour(day, hour) })
const rowOf = async (id: string) =>
  (
    await stack.sql<{ startsAt: Date; sequence: number; status: string; minutes: number }>(
      `SELECT starts_at AS "startsAt", sequence, status::text,
         (extract(epoch FROM ends_at - starts_at) / 60)::int AS minutes FROM appointment WHERE id = $1`,
      [id],
    )
  )[0]!
const says = (at: Date) => `${formatDay(at, clinicZone, 'en')}, ${formatTime(at, clinicZone, 'en')}`

test('a patient chooses another time by their link on a phone, and is asked before anything changes', async () => {
  const { page, faults } = await own(phone())
  const visit = await booked(9)
  await page.goto(visit.link)
  await page.getByRole('button', { name: 'Choose another time' }).click()
  await expect(page.getByRole('heading', { name: 'Choose another time' })).toBeFocused()
  const days = page.getByRole('group', { name: 'Days' }).getByRole('button')
  await days.nth(2).click()
  await page.getByRole('button', { name: '10:00', exact: true }).click()
  const yes = page.getByRole('button', { name: 'Yes, move it' })
  await expect(yes).toBeFocused()
  await expect(page.getByText(`Move it from ${says(new Date(visit.startsAt))} to`)).toBeVisible()
  expect(await rowOf(visit.appointmentId)).toMatchObject({ sequence: 0, startsAt: new Date(visit.startsAt) })
  await yes.click()
  await expect(page.getByText(/^Moved to .*, 10:00\. A mail with the new time is on its way\.$/)).toBeVisible()
  const row = await rowOf(visit.appointmentId)
  expect(row).toMatchObject({ sequence: 1, status: 'booked' })
  expect(formatTime(row.startsAt, clinicZone, 'en')).toBe('10:00')
  // The old link, in another browser, opens the new time.
  const other = await own(desktop())
  await other.page.goto(visit.link)
  await expect(other.page.getByText(formatDay(row.startsAt, clinicZone, 'en')).first()).toBeVisible()
  const { email } = visit.patient.fields
  await expect
    .poll(async () => (await stack.mails(email)).map(({ subject }) => subject))
    .toContain('Moved: your appointment with ' + world.name)
  expect(faults).toEqual([])
})

test('the desk moves it to what is free, or anyway to what was agreed, and says how long', async () => {
  const { page } = await own(desktop())
  const visit = await booked(12)
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/today?day=${dayIn(clinicZone, new Date(visit.startsAt))}&who=all`)
  const name = visit.patient.fields.name
  const dialog = page.getByRole('dialog')
  const ask = async () => {
    await page.getByRole('button', { name: `More for ${name}` }).press('Enter')
    await page.getByRole('menuitem', { name: 'Move', exact: true }).press('Enter')
  }
  await ask()
  await expect(dialog.getByRole('heading', { name: `Move the appointment of ${name}` })).toBeVisible()
  await dialog.getByRole('button', { name: '16:00', exact: true }).press('Enter')
  await expect(dialog.getByLabel('Time', { exact: true })).toHaveValue('16:00')
  await dialog.getByLabel('Minutes').fill('45')
  await dialog.getByRole('button', { name: 'Move the appointment' }).press('Enter')
  await expect(page.getByText(/^Moved to .*, 16:00\. The patient is told by mail\.$/)).toBeVisible()
  await expect(dialog).toHaveCount(0)
  const row = await rowOf(visit.appointmentId)
  expect(row).toMatchObject({ sequence: 1, minutes: 45 })
  expect(formatTime(row.startsAt, clinicZone, 'en')).toBe('16:00')

  await world.owner.door.get('schedule/save-day', {
    ...{ memberId: world.doctor.memberId, day: addDays(day, 5) },
    hours: [{ startMinute: 600, endMinute: 660, siteId: null }],
  })
  await ask()
  await dialog.getByLabel('Day', { exact: true }).fill(addDays(day, 5))
  await dialog.getByLabel('Time', { exact: true }).fill('19:00')
  await dialog.getByRole('button', { name: 'Move the appointment' }).click()
  await expect(dialog.getByText('Nobody is there then, by the hours')).toBeVisible()
  expect(await rowOf(visit.appointmentId)).toMatchObject({ sequence: 1 })
  await dialog.getByRole('button', { name: 'Move it anyway' }).click()
  await expect(dialog).toHaveCount(0)
  expect(await rowOf(visit.appointmentId)).toMatchObject({ sequence: 2, minutes: 45, status: 'booked' })
})

test('the desk cancels it, after a question, and its patient is told and sees it', async () => {
  const { page } = await own(desktop())
  const visit = await world.book({ notBefore: clinicHour(day, 6), fields: { name: 'Ruth Away' } })
  await signInPage(page, stack.baseUrl, world.desk)
  await page.goto(`${stack.baseUrl}/today?day=${dayIn(clinicZone, new Date(visit.startsAt))}&who=all`)
  const { name, email } = visit.patient.fields
  const ask = async () => {
    await page.getByRole('button', { name: `More for ${name}` }).press('Enter')
    await page.getByRole('menuitem', { name: 'Cancel', exact: true }).press('Enter')
  }
  await ask()
  await page.getByRole('button', { name: 'Keep it' }).press('Enter')
  await expect(page.getByRole('alertdialog')).toHaveCount(0)
  expect(await rowOf(visit.appointmentId)).toMatchObject({ status: 'booked' })
  await ask()
  await page.getByRole('button', { name: 'Cancel the appointment' }).dblclick()
  await expect(page.getByText('The appointment is cancelled.')).toBeVisible()
  await expect(page.getByRole('listitem').filter({ hasText: name })).toContainText('Cancelled')
  expect(await rowOf(visit.appointmentId)).toMatchObject({ status: 'cancelled' })
  await expect
    .poll(async () => (await stack.mails(email)).filter(({ subject }) => subject.startsWith('Cancelled:')).length)
    .toBe(1)
  const patient = await own(phone())
  await patient.page.goto(visit.link)
  await expect(patient.page.getByText('Cancelled').first()).toBeVisible()
})

test('a time that is lost meanwhile is said so, and the patient keeps theirs', async () => {
  const { page } = await own(phone())
  const visit = await booked(18)
  await page.goto(visit.link)
  await page.getByRole('button', { name: 'Choose another time' }).click()
  const last = page
    .getByRole('region', { name: 'Choose another time' })
    .getByRole('listitem')
    .last()
    .getByRole('button')
  const time = await last.innerText()
  await last.click()
  await expect(page.getByText(/^Move it from/)).toContainText(time)
  // Everybody is away, from now on.
  await world.owner.door.get('schedule/add-absence', {
    ...{ id: crypto.randomUUID(), memberId: world.doctor.memberId },
    ...{ startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 86_400_000).toISOString() },
  })
  await page.getByRole('button', { name: 'Yes, move it' }).click()
  await expect(page.getByText('Someone else has just taken this time. Choose another one.')).toBeVisible()
  expect(await rowOf(visit.appointmentId)).toMatchObject({ sequence: 0, startsAt: new Date(visit.startsAt) })
  await page.getByRole('button', { name: 'Keep the time I have' }).click()
  await expect(page.getByRole('button', { name: 'Choose another time' })).toBeFocused()
})
