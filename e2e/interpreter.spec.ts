// An interpreter is asked before the patient is told of anything: on a yes the visit is booked, on a no the desk chooses another time
// for it, and types nothing again.
import { expect, type Page, test } from '@playwright/test'
import { addDays, dayIn, formatPlainDay } from '../lib/time.ts'
import { desktop, phone, signInPage, type Device } from './browsers.ts'
import { linkIn } from './journey.ts'
import { look, narrow } from './page-checks.ts'
import { dialogOf, unfold } from './parts.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'
import { clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []
const shoot = pictures('interpreter')
const email = 'samira@patient.test'
const name = 'Samira Away'
const secrets = [name, 'A cough since May', email]

test.describe.configure({ timeout: 400_000 })
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
const mailOf = async (to: string, subject: string) => {
  const found = async () => (await stack.mails(to)).filter((mail) => mail.subject.startsWith(subject))
  await expect.poll(found, { timeout: 60_000 }).toHaveLength(1)
  return (await found())[0]!
}
const along = /https?:\S+\/along\/\S+#s=[\w-]+/
const first = addDays(dayIn(clinicZone, new Date()), 5)
const words = (day: string) => formatPlainDay(day, 'en', { weekday: 'long', day: 'numeric', month: 'long' })

/** Fills the desk's dialog for a caller, with an interpreter who is asked first. */
async function askFirst(
  page: Page,
  { time, interpreter, caller }: { time: string; interpreter: string; caller: string },
) {
  await page.getByRole('button', { name: 'Book', exact: true }).click()
  const dialog = dialogOf(page)
  await dialog.getByLabel('Service').selectOption({ label: 'Video consult' })
  await dialog.getByLabel('With').selectOption({ label: 'Dr Mira Okafor' })
  await unfold(dialog, 'Another time')
  await dialog.getByLabel('Day', { exact: true }).first().fill(first)
  await dialog.getByLabel('Time', { exact: true }).fill(time)
  await expect(dialog.getByText(`${words(first)}, ${time}, with Dr Mira Okafor`)).toBeVisible()
  await dialog.getByLabel('Full name').fill(caller)
  const born = page.getByRole('group', { name: 'Date of birth' })
  await born.getByLabel('Day', { exact: true }).fill('4')
  await born.getByLabel('Month', { exact: true }).fill('5')
  await born.getByLabel('Year', { exact: true }).fill('1961')
  await dialog.getByLabel('Reason').fill('A cough since May')
  await dialog.getByLabel('E-mail').fill(caller === name ? email : `second-${email}`)
  await dialog.getByRole('combobox', { name: 'Comes along' }).selectOption({ label: 'An interpreter' })
  await dialog.getByLabel('E-mail of who comes along').fill(interpreter)
  await dialog.getByLabel('Only if they can come').check()
  return dialog
}

test('an interpreter is asked first; on a yes the patient is told, on a no another time is chosen without typing', async () => {
  const { page, faults } = await own(desktop())
  await signInPage(page, stack.baseUrl, world.desk)
  await page.goto(`${stack.baseUrl}/calendar?day=${first}&span=day&who=${world.doctor.memberId}`)
  let dialog = await askFirst(page, { time: '10:00', interpreter: 'noor@agency.test', caller: name })
  await dialog.getByRole('button', { name: 'Hold the time and ask' }).click()
  await expect(dialog.getByLabel('Language to interpret')).toBeFocused()
  await dialog.getByLabel('Language to interpret').fill('Dari')
  await dialog.getByRole('textbox', { name: /^Name/ }).fill('Noor Haidari')
  await look(page, 'asking an interpreter first', { dialog: true })
  await shoot(page, 'ask')
  await dialog.getByRole('button', { name: 'Hold the time and ask' }).dblclick()
  await expect(dialog.getByRole('heading', { name: 'Held, not booked yet' })).toBeVisible()
  await shoot(page, 'held')
  await dialog.getByRole('button', { name: 'Done' }).click()
  const list = page.getByRole('list', { name: 'Who comes along' })
  await expect(list.getByRole('listitem')).toHaveCount(1, { timeout: 60_000 })
  await expect(list).toContainText(name)
  await expect(list).toContainText('Held until')

  // In the calendar too: taken, under her name, and its line in the list is one press away.
  const band = page.getByRole('button', {
    name: new RegExp(`^10:00 to [\\d:]+, ${name}, Video consult, Dr Mira Okafor, Held until the interpreter answers$`),
  })
  await expect(band).toBeVisible()
  await shoot(page, 'band')
  await band.click()
  await expect(list.getByRole('listitem')).toBeFocused()
  await expect(page.getByRole('dialog')).toHaveCount(0)

  // The interpreter, on a phone: when and which language, and nothing of whom.
  const asked = await mailOf('noor@agency.test', 'Can you come?')
  for (const word of [...secrets, 'Video consult', 'Noor']) expect(asked.text).not.toContain(word)
  expect(await stack.mails(email)).toEqual([])
  const link = linkIn(asked.text, along)
  const mobile = await own(phone())
  await mobile.page.goto(link)
  await expect(mobile.page.getByRole('heading', { name: `${world.name} asks whether you can interpret` })).toBeVisible()
  await expect(mobile.page.getByText('Dari')).toBeVisible()
  for (const word of [...secrets, 'Video consult']) await expect(mobile.page.locator('body')).not.toContainText(word)
  await look(mobile.page, 'whether somebody can come')
  await narrow(mobile.page, 'whether somebody can come')
  await shoot(mobile.page, 'page')
  await mobile.page.getByRole('button', { name: 'Yes, I can come' }).dblclick()
  await expect(mobile.page.getByRole('heading', { name: 'You are expected' })).toBeVisible()
  await expect(mobile.page.getByRole('status').filter({ hasText: 'You are expected' })).toBeFocused()
  await shoot(mobile.page, 'expected')
  const kept = await mailOf('noor@agency.test', 'You are expected')
  expect(kept.attachments.map(({ type }) => type)).toContainEqual(expect.stringContaining('text/calendar'))
  const told = await mailOf(email, 'Your appointment with')
  expect(told.text).toMatch(/\/a\/[0-9a-f-]{36}#s=/)
  // Booked: off the list, and in the calendar under her name.
  await expect(list).toHaveCount(0, { timeout: 60_000 })
  await expect(band).toHaveCount(0)
  await expect(page.getByRole('button', { name: new RegExp(`, ${name}, Video consult,`) })).toBeVisible()

  // Another one cannot come: her visit is on the list, with all that was written.
  dialog = await askFirst(page, { time: '11:00', interpreter: 'basim@agency.test', caller: 'Samira Second' })
  await dialog.getByLabel('Language to interpret').fill('Arabic')
  await dialog.getByRole('button', { name: 'Hold the time and ask' }).click()
  await expect(dialog.getByRole('heading', { name: 'Held, not booked yet' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
  const second = await own(phone())
  await second.page.goto(linkIn((await mailOf('basim@agency.test', 'Can you come?')).text, along))
  await second.page.getByRole('button', { name: 'No, I cannot' }).click()
  await expect(second.page.getByRole('heading', { name: 'You said no' })).toBeVisible()
  await expect(list).toContainText('Cannot come', { timeout: 60_000 })
  await expect(list).toContainText('Samira Second')
  await look(page, 'who cannot come')
  await shoot(page, 'list')
  await list.getByRole('button', { name: 'Choose another time for Samira Second' }).click()
  dialog = dialogOf(page)
  await expect(dialog.getByRole('heading', { name: 'Another time for Samira Second' })).toBeVisible()
  // On a low screen the button is far below what is missing: that comes in sight.
  await expect(dialog.getByText('Another time', { exact: true })).toBeVisible()
  const size = page.viewportSize()!
  await page.setViewportSize({ ...size, height: 380 })
  await dialog.getByRole('button', { name: 'Hold this time and ask' }).click()
  await expect(dialog.getByRole('alert').filter({ hasText: 'Choose a time.' })).toBeInViewport()
  await page.setViewportSize(size)
  await unfold(dialog, 'Another time')
  await dialog.getByLabel('Day', { exact: true }).fill(first)
  await dialog.getByLabel('Time', { exact: true }).fill('14:00')
  await expect(dialog.getByText(`${words(first)}, 14:00, with Dr Mira Okafor`)).toBeVisible()
  await look(page, 'choosing another time', { dialog: true })
  await shoot(page, 'again')
  await dialog.getByLabel('Nobody: book it at once').check()
  await dialog.getByRole('button', { name: 'Book this time' }).dblclick()
  await expect(dialog).toHaveCount(0)
  await expect(list).toHaveCount(0, { timeout: 60_000 })
  await mailOf(`second-${email}`, 'Your appointment with')
  const rows = await stack.sql<{ status: string; types: string }>(
    `SELECT a.status::text, (SELECT string_agg(type, ',' ORDER BY type) FROM record r WHERE r.appointment_id = a.id OR r.patient_id = a.patient_id) AS types
     FROM appointment a WHERE a.clinic_id = $1 ORDER BY a.starts_at`,
    [world.clinicId],
  )
  expect(rows).toEqual(Array(2).fill({ status: 'booked', types: 'identity,reason' }))

  // Hers is taken back by the interpreter, and somebody else is asked from the visit's own menu.
  await mobile.page.reload()
  await mobile.page.getByRole('button', { name: 'I cannot come after all' }).click()
  await expect(mobile.page.getByRole('heading', { name: 'You said no' })).toBeVisible()
  await expect(list).toContainText('The visit stands without them.', { timeout: 60_000 })
  await list.getByRole('button', { name: `Ask somebody else for ${name}` }).click()
  dialog = dialogOf(page)
  await dialog.getByRole('combobox', { name: 'Comes along' }).selectOption({ label: 'A companion' })
  await dialog.getByLabel('E-mail of who comes along').fill('sister@family.test')
  // Nothing that was typed is lost by Escape.
  await page.keyboard.press('Escape')
  await expect(dialog.getByLabel('E-mail of who comes along')).toHaveValue('sister@family.test')
  await look(page, 'asking somebody else', { dialog: true })
  await shoot(page, 'visit')
  await dialog.getByRole('button', { name: 'Ask somebody else' }).click()
  await expect(dialog).toHaveCount(0)
  await mailOf('sister@family.test', 'Can you come?')
  await expect(list).toHaveCount(0, { timeout: 60_000 })
  expect(faults).toEqual([])
})
