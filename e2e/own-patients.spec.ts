// An owner lets a practitioner see only their own patients, and all of the clinic's again: what opens then, and what does not.
import { expect, test } from '@playwright/test'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { fillForm } from './journey.ts'
import { look } from './page-checks.ts'
import { bookIn, button, dialogOf, keysOf, readersOf } from './parts.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let owner: Device
let doctor: Device
const patients: Device[] = []
const visits: Record<string, string> = {}
const mira = 'Dr Mira Okafor'
const sam = 'Dr Sam Reyes'

test.describe.configure({ mode: 'serial', timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  const { door } = world.owner
  const { memberId } = await world.join(['practitioner'], sam)
  const { services } = await door.get('clinic/settings', {})
  const {
    id,
    version,
    currency: _,
    intakeVersion: __,
    ...service
  } = services.find((each) => each.id === world.services.free.id)!
  const practitionerIds = [...service.practitionerIds, memberId]
  await door.get('clinic/save-service', { id, version, service: { ...service, practitionerIds } })
  const hours = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, startMinute: 0, endMinute: 1440 }))
  await door.get('schedule/save-week', { memberId, hours })
  ;[owner, doctor] = await Promise.all([desktop(), desktop()])
})
test.afterAll(async () => {
  await Promise.all([owner, doctor, ...patients].map((device) => device?.close()))
  await stack?.down()
})

const at = (path: string) => `${stack.baseUrl}${path}`
async function bookWith(choice: string, name: string, reason: string) {
  const device = await phone()
  patients.push(device)
  visits[name] = await bookIn(device.page, world, { among: 'With whom?', choice, name, reason, index: 1 })
}
async function switchTo(label: 'only their own patients’' | 'the clinic’s records') {
  const { page } = owner
  await page.goto(at('/admin/staff'))
  await button(page, `Edit the profile of ${mira}`).click()
  const dialog = dialogOf(page)
  await expect(button(page, 'Sign the new roles')).toBeDisabled()
  await dialog.getByRole('radio', { name: label }).check()
  const words = `Knees and shoulders, ${label}`
  await dialog.getByLabel('A few words for the booking page').fill(words)
  const costs = dialog.getByText(/Records from before, and forms already sent .* stay with the clinic/)
  await expect(costs).toHaveCount(label === 'the clinic’s records' ? 0 : 1)
  await button(page, 'Sign the new roles').click()
  await expect(page.getByText(`${mira} has the new roles.`)).toBeVisible()
  // Signing closes nothing over words that are not saved.
  await expect(dialog.getByLabel('A few words for the booking page')).toHaveValue(words)
  await button(page, 'Save').click()
  await expect(dialog.getByLabel('A few words for the booking page')).toBeHidden()
  await expect(page.getByText('own patients only')).toHaveCount(label === 'the clinic’s records' ? 0 : 1)
}

// Fails when groupsOf (lib/access/rules.ts) gives the clinic's groups in the scope's place.
test('attack 17: a practitioner is switched to their own patients, opens those, and has no key to others’', async () => {
  await bookWith(mira, 'Eve Before', 'An old sprain')
  await signInPage(owner.page, stack.baseUrl, world.owner)
  await switchTo('only their own patients’')
  const own = `clinical:${world.doctor.memberId}`
  expect(await keysOf(stack, world, mira)).toEqual([own])
  await bookWith(mira, 'Fay Mine', 'A stiff neck')
  await bookWith(sam, 'Gil Other', 'A sore heel')
  expect(await readersOf(stack, visits['Fay Mine']!)).toMatchObject({
    identity: ['clinical', own, 'desk'],
    reason: ['clinical', own],
  })
  expect(await readersOf(stack, visits['Gil Other']!)).toMatchObject({
    identity: ['clinical', 'desk'],
    reason: ['clinical'],
  })

  const { page } = doctor
  await signInPage(page, stack.baseUrl, world.doctor)
  await page.goto(at('/today?who=all'))
  await expect(page.getByText('Fay Mine', { exact: true })).toBeVisible()
  // Booked before: it is hers, and the clinic keeps the name, as the switch said.
  await expect(page.getByText('Name not opened', { exact: true })).toHaveCount(1)
  await expect(page.getByText('Booked before you saw only a part of the clinic.', { exact: false })).toHaveCount(1)
  await expect(page.getByText('Gil Other')).toHaveCount(0)
  await page.getByRole('link', { name: 'Open the encounter of Fay Mine' }).click()
  await expect(page.getByText('A stiff neck')).toBeVisible()
  await page.goto(at(`/encounter/${visits['Gil Other']}`))
  await expect(page.getByText('There is nothing at this address').first()).toBeVisible()

  // Whoever has the database says otherwise: rows are no keys.
  await stack.sql('UPDATE member SET own_patients = false WHERE id = $1', [world.doctor.memberId])
  await page.goto(at('/today?who=all'))
  await expect(page.getByText('Fay Mine', { exact: true })).toHaveCount(0)
  await expect(page.getByText('Name not opened', { exact: true })).toHaveCount(3)
  await page.goto(at(`/encounter/${visits['Gil Other']}`))
  await expect(page.getByRole('heading', { name: 'Name not opened' })).toBeVisible()
  await expect(page.getByText('now, and you see only your own patients.', { exact: false })).toBeVisible()
  await expect(page.getByText('A sore heel')).toHaveCount(0)
  await stack.sql('UPDATE member SET own_patients = true WHERE id = $1', [world.doctor.memberId])
})

// Fails when the browser seals for whom the page named and not for whom the hold did (sendOnce in lib/browser/booking-send.ts).
test('where patients come to each in turn, two who choose one time get one practitioner each, and seal for that one', async () => {
  const { page } = owner
  const decide = async (how: string) => {
    await page.goto(at('/admin/services'))
    await button(page, `Edit ${world.services.free.name}`).click()
    await dialogOf(page).getByRole('radio', { name: how }).check()
    await button(page, 'Save').click()
    await expect(page.getByText('Service saved.')).toBeVisible()
    await expect(dialogOf(page)).toHaveCount(0)
  }
  await decide('Each in turn')
  await expect(page.getByText(`${mira}, ${sam} · Each in turn`)).toBeVisible()
  const own = `clinical:${world.doctor.memberId}`
  let time = ''
  const seen: string[] = []
  for (const name of ['Ida Turn', 'Jon Turn']) {
    const device = await phone()
    patients.push(device)
    const theirs = device.page
    await theirs.goto(time ? `${at(`/c/${world.slug}`)}${time}#k=${world.rootFingerprint}` : world.bookingUrl)
    if (!time) {
      await theirs.getByRole('link', { name: `Choose a time: ${world.services.free.name}` }).click()
      await expect(theirs.getByText(`With ${mira} or ${sam}, whoever is free`, { exact: false })).toBeVisible()
      await expect(theirs.getByRole('navigation', { name: 'With whom?' })).toHaveCount(0)
      await look(theirs, 'times of whoever is free', { size: 'phone' })
      const link = theirs.locator('a[href*="slot="]').nth(2)
      time = (await link.getAttribute('href'))!
      await link.click()
    }
    await expect(theirs.locator('dd').filter({ hasText: `${mira} or ${sam}` })).toBeVisible()
    await button(theirs, 'Continue with this time').click()
    const said = theirs.getByText(/^Your appointment is with .*\.$/)
    await expect(said).toBeVisible()
    const who = /with (.*)\.$/.exec((await said.textContent())!)![1]!
    seen.push(who)
    await fillForm(theirs, {
      ...{ name, birth: { day: '2', month: '5', year: '1982' }, phone: '', reason: 'A stiff back' },
      email: `${name.toLowerCase().replace(' ', '.')}@patient.test`,
      texts: { 'Since when do you have it?': 'a month' },
    })
    await button(theirs, 'Book').click()
    await theirs.waitForURL(/\/a\/[0-9a-f-]{36}/)
    await expect(theirs.locator('dd').filter({ hasText: who })).toBeVisible()
    const visit = /\/a\/([0-9a-f-]{36})/.exec(theirs.url())![1]!
    expect((await readersOf(stack, visit)).reason).toEqual(who === mira ? ['clinical', own] : ['clinical'])
    expect(device.faults).toEqual([])
  }
  expect(seen.toSorted()).toEqual([mira, sam])
  await decide('Whom the patient chooses')
})

test('switched back, the practitioner opens everybody’s, and what was written in between', async () => {
  await switchTo('the clinic’s records')
  expect(await keysOf(stack, world, mira)).toEqual(expect.arrayContaining(['clinical', 'desk']))
  const { page } = doctor
  await page.goto(at('/today?who=all'))
  for (const name of ['Eve Before', 'Fay Mine', 'Gil Other'])
    await expect(page.getByText(name, { exact: true })).toBeVisible()
  await page.goto(at(`/encounter/${visits['Gil Other']}`))
  await expect(page.getByText('A sore heel')).toBeVisible()
  await page.goto(at(`/encounter/${visits['Fay Mine']}`))
  await expect(page.getByText('A stiff neck')).toBeVisible()
  // Somebody who books with her now writes for the whole clinic.
  await bookWith(mira, 'Hal After', 'A cut')
  expect(await readersOf(stack, visits['Hal After']!)).toMatchObject({
    identity: ['clinical', 'desk'],
    reason: ['clinical'],
  })
})
