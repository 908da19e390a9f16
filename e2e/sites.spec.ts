// A clinic gets a second site: a colleague is let into that one alone, patients book at both, and keys keep them apart.
import { expect, type Page, test } from '@playwright/test'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { fillForm } from './journey.ts'

import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld } from './world.ts'
import { clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
let owner: Device
let grace: Device
const others: Device[] = []
const visits: Record<string, string> = {}

test.describe.configure({ mode: 'serial', timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack, { ownerPractices: true })
  ;[owner, grace] = await Promise.all([desktop(), desktop()])
})
test.afterAll(async () => {
  await Promise.all([owner, grace, ...others].map((device) => device?.close()))
  await stack?.down()
})

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
/** The open one: what is told at the edge of the page is one too. */
const dialogOf = (page: Page) => page.locator('[role=dialog]:not([data-type])')
const at = (path: string) => `${stack.baseUrl}${path}`
const today = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: clinicZone }).format()

/** Ids of the clinic's open sites, by name. */
async function siteIds(): Promise<Record<string, string>> {
  const rows = await stack.sql<{ id: string; name: string }>('SELECT id, name FROM site WHERE clinic_id = $1', [
    world.clinicId,
  ])
  return Object.fromEntries(rows.map(({ id, name }) => [name, id]))
}

/** To whom but patients a visit's records are granted, by type. */
async function readersOf(visit: string): Promise<Record<string, string[]>> {
  const rows = await stack.sql<{ type: string; readers: string[] }>(
    `SELECT r.type, array_agg(DISTINCT g.recipient_kind || ' ' || g.recipient_id ORDER BY g.recipient_kind || ' ' || g.recipient_id) AS readers
     FROM record r JOIN record_grant g USING (clinic_id, record_id, revision)
     WHERE r.appointment_id = $1 AND g.recipient_kind <> 'patient' GROUP BY 1`,
    [visit],
  )
  return Object.fromEntries(rows.map(({ type, readers }) => [type, readers.map((each) => each.replace('group ', ''))]))
}

/** Groups of which a member was ever given a key. */
async function keysOf(name: string): Promise<string[]> {
  const rows = await stack.sql<{ group: string }>(
    `SELECT DISTINCT e."group" FROM epoch_grant e JOIN member m ON m.clinic_id = e.clinic_id AND m.dh_key = e.to_key
     WHERE m.clinic_id = $1 AND m.display_name = $2 ORDER BY 1`,
    [world.clinicId, name],
  )
  return rows.map(({ group }) => group)
}

/** A patient on a phone of their own, who chooses the place and then a time there. */
async function bookAt(site: string, name: string, reason: string): Promise<Device> {
  const device = await phone()
  others.push(device)
  const { page } = device
  await page.goto(world.bookingUrl)
  await page.getByRole('link', { name: `Choose a time: ${world.services.free.name}` }).click()
  await page.getByRole('navigation', { name: 'Where' }).getByRole('link', { name: site }).click()
  await expect(page.getByRole('link', { name: site, exact: true })).toHaveAttribute('aria-current', 'true')
  const free = page.locator('a[href*="slot="]')
  await free.nth(1).click()
  await expect(page.locator('dd').filter({ hasText: site })).toBeVisible()
  await button(page, 'Continue with this time').click()
  await fillForm(page, {
    ...{ name, birth: { day: '2', month: '5', year: '1982' }, phone: '', reason },
    email: `${name.toLowerCase().replaceAll(' ', '.')}@patient.test`,
    texts: { 'Since when do you have it?': 'a month' },
  })
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(page.locator('dd').filter({ hasText: site })).toBeVisible()
  visits[name] = /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
  return device
}

test('an owner adds a second site, and the place that there was keeps its hours', async () => {
  const { page } = owner
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(at('/admin/sites'))
  await expect(page.getByText('The clinic has one place')).toBeVisible()
  await button(page, 'Add a site').click()
  const dialog = dialogOf(page)
  await dialog.getByRole('button', { name: 'Add a site' }).click()
  await expect(dialog.getByText('Please fill this in.').first()).toBeVisible()
  await dialog.getByLabel('What you call the place that the clinic has now').fill('Harbour')
  await dialog.getByLabel('Name, as patients see it').fill('Hill')
  await dialog.getByLabel('Address').fill('5 High Street')
  // Pressed twice, it is added once.
  await dialog.getByRole('button', { name: 'Add a site' }).dblclick()
  await expect(dialog).toBeHidden()
  const places = page.getByRole('main').getByRole('listitem')
  await expect(places).toHaveCount(2)
  await expect(places.filter({ hasText: 'Harbour' })).toContainText('7 stretches of hours')
  await expect(places.filter({ hasText: 'Hill' })).toContainText('no hours yet')
  expect(await siteIds()).toEqual({ Harbour: expect.any(String), Hill: expect.any(String) })
})

test('a colleague is invited to the new site alone, and is given keys of nothing else', async () => {
  const { page } = owner
  await page.goto(at('/admin/staff'))
  await button(page, 'Invite someone').click()
  const dialog = dialogOf(page)
  await dialog.getByLabel('Name, as patients see it').fill('Dr Grace Amadi')
  await dialog.getByRole('radio', { name: 'only some sites’' }).check()
  await dialog.getByRole('checkbox', { name: 'Hill' }).check()
  await dialog.getByRole('button', { name: 'Make the invitation' }).click()
  const link = await dialog.getByRole('textbox', { name: 'Invitation link' }).inputValue()
  await dialog.getByRole('button', { name: 'Done' }).click()

  await grace.page.goto(link)
  await expect(grace.page.getByText(/At Hill: everything that patients write/)).toBeVisible()
  await grace.page.getByLabel('E-mail address').fill('grace@clinic.test')
  const words = (await grace.page.locator('li.select-all').first().innerText()).trim()
  await grace.page.getByLabel('Type it once more').fill(words)
  await grace.page.getByLabel('I have it written down').check()
  await button(grace.page, 'Make my keys and join').click()
  await expect(grace.page.getByText('Almost there')).toBeVisible({ timeout: 40_000 })
  await button(page, 'Check and vouch').click()
  await button(page, 'The same: vouch').click()
  await expect(page.getByText('Dr Grace Amadi now belongs to the clinic.')).toBeVisible()
  await expect(grace.page.getByText('Nobody is booked')).toBeVisible({ timeout: 40_000 })
  const { Hill } = await siteIds()
  expect(await keysOf('Dr Grace Amadi')).toEqual([`clinical:${Hill}`, `desk:${Hill}`])

  // She works there and nowhere else.
  await page.goto(at('/admin/services'))
  await button(page, `Edit ${world.services.free.name}`).click()
  await dialog.getByRole('checkbox', { name: 'Dr Grace Amadi' }).check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Service saved.')).toBeVisible()
  await page.goto(at('/admin/hours'))
  const week = page.getByRole('form', { name: 'Dr Grace Amadi' })
  await week.getByRole('button', { name: `Add a stretch to ${today}` }).click()
  const where = week.getByLabel(`${today}, stretch 1: where`)
  await expect(where.getByRole('option')).toHaveText(['Hill'])
  await week.getByLabel(`${today}, stretch 1: from`).fill('00:00')
  await week.getByLabel(`${today}, stretch 1: to`).fill('00:00')
  await week.getByRole('button', { name: 'Save hours' }).click()
  await expect(page.getByText('Hours saved.')).toBeVisible()
})

// Fails when audienceOf (lib/crypto/policy.ts) names no scope, or when groupsOf (lib/access/rules.ts) gives the clinic's groups.
test('attack 17: patients book at each site; the colleague of one opens what is of that one, and has no key to the other’s', async () => {
  await bookAt('Harbour', 'Ann Harbour', 'A cough at sea')
  await bookAt('Hill', 'Ben Hill', 'A knee that clicks')
  const { Hill } = await siteIds()
  const [atHarbour, atHill] = [visits['Ann Harbour']!, visits['Ben Hill']!]
  expect(await readersOf(atHarbour)).toMatchObject({
    identity: ['clinical', 'desk'],
    checklist: ['clinical', 'desk'],
    reason: ['clinical'],
    intake: ['clinical'],
    consent: ['clinical'],
  })
  const [clinical, desk] = [`clinical:${Hill}`, `desk:${Hill}`]
  expect(await readersOf(atHill)).toMatchObject({
    identity: ['clinical', clinical, 'desk', desk],
    checklist: ['clinical', clinical, 'desk', desk],
    reason: ['clinical', clinical],
    intake: ['clinical', clinical],
    consent: ['clinical', clinical],
  })

  const { page } = grace
  await page.goto(at('/today?who=all'))
  await expect(page.getByText('Ben Hill', { exact: true })).toBeVisible()
  await expect(page.getByRole('link', { name: /^Open the encounter/ })).toHaveCount(1)
  await page.getByRole('link', { name: 'Open the encounter of Ben Hill' }).click()
  await expect(page.getByText('A knee that clicks')).toBeVisible()
  await page.goto(at(`/encounter/${atHarbour}`))
  await expect(page.getByText('There is nothing at this address').first()).toBeVisible()

  // Whoever has the database puts her there: rows are no keys.
  const { Harbour } = await siteIds()
  const [row] = await stack.sql<{ id: string }>(`SELECT id FROM member WHERE display_name = 'Dr Grace Amadi'`)
  await stack.sql('INSERT INTO member_site (clinic_id, member_id, site_id) VALUES ($1, $2, $3)', [
    ...[world.clinicId, row!.id, Harbour],
  ])
  await page.goto(at('/today?who=all'))
  await expect(page.getByText('Ben Hill', { exact: true })).toBeVisible()
  await expect(page.getByText('Name not opened', { exact: true })).toBeVisible()
  await expect(page.getByText('Ann Harbour')).toHaveCount(0)
  await page.goto(at(`/encounter/${atHarbour}`))
  await expect(page.getByRole('heading', { name: 'Name not opened' })).toBeVisible()
  await expect(page.getByText('A cough at sea')).toHaveCount(0)
  await stack.sql('DELETE FROM member_site WHERE member_id = $1 AND site_id = $2', [row!.id, Harbour])

  await owner.page.goto(at('/today?who=all'))
  await expect(owner.page.getByText('Ann Harbour', { exact: true })).toBeVisible()
  await expect(owner.page.getByText('Ben Hill', { exact: true })).toBeVisible()
  await owner.page.goto(at(`/encounter/${atHarbour}`))
  await expect(owner.page.getByText('A cough at sea')).toBeVisible()
  await owner.page.goto(at(`/encounter/${atHill}`))
  await expect(owner.page.getByText('A knee that clicks')).toBeVisible()
})
