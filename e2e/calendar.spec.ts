// The staff's calendar: days and weeks, by pointer and by keyboard, on several screens at once, and on a phone.
import { expect, type Locator, test, type Page } from '@playwright/test'
import { PDFDocument } from 'pdf-lib'
import { addDays, dayIn, formatPlainDay, formatTime, isoWeekday } from '../lib/time.ts'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { calm, look, settled } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld, type Staff } from './world.ts'
import { clinicHour, clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
let sam: Staff
const open: Device[] = []
/** Far enough that no other test's booking is on it. */
const today = dayIn(clinicZone, new Date())
const day = addDays(today, 2)

test.describe.configure({ timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  sam = await world.join(['practitioner'], 'Dr Sam Reyes')
  const { door } = world.owner
  const { services } = await door.get('clinic/settings', {})
  const found = services.find((each) => each.id === world.services.free.id)!
  const { id, version, currency: _, intakeVersion: __, ...service } = found
  const practitionerIds = [...service.practitionerIds, sam.memberId]
  await door.get('clinic/save-service', { id, version, service: { ...service, practitionerIds } })
  const hours = (from: number, until: number) =>
    [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, startMinute: from * 60, endMinute: until * 60 }))
  await door.get('schedule/save-week', { memberId: world.doctor.memberId, hours: hours(9, 17) })
  await door.get('schedule/save-week', { memberId: sam.memberId, hours: hours(10, 16) })
})
test.afterAll(() => stack?.down())
test.afterEach(() => Promise.all(open.splice(0).map((device) => device.close())))
const own = async (made: Promise<Device>) => {
  const device = await made
  open.push(device)
  return device
}
/** At the first hour of Mira's day or later; only Mira is asked. */
const book = (name: string, on = day, at = 0) => world.book({ fields: { name }, notBefore: clinicHour(on, 0), at })
const path = (query: Record<string, string>) => `${stack.baseUrl}/calendar?${new URLSearchParams(query)}`
const block = (page: Page, name: string) =>
  page.getByRole('button', { name: new RegExp(`^(.*, )?\\d\\d:\\d\\d (to|à) .*, ${name},`) })
const says = (iso: string) => formatTime(new Date(iso), clinicZone, 'en')

test('a day and a week, by the keyboard alone: each appointment says the whole of itself', async () => {
  const first = await book('Ada Keys')
  const second = await book('Bea Keys', day, 2)
  const { page, faults } = await own(desktop())
  await signInPage(page, stack.baseUrl, world.desk)
  await page.getByRole('link', { name: 'Calendar', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1 })).toContainText(
    formatPlainDay(today, 'en', { day: 'numeric', month: 'long' }),
  )
  await page.goto(path({ day, span: 'day', who: 'all' }))
  const ada = block(page, 'Ada Keys')
  const at = (iso: string) => `${says(iso)} to ${says(new Date(Date.parse(iso) + 15 * 60_000).toISOString())}`
  await expect(ada).toHaveAccessibleName(`${at(first.startsAt)}, Ada Keys, First talk, Dr Mira Okafor, Booked`)
  await expect(page.getByRole('group', { name: 'Dr Mira Okafor 09:00–17:00' })).toBeVisible()
  await expect(page.getByRole('group', { name: 'Dr Sam Reyes 10:00–16:00' })).toBeVisible()
  // One stop for Tab among them all, and arrows from there.
  await expect(page.locator('[data-block][tabindex="0"]')).toHaveCount(1)
  await ada.focus()
  await page.keyboard.press('ArrowDown')
  const bea = block(page, 'Bea Keys')
  await expect(bea).toBeFocused()
  await expect(bea).toHaveAttribute('tabindex', '0')
  await page.keyboard.press('Home')
  await expect(ada).toBeFocused()
  await page.keyboard.press('Enter')
  const menu = page.getByRole('menu')
  await expect(menu).toContainText('Ada Keys')
  await expect(menu.getByRole('menuitem', { name: 'Move', exact: true })).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(menu).toHaveCount(0)
  await expect(ada).toBeFocused()
  await look(page, '/calendar, a day', { size: 'desktop' })
  // A day is one sheet, and lies down.
  const sheets = (await PDFDocument.load(await page.pdf({ preferCSSPageSize: true }))).getPages()
  expect(sheets.map((sheet) => sheet.getWidth() > sheet.getHeight())).toEqual([true])

  await page.getByRole('link', { name: 'Week', exact: true }).press('Enter')
  const full = { weekday: 'long', day: 'numeric', month: 'long' } as const
  const cell = page.getByRole('link', {
    name: `Dr Mira Okafor, ${formatPlainDay(day, 'en', full)}: 2 appointments, 0.5 h booked of 8 h`,
  })
  await expect(cell).toBeVisible()
  await expect(page.getByText('Ada Keys')).toHaveCount(0)
  await look(page, '/calendar, everybody’s week', { size: 'desktop' })
  await cell.press('Enter')
  await expect(block(page, 'Bea Keys')).toBeVisible()
  await page.getByRole('link', { name: 'Week', exact: true }).press('Enter')
  await expect(page.locator('[data-column]')).toHaveCount(7)
  const weekday = formatPlainDay(day, 'en', { weekday: 'long', day: 'numeric' })
  await expect(block(page, 'Bea Keys')).toHaveAccessibleName(
    `${weekday}, ${at(second.startsAt)}, Bea Keys, First talk, Dr Mira Okafor, Booked`,
  )
  await page.getByLabel('Go to a day').fill(addDays(day, 70))
  const monday = addDays(day, 71 - isoWeekday(addDays(day, 70)))
  await expect(page.getByRole('heading', { level: 1 })).toContainText(
    formatPlainDay(monday, 'en', { day: 'numeric', month: 'long' }),
  )
  await expect(page.getByText('Nobody is booked here.')).toBeVisible()
  expect(faults).toEqual([])
})

test('one is dragged to another time and another practitioner, made longer, and left where it was', async () => {
  const on = addDays(today, 5)
  const visit = await book('Edda Drag', on)
  const other = await book('Finn Stays', on, 2)
  expect([says(visit.startsAt), says(other.startsAt)]).toEqual(['09:00', '09:45'])
  const { page, faults } = await own(desktop())
  await signInPage(page, stack.baseUrl, world.desk)
  await page.goto(path({ day: on, span: 'day', who: 'all' }))
  const edda = block(page, 'Edda Drag')
  const ghost = page.locator('[data-drag]')
  const dialog = page.getByRole('alertdialog')
  const box = async (of: Locator) => (await of.boundingBox())!
  const hour = 96
  /** Takes it above its lower edge, or by that, and goes so many hours down and columns across. */
  const drag = async (hours: number, across = 0, edge = false) => {
    const [from, column] = [await box(edda), await box(page.locator('[data-column]').first())]
    const [x, y] = [from.x + 20, from.y + (edge ? from.height - 2 : 8)]
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 10, y + 10)
    await page.mouse.move(x + across * column.width, y + hours * hour, { steps: 4 })
  }
  const place = async () =>
    (
      await stack.sql<{ at: Date; minutes: number; member: string; sequence: number }>(
        `SELECT starts_at AS at, (extract(epoch FROM ends_at - starts_at) / 60)::int AS minutes, member_id AS member, sequence
         FROM appointment WHERE id = $1`,
        [visit.appointmentId],
      )
    ).map(({ at, ...rest }) => ({ ...rest, at: formatTime(at, clinicZone, 'en') }))[0]
  const here = { at: '09:00', minutes: 15, member: world.doctor.memberId, sequence: 0 }

  // Escape while it is held: nothing is asked, nothing opens.
  await drag(3)
  await expect(ghost).toHaveText('12:00 to 12:15, Dr Mira Okafor')
  await page.keyboard.press('Escape')
  await expect(ghost).toBeHidden()
  await page.mouse.up()
  await expect(dialog).toHaveCount(0)
  await expect(page.getByRole('menu')).toHaveCount(0)

  // A time that is taken: asked, refused, and back where it was.
  await drag(0.75)
  await page.mouse.up()
  const when = formatPlainDay(on, 'en', { weekday: 'long', day: 'numeric', month: 'long' })
  await expect(dialog).toContainText(`From ${when}, 09:00 to 09:15, with Dr Mira Okafor`)
  await expect(dialog).toContainText(`To ${when}, 09:45 to 10:00, with Dr Mira Okafor`)
  await expect(dialog).toContainText('The patient gets a mail with the new time')
  await look(page, '/calendar, a question', { dialog: true, size: 'desktop' })
  expect(await place()).toEqual(here)
  await dialog.getByRole('button', { name: 'Move the appointment' }).click()
  await expect(
    page.getByText('The appointment stays where it was. Something else is booked then.').first(),
  ).toBeVisible()
  await expect(dialog).toHaveCount(0)
  await expect(edda).toHaveAccessibleName(/^09:00 to 09:15/)
  await expect(edda).toBeFocused()

  // To Sam, before his hours: said, and moved anyway. It is followed, and its patient gets one mail.
  await drag(0.25, 1)
  await expect(ghost).toHaveText('09:15 to 09:30, Dr Sam Reyes')
  await page.mouse.up()
  await dialog.getByRole('button', { name: 'Move the appointment' }).click()
  await expect(dialog).toContainText('Nobody is there then, by the hours')
  await dialog.getByRole('button', { name: 'Move it anyway' }).dblclick()
  await expect(page.getByRole('group', { name: /^Dr Sam Reyes/ }).getByRole('button')).toHaveAccessibleName(
    '09:15 to 09:30, Edda Drag, First talk, Dr Sam Reyes, Booked',
  )
  await expect(edda).toBeFocused()
  expect(await place()).toEqual({ at: '09:15', minutes: 15, member: sam.memberId, sequence: 1 })
  const moved = async () =>
    (await stack.mails(visit.patient.fields.email)).filter(({ subject }) => subject.startsWith('Moved:'))
  await expect.poll(async () => (await moved()).length).toBe(1)

  // By its lower edge.
  await drag(0.5, 0, true)
  await expect(ghost).toHaveText('09:15 to 10:00, Dr Sam Reyes')
  await page.mouse.up()
  await dialog.getByRole('button', { name: 'Move the appointment' }).click()
  await dialog.getByRole('button', { name: 'Move it anyway' }).click()
  await expect(edda).toHaveAccessibleName(/^09:15 to 10:00/)
  expect(await place()).toMatchObject({ minutes: 45, sequence: 2 })

  // By the keyboard: two steps later, back to Mira, and what is not wanted is left.
  await edda.focus()
  const told = page.getByRole('status').filter({ hasText: 'Moving:' })
  await page.keyboard.press('m')
  await expect(told).toContainText('09:15 to 10:00, Dr Sam Reyes')
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Shift+ArrowUp')
  await expect(told).toContainText('09:30 to 10:10, Dr Mira Okafor')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('status').filter({ hasText: 'Left where it was.' })).toHaveCount(1)
  await expect(edda).toBeFocused()
  await page.keyboard.press('m')
  for (const key of ['ArrowLeft', 'ArrowUp', 'Enter']) await page.keyboard.press(key)
  await expect(dialog).toContainText(`To ${when}, 09:00 to 09:45, with Dr Mira Okafor`)
  await page.keyboard.press('Tab')
  await dialog.getByRole('button', { name: 'Move the appointment' }).press('Enter')
  await expect(dialog).toHaveCount(0)
  await expect(edda).toHaveAccessibleName(/^09:00 to 09:45, Edda Drag, First talk, Dr Mira Okafor/)
  await expect(edda).toBeFocused()
  expect(await place()).toEqual({ ...here, minutes: 45, sequence: 3 })
  // What was refused is said by the browser too.
  expect(faults.filter((fault) => !fault.includes('409'))).toEqual([])
})

test('two screens show what was booked, moved and cancelled, and each what it may', async () => {
  const on = addDays(today, 3)
  const [desk, doctor] = [await own(desktop()), await own(desktop())]
  await signInPage(desk.page, stack.baseUrl, world.desk)
  await signInPage(doctor.page, stack.baseUrl, world.doctor)
  for (const { page } of [desk, doctor]) {
    await page.goto(path({ day: on, span: 'day', who: 'all' }))
    await expect(page.getByText('Nobody is booked here.')).toBeVisible()
  }
  const visit = await book('Cleo Live', on)
  // Sooner than anything would be read anew by itself.
  const soon = { timeout: 12_000 }
  await Promise.all([desk, doctor].map(({ page }) => expect(block(page, 'Cleo Live')).toBeVisible(soon)))
  // A practitioner opens the chart from here, the desk does not.
  await block(desk.page, 'Cleo Live').click()
  await expect(desk.page.getByRole('menuitem', { name: 'Move', exact: true })).toBeVisible()
  await expect(desk.page.getByRole('menuitem', { name: 'Open', exact: true })).toHaveCount(0)
  await desk.page.getByRole('menuitem', { name: 'Move', exact: true }).click()
  const dialog = desk.page.getByRole('dialog')
  await dialog.getByRole('button', { name: '15:00', exact: true }).click()
  await dialog.getByRole('button', { name: 'Move the appointment' }).click()
  await expect(dialog).toHaveCount(0)
  const moved = /^15:00 to 15:15, Cleo Live,/
  await Promise.all(
    [desk, doctor].map(({ page }) => expect(page.getByRole('button', { name: moved })).toBeVisible(soon)),
  )
  await expect(desk.page.getByRole('button', { name: moved })).toBeFocused()
  await block(doctor.page, 'Cleo Live').click()
  await doctor.page.getByRole('menuitem', { name: 'Open', exact: true }).click()
  await expect(doctor.page).toHaveURL(new RegExp(visit.appointmentId))
  await doctor.page.goBack()
  await expect(block(doctor.page, 'Cleo Live')).toBeVisible()
  await world.desk.door.get('booking/cancel-by-clinic', {
    ...{ id: visit.appointmentId },
    startsAt: (
      await stack.sql<{ at: Date }>('SELECT starts_at AS at FROM appointment WHERE id = $1', [visit.appointmentId])
    )[0]!.at.toISOString(),
  })
  await Promise.all([desk, doctor].map(({ page }) => expect(block(page, 'Cleo Live')).toHaveCount(0, soon)))
})

test('on a phone, in French: one practitioner at a time', async () => {
  const on = addDays(today, 4)
  await book('Dora Mobile', on)
  const { page, context, faults } = await own(phone({ locale: 'fr-FR' }))
  await context.addCookies([{ name: 'locale', value: 'fr', url: stack.baseUrl }])
  await page.goto(`${stack.baseUrl}/sign-in`)
  await page.locator('input[type=email]').fill(world.doctor.email)
  await page.locator('input[type=password]').fill(world.doctor.password)
  await page.locator('main form button[type=submit]').last().click()
  await expect(page).toHaveURL(/\/today/, { timeout: 40_000 })
  await page.getByRole('link', { name: 'Agenda', exact: true }).click()
  await expect(page.getByText('Heures de')).toBeVisible()
  await page.goto(path({ day: on, span: 'day', who: 'all' }))
  await expect(block(page, 'Dora Mobile')).toHaveAccessibleName(
    /^\d\d:\d\d à \d\d:\d\d, Dora Mobile, First talk, Dr Mira Okafor, Réservé$/,
  )
  const [mira, samuel] = [
    page.getByRole('group', { name: /^Dr Mira Okafor/ }),
    page.getByRole('group', { name: /^Dr Sam Reyes/ }),
  ]
  await expect(mira).toBeInViewport()
  await expect(samuel).not.toBeInViewport()
  await samuel.scrollIntoViewIfNeeded()
  await settled(page)
  await look(page, 'fr /calendar, a day', { size: 'phone' })
  await calm(page, 'fr /calendar')
  await block(page, 'Dora Mobile').tap()
  await expect(page.getByRole('menuitem', { name: 'Ouvrir', exact: true })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Semaine', exact: true }).click()
  await expect(page.getByRole('table', { name: 'La semaine de tous' })).toBeVisible()
  await look(page, 'fr /calendar, everybody’s week', { size: 'phone' })
  expect(faults).toEqual([])
})
