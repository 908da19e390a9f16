// Visits that the desk puts in beside what is booked: from the hours that allow them to the calendar that shows both.
import { expect, type Page, test } from '@playwright/test'
import { addDays, dayIn, formatTime } from '../lib/time.ts'
import { desktop, type Device, signInPage } from './browsers.ts'
import { look } from './page-checks.ts'
import { button, dialogOf, unfold } from './parts.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld } from './world.ts'
import { clinicHour, clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []
const shoot = pictures('walk-in')
const day = addDays(dayIn(clinicZone, new Date()), 2)

test.describe.configure({ timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  const hours = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, startMinute: 540, endMinute: 1020 }))
  await world.owner.door.get('schedule/save-week', { memberId: world.doctor.memberId, hours })
})
test.afterEach(() => Promise.all(open.splice(0).map((device) => device.close())))
test.afterAll(() => stack?.down())
const own = async (made: Promise<Device>) => {
  const device = await made
  open.push(device)
  return device
}

/** In the words of either desk. */
const words = {
  en: {
    book: 'Book',
    service: 'Service',
    with: 'With',
    other: 'Another time',
    name: 'Full name',
    born: 'Date of birth',
  },
  fr: {
    ...{ book: 'Réserver', service: 'Prestation', with: 'Avec', other: 'Une autre heure', name: 'Nom complet' },
    born: 'Date de naissance',
  },
}
const parts = { en: ['Day', 'Month', 'Year'], fr: ['Jour', 'Mois', 'Année'] }

async function type(page: Page, said: string, locale: 'en' | 'fr' = 'en') {
  const dialog = dialogOf(page)
  await dialog.getByLabel(words[locale].name).fill(said)
  const born = dialog.getByRole('group', { name: words[locale].born })
  for (const [index, part] of parts[locale].entries())
    await born.getByLabel(part, { exact: true }).fill(['4', '5', '1961'][index]!)
}
/** The dialog, with the time of the booked visit in it. */
async function begin(page: Page, time: string, locale: 'en' | 'fr' = 'en') {
  const said = words[locale]
  await button(page, new RegExp(`^${said.book}$`)).click()
  const dialog = dialogOf(page)
  await dialog.getByLabel(said.service).selectOption({ label: 'First talk' })
  await dialog.getByLabel(said.with, { exact: true }).selectOption({ label: world.doctor.name })
  await dialog.getByText(said.other, { exact: true }).click()
  await dialog.locator('input[type=date]').fill(day)
  await dialog.locator('input[type=time]').fill(time)
  return dialog
}

// Defence: `takeLane` in lib/booking/walk-in.ts; without it any number is put in.
test('the desk puts a walk-in beside what is booked, as the hours allow, and the public sees none of it', async () => {
  const { memberId } = world.doctor
  const booked = await world.book({ fields: { name: 'Bea Booked' }, notBefore: clinicHour(day, 9) })
  const time = formatTime(new Date(booked.startsAt), clinicZone, 'en')
  const free = async () => {
    const ask = { clinicId: world.clinicId, serviceId: world.services.free.id, from: day, days: 1 }
    return (await world.desk.door.get('booking/slots', ask)).slots
  }
  const before = await free()
  expect(before.length).toBeGreaterThan(10)

  const { page: owner, faults: owners } = await own(desktop())
  await signInPage(owner, stack.baseUrl, world.owner)
  await owner.goto(`${stack.baseUrl}/admin/hours`)
  const week = owner.getByRole('form', { name: world.doctor.name })
  const choices = week.getByLabel(/walk-ins beside/)
  await expect(choices).toHaveCount(7)
  for (const choice of await choices.all()) await choice.selectOption('1 walk-in')
  await week.getByRole('button', { name: 'Save hours' }).click()
  await expect(owner.getByText('Hours saved.').first()).toBeVisible()
  await look(owner, 'hours with walk-ins')
  await shoot(owner, 'hours')

  // Two desks with the same person before them, one of them in French.
  const calendar = `${stack.baseUrl}/calendar?day=${day}&span=day&who=${memberId}`
  const { page, faults } = await own(desktop())
  await signInPage(page, stack.baseUrl, world.desk)
  await page.goto(calendar)
  const second = await own(desktop())
  await signInPage(second.page, stack.baseUrl, world.desk)
  await second.context.addCookies([{ name: 'locale', value: 'fr', url: stack.baseUrl }])
  await second.page.goto(calendar)
  const dialog = await begin(page, time)
  await expect(dialog.getByText(/It can be put in beside it, as a walk-in/)).toBeVisible()
  await dialog.getByLabel('As a walk-in, beside what is booked').check()
  await expect(dialog.getByText('1 more of 1 at once.')).toBeVisible()
  await expect(dialog.getByText(/It can be put in beside it/)).toHaveCount(0)
  await expect(dialog.getByText('A walk-in is one visit, and is not repeated.')).toBeVisible()
  await expect(dialog.getByLabel('Repeat')).toHaveCount(0)
  await look(page, 'a walk-in', { dialog: true })
  await shoot(page, 'dialog')
  const late = await begin(second.page, time, 'fr')
  await late.getByLabel('Sans rendez-vous, à côté de ce qui est réservé').check()
  await expect(late.getByText('Encore 1 place (au plus 1 à la fois).')).toBeVisible()
  await shoot(second.page, 'dialog-fr')
  await type(page, 'Wanda Walker')
  await type(second.page, 'Loïc Late', 'fr')
  await button(page, 'Book the appointment').dblclick()
  await expect(dialog.getByRole('heading', { name: 'Booked' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await button(second.page, 'Réserver le rendez-vous').click()
  await expect(late.getByText(/^Aucune visite sans rendez-vous ne peut être ajoutée à cette heure/)).toBeVisible()
  await expect(late.getByText('Plus de place (au plus 1 à la fois).')).toBeVisible()
  await expect(late.getByLabel('Nom complet')).toHaveValue('Loïc Late')
  await shoot(second.page, 'lost-fr')

  // Side by side, said, and both in the arrows' way.
  const walkIn = page.getByRole('button', { name: /, Wanda Walker, First talk, .*, walk-in, / })
  const other = page.getByRole('button', { name: /, Bea Booked, First talk, / })
  await expect(walkIn).toBeVisible()
  const [a, b] = [(await walkIn.boundingBox())!, (await other.boundingBox())!]
  expect(a.x + a.width <= b.x + 1 || b.x + b.width <= a.x + 1).toBe(true)
  await look(page, 'a walk-in in the calendar')
  await shoot(page, 'calendar')
  await walkIn.focus()
  await page.keyboard.press('Home')
  await expect(other.or(walkIn).first()).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(other.or(walkIn).last()).toBeFocused()
  expect(await free()).toEqual(before)

  // To a time that is free, which it takes like any other; and back to one that is taken, where it is asked.
  const ask = page.getByRole('alertdialog')
  await walkIn.focus()
  for (const key of ['m', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
  await expect(ask).toContainText('A walk-in that is moved to a free time takes it, like any appointment.')
  await ask.getByRole('button', { name: 'Move the appointment' }).click()
  await expect(ask).toHaveCount(0)
  const wanda = page.getByRole('button', { name: /, Wanda Walker, / })
  await expect(wanda).not.toHaveAccessibleName(/walk-in/)
  await expect(wanda).toBeFocused()
  expect((await free()).length).toBe(before.length - 1)
  await wanda.click()
  await page.getByRole('menuitem', { name: 'Move', exact: true }).click()
  const beside = dialog.getByLabel('As a walk-in, beside what is booked')
  await expect(beside).not.toBeChecked()
  await dialog.getByLabel('Time', { exact: true }).fill(time)
  await dialog.getByRole('button', { name: 'Move the appointment' }).click()
  await expect(dialog.getByText('Something else is booked then. Choose another time.')).toBeVisible()
  await beside.check()
  await shoot(page, 'move')
  await dialog.getByRole('button', { name: 'Move the appointment' }).click()
  await expect(dialog).toHaveCount(0)
  await expect(walkIn).toBeFocused()
  expect(await free()).toEqual(before)
  // One that is made longer where it cannot have the time alone stays a walk-in, if that is meant.
  for (const key of ['m', 'Shift+ArrowDown', 'Enter']) await page.keyboard.press(key)
  await ask.getByRole('button', { name: 'Move the appointment' }).click()
  await expect(ask).toContainText('It can be put in beside it and stays a walk-in')
  await look(page, 'a walk-in into a taken time', { dialog: true, size: 'desktop' })
  await shoot(page, 'ask')
  await ask.getByRole('button', { name: 'Put it in beside' }).click()
  await expect(ask).toHaveCount(0)
  await expect(walkIn).toBeVisible()
  expect(await stack.sql(`SELECT lane, (ends_at - starts_at)::text AS long FROM appointment ORDER BY lane`)).toEqual([
    { lane: 0, long: '00:15:00' },
    { lane: 1, long: '00:20:00' },
  ])

  // Somebody stands at the desk now; today's list says it.
  await button(page, /^Book$/).click()
  await dialog.getByLabel('Service').selectOption({ label: 'First talk' })
  await unfold(dialog, 'Another time')
  await button(page, 'Now').click()
  await expect(dialog.getByText('1 more of 1 at once.')).toBeVisible()
  await type(page, 'Nora Now')
  await button(page, 'Book the appointment').click()
  await expect(dialog.getByRole('heading', { name: 'Booked' })).toBeVisible()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.goto(`${stack.baseUrl}/today?who=all`)
  await expect(page.getByRole('listitem').filter({ hasText: 'Nora Now' }).getByText('Walk-in')).toBeVisible()
  await shoot(page, 'today')
  // What was refused is said by the browser too.
  expect([...owners, ...faults, ...second.faults].filter((fault) => !fault.includes('409'))).toEqual([])
})
