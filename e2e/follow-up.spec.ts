// A first visit and a follow-up: who is new is led to the one, and who has booked is offered the other.
import { expect, test } from '@playwright/test'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { fillForm } from './journey.ts'
import { look } from './page-checks.ts'
import { button, dialogOf } from './parts.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let patient: Device
let desk: Device
const shoot = pictures('follow')

test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  ;[patient, desk] = await Promise.all([phone(), desktop()])
})
test.afterAll(async () => {
  await Promise.all([patient?.close(), desk?.close()])
  await stack?.down()
})

/** The owner says for whom the two services are. */
async function divide() {
  const { services, clinic } = await world.owner.door.get('clinic/settings', {})
  const audiences = { [world.services.free.id]: 'first_visit', [world.services.later.id]: 'follow_up' } as const
  for (const { id, version, currency: _, intakeVersion: __, ...service } of services) {
    const audience = audiences[id]
    if (audience) await world.owner.door.get('clinic/save-service', { id, version, service: { ...service, audience } })
  }
  const { name, about, timeZone, holdMinutes, horizonDays, minNoticeMinutes } = clinic
  await world.owner.door.get('clinic/save-profile', {
    ...{ name, about, timeZone, holdMinutes, horizonDays, minNoticeMinutes, locale: 'en' },
    ...{ phone: '+33 1 23 45 67 89', address: '', earlyJoinMinutes: 120, graceMinutes: 240 },
  })
}

test('a stranger is led from a follow-up to a first visit, and is offered follow-ups from then on', async () => {
  await divide()
  const { page } = patient
  const offers = page.getByRole('link', { name: /^Choose a time: / })
  await page.goto(world.bookingUrl)
  await expect(offers).toHaveText([/./, /./, /./])
  expect(await offers.evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')))).toEqual([
    ...['First talk', 'Video consult', 'Follow-up'].map((name) => `Choose a time: ${name}`),
  ])
  await look(page, 'services for whom they are')
  await shoot(page, 'services')

  // Nobody is stopped by a page: the times are there, and so is what else there is.
  await offers.last().click()
  await expect(page.getByText('For people who have been here before')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Or call the clinic: +33 1 23 45 67 89' })).toBeVisible()
  await look(page, 'a follow-up’s times for a stranger')
  await shoot(page, 'times')
  await page.locator('a[href*="slot="]').nth(1).click()
  await button(page, 'Continue with this time').click()
  await expect(page.getByRole('heading', { name: 'This device has not been to this clinic yet' })).toBeFocused()
  await look(page, 'a follow-up for a stranger')
  await shoot(page, 'stranger')
  expect(await stack.sql('SELECT 1 FROM appointment')).toEqual([])

  // The waiting list asks the same.
  await page.goto(`${stack.baseUrl}/c/${world.slug}/waitlist?service=${world.services.later.id}`)
  await expect(page.getByRole('heading', { name: 'This device has not been to this clinic yet' })).toBeVisible()
  await page.getByRole('link', { name: 'First talk' }).click()
  // The form goes on by itself: it was begun in this tab.
  await page.locator('a[href*="slot="]').nth(1).click()
  const person = {
    ...{ name: 'Ines Okoro', birth: { day: '2', month: '5', year: '1982' }, phone: '', reason: 'a cough' },
    ...{ email: 'ines@patient.test', texts: { 'Since when do you have it?': 'a month' } },
  }
  await fillForm(page, person)
  await page.getByRole('button', { name: 'Book', exact: true }).click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(page.getByText('First talk')).toBeVisible()

  // Now it is known here: follow-ups come first, and are for her alone.
  await page.goto(world.bookingUrl)
  await expect(offers.first()).toHaveAttribute('aria-label', 'Choose a time: Follow-up')
  await offers.last().click()
  await expect(page.getByText('You have been here before.')).toBeVisible()
  await shoot(page, 'first-for-known')
  await page.getByRole('link', { name: 'Follow-up', exact: true }).click()
  await expect(page.getByText('Or call the clinic')).toHaveCount(0)
  await page.locator('a[href*="slot="]').nth(5).click()
  await button(page, 'Continue with this time').click()
  await expect(page.getByRole('heading', { name: 'Who is the appointment for?' })).toBeVisible()
  await expect(page.getByRole('radio')).toHaveCount(1)
  await look(page, 'who a follow-up is for')
  await shoot(page, 'who')
  await fillForm(page, person)
  await page.getByRole('button', { name: 'Book', exact: true }).click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(page.getByText('Follow-up', { exact: false }).first()).toBeVisible()
  expect(
    await stack.sql(
      `SELECT s.audience::text, a.status::text FROM appointment a JOIN service s ON s.id = a.service_id ORDER BY 1 DESC`,
    ),
  ).toEqual([
    { audience: 'follow_up', status: 'booked' },
    { audience: 'first_visit', status: 'booked' },
  ])
  expect(patient.faults).toEqual([])

  // The desk books either for anybody, and is told what does not fit.
  await signInPage(desk.page, stack.baseUrl, world.desk)
  await desk.page.goto(`${stack.baseUrl}/calendar?span=day&who=${world.doctor.memberId}`)
  await desk.page.getByRole('button', { name: 'Book', exact: true }).click()
  const dialog = dialogOf(desk.page)
  await dialog.getByLabel('Service').selectOption({ label: 'Follow-up' })
  await expect(dialog.getByText('This is a follow-up: ask whether they have been here.')).toBeVisible()
  await shoot(desk.page, 'desk')
  await dialog.getByLabel('Full name').fill('Ines')
  await dialog.getByRole('button', { name: /^Ines Okoro, born/ }).click()
  await expect(dialog.getByText('This is a follow-up: ask')).toHaveCount(0)
  await dialog.getByLabel('Service').selectOption({ label: 'First talk' })
  await expect(dialog.getByText('This is for a first visit, and this person has been here.')).toBeVisible()
  await look(desk.page, 'a first visit for somebody known', { dialog: true })
  expect(desk.faults).toEqual([])
})
