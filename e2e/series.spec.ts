// Somebody comes six times: the desk books all of it in one call, the patient sees all of it on their phone, and the desk takes back
// what is left of it.
import { expect, type Page, test } from '@playwright/test'
import { instantAt } from '../lib/schedule/wall-clock.ts'
import { addDays, dayIn, formatPlainDay } from '../lib/time.ts'
import { desktop, phone, signInPage, type Device } from './browsers.ts'
import { look } from './page-checks.ts'
import { dialogOf, unfold } from './parts.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'
import { clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []
const shoot = pictures('series')
const email = 'six@patient.test'
const name = 'Nora Six'

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
const birth = async (page: Page) => {
  const born = page.getByRole('group', { name: 'Date of birth' })
  await born.getByLabel('Day', { exact: true }).fill('4')
  await born.getByLabel('Month', { exact: true }).fill('5')
  await born.getByLabel('Year', { exact: true }).fill('1961')
}
const long = { weekday: 'long', day: 'numeric', month: 'long' } as const
const dated = (day: string) => formatPlainDay(day, 'en', { ...long, year: 'numeric' })
const words = (day: string) => formatPlainDay(day, 'en', long)

test('six visits are booked in one call beside a holiday, seen on the patient’s phone, and the rest is cancelled at once', async () => {
  const first = addDays(dayIn(clinicZone, new Date()), 3)
  const days = Array.from({ length: 6 }, (_, nth) => addDays(first, 7 * nth))
  await stack.sql(
    `INSERT INTO clinic_day (id, clinic_id, first_day, last_day, closed) VALUES (gen_random_uuid(), $1, $2, $2, true)`,
    [world.clinicId, days[2]],
  )
  const { page, faults } = await own(desktop())
  await signInPage(page, stack.baseUrl, world.desk)
  await page.goto(`${stack.baseUrl}/calendar?day=${first}&span=day&who=${world.doctor.memberId}`)
  await page.getByRole('button', { name: 'Book', exact: true }).click()
  const dialog = dialogOf(page)
  await dialog.getByLabel('Service').selectOption({ label: 'Video consult' })
  await dialog.getByLabel('With').selectOption({ label: 'Dr Mira Okafor' })
  await dialog.getByRole('combobox', { name: 'Repeat' }).selectOption({ label: 'Every week' })
  await expect(dialog.getByText('Choose the first time: the dates that follow')).toBeVisible()
  await unfold(dialog, 'Another time')
  await dialog.getByLabel('Day', { exact: true }).first().fill(first)
  await dialog.getByLabel('Time', { exact: true }).fill('10:00')
  await expect(dialog.getByText('1 date is not free, of 6.')).toBeVisible()
  const dates = dialog.getByRole('list', { name: 'Dates' }).getByRole('listitem')
  await expect(dates).toHaveCount(6)
  await expect(dates.nth(2)).toContainText('The clinic is closed')
  for (const [nth, day] of days.entries()) await expect(dates.nth(nth)).toContainText(`${words(day)}, 10:00`)
  await dialog.getByLabel('Full name').fill(name)
  await birth(page)
  await dialog.getByLabel('Reason').fill('A stiff shoulder')
  await dialog.getByLabel('E-mail').fill(email)
  await dialog.getByRole('button', { name: 'Book 6 visits' }).click()
  await expect(dialog.getByText('1 date is not free: choose another time for each, or leave it out.')).toBeVisible()
  await dates.nth(2).scrollIntoViewIfNeeded()
  await shoot(page, 'dates')
  await look(page, 'the dates of a series', { dialog: true })
  await dates
    .nth(2)
    .getByRole('button', { name: /^Take / })
    .click()
  await expect(dialog.getByText('6 visits can be booked.')).toBeVisible()
  await dates
    .nth(5)
    .getByRole('button', { name: /^Leave out/ })
    .click()
  await expect(dialog.getByRole('button', { name: 'Book 5 visits' })).toBeVisible()
  // What was said before is shown until all six are looked at anew.
  const anew = page.waitForResponse(
    (response) => response.url().endsWith('/desk/check') && response.request().postDataJSON().starts.length === 6,
  )
  await dates
    .nth(5)
    .getByRole('button', { name: /^Put back/ })
    .click()
  await anew
  await expect(dialog.getByText('6 visits can be booked.')).toBeVisible()

  // Somebody takes the fifth meanwhile: nothing is booked, it is said which, and nothing that was typed is lost.
  const other = await world.book({ notBefore: instantAt(days[4]!, 600, clinicZone) })
  await dialog.getByRole('button', { name: 'Book 6 visits' }).click()
  await expect(dialog.getByText(`Nothing was booked: ${words(days[4]!)} cannot be had any more.`)).toBeVisible()
  await expect(dates.nth(4)).toContainText('Taken')
  await expect(dialog.getByLabel('Full name')).toHaveValue(name)
  const mine = () =>
    stack.sql<{ id: string; status: string; series: string; at: string }>(
      `SELECT id, status::text, series_id::text AS series, to_char(starts_at AT TIME ZONE $2, 'YYYY-MM-DD') AS at
       FROM appointment WHERE id <> $1 ORDER BY starts_at`,
      [other.appointmentId, clinicZone],
    )
  expect(await mine()).toEqual([])
  await dates
    .nth(4)
    .getByRole('button', { name: /^Take / })
    .click()
  await expect(dialog.getByText('6 visits can be booked.')).toBeVisible()
  await dialog.getByRole('button', { name: 'Book 6 visits' }).dblclick()
  await expect(dialog.getByText('6 visits with Dr Mira Okafor are booked.')).toBeVisible()
  await expect(dialog.getByRole('list', { name: 'Dates' }).getByRole('listitem')).toHaveCount(6)
  await shoot(page, 'booked')
  await look(page, 'a series that is booked', { dialog: true })
  const link = await dialog.getByLabel('Link of the appointment').inputValue()
  const rows = await mine()
  expect(rows.map(({ status }) => status)).toEqual(Array(6).fill('booked'))
  expect(new Set(rows.map(({ series }) => series)).size).toBe(1)
  expect(link).toContain(`/a/${rows[0]!.id}#s=`)
  expect(
    await stack.sql(`SELECT DISTINCT appointment_id FROM record WHERE type = 'reason' AND appointment_id = ANY($1)`, [
      rows.map(({ id }) => id),
    ]),
  ).toHaveLength(6)
  await dialog.getByRole('button', { name: 'Done' }).click()

  // One mail, with all dates and a calendar of all of them.
  const mails = async (subject: RegExp) => (await stack.mails(email)).filter((mail) => subject.test(mail.subject))
  await expect.poll(async () => (await mails(/^Your appointments? with/)).length, { timeout: 30_000 }).toBe(1)
  const [mail] = await mails(/^Your appointments with/)
  expect(mail!.text).toContain('6 appointments with')
  for (const nth of [0, 1, 3, 5]) expect(mail!.text).toContain(`${dated(days[nth]!)}, 10:00`)
  expect(mail!.text).not.toContain('stiff')

  // On the patient's own device each date leads to its visit.
  const patient = await own(phone())
  await patient.page.goto(link)
  await patient.page.getByLabel('Your full name').fill(name)
  await birth(patient.page)
  await patient.page.getByRole('button', { name: 'This is me' }).click()
  await expect(patient.page.getByText(`For ${name}`)).toBeVisible()
  const all = patient.page.getByRole('listitem').filter({ hasText: /, \d\d:\d\d/ })
  await expect(all).toHaveCount(6)
  await expect(all.getByRole('link')).toHaveCount(5)
  await shoot(patient.page, 'patient')
  await look(patient.page, 'the visits of a series')
  await all.getByRole('link', { name: new RegExp(`^${dated(days[3]!)}`) }).click()
  await expect(patient.page).toHaveURL(new RegExp(`/a/${rows[3]!.id}$`))
  await expect(patient.page.getByText(`For ${name}`)).toBeVisible()
  await expect(all.filter({ hasText: 'This one' })).toContainText(dated(days[3]!))

  // From the fourth on it is taken back at once.
  await page.goto(`${stack.baseUrl}/calendar?day=${days[3]}&span=day&who=${world.doctor.memberId}`)
  await page.getByRole('button', { name: new RegExp(`, ${name}, Video consult,`) }).press('Enter')
  await page.getByRole('menuitem', { name: 'Cancel', exact: true }).click()
  const asked = page.getByRole('alertdialog')
  await asked.getByLabel(/^This one and the 2 later ones, until /).check()
  await shoot(page, 'cancel')
  await look(page, 'cancelling the rest of a series', { dialog: true })
  await asked.getByRole('button', { name: 'Cancel 3 appointments' }).dblclick()
  await expect(page.getByText('The appointments are cancelled.')).toBeVisible()
  expect((await mine()).map(({ status }) => status)).toEqual([
    ...Array(3).fill('booked'),
    ...Array(3).fill('cancelled'),
  ])
  await expect.poll(async () => (await mails(/^Cancelled/)).length, { timeout: 30_000 }).toBe(1)
  expect((await mails(/^Cancelled/))[0]!.text).toContain(dated(days[5]!))
  await patient.page.goto(link)
  await expect(all).toHaveCount(3)
  // The refusal of what was taken.
  expect([...faults, ...patient.faults]).toEqual([expect.stringContaining('409')])
})
