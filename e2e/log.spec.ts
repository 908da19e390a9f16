// Who opened what: an officer's page of the log, and a patient's own list, in real browsers; then hands on the database.
import { readFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import { desktop, phone, signInPage, type Device } from './browsers.ts'
import * as journey from './journey.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let officer: Device
let patient: Device

test.beforeAll(async () => {
  test.setTimeout(400_000)
  stack = await up({ mode: process.env.E2E_DEV ? 'dev' : 'production' })
})
test.afterAll(() => stack?.down())
test.describe.configure({ timeout: 240_000 })
test.beforeEach(async () => {
  ;[world, officer, patient] = await Promise.all([clinicWorld(stack), desktop(), phone()])
})
test.afterEach(() => Promise.all([officer?.close(), patient?.close()]))

const person = {
  name: 'Nadia Tamm',
  birth: { day: '4', month: '5', year: '1980' },
  email: 'nadia@example.org',
  phone: '+33 6 12 34 56 78',
  reason: 'A cough that stays',
  texts: { 'Since when do you have it?': 'Two weeks' },
}

test('a patient reads who opened what, and an officer the whole log, by person and by kind', async () => {
  const { page } = patient
  await journey.chooseSlot(page, world.bookingUrl, world.services.free.name)
  await journey.fillForm(page, person)
  await page.getByRole('button', { name: 'Book', exact: true }).click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/, { timeout: 60_000 })
  const appointmentId = /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!

  await signInPage(officer.page, stack.baseUrl, world.owner)
  const doctor = await desktop()
  try {
    await signInPage(doctor.page, stack.baseUrl, world.doctor)
    await doctor.page.goto(`${stack.baseUrl}/encounter/${appointmentId}`)
    await expect(doctor.page.getByRole('heading', { level: 1, name: person.name })).toBeVisible()
  } finally {
    await doctor.close()
  }

  await page.goto(`${stack.baseUrl}/a/${appointmentId}/access`)
  const opened = page
    .getByRole('listitem')
    .filter({ hasText: world.doctor.name })
    .filter({ hasText: 'Opened the file' })
  await expect(opened).toBeVisible()

  await officer.page.goto(`${stack.baseUrl}/admin/log`)
  await expect(officer.page.getByText(/entries, none missing and none changed/)).toBeVisible()
  await expect(officer.page.getByText(`Vouched for a new member: ${world.doctor.name}`)).toBeVisible()
  await officer.page.getByLabel('Who', { exact: true }).selectOption({ label: world.doctor.name })
  await officer.page.getByLabel('What kind').selectOption({ label: 'Reading' })
  const row = officer.page.getByRole('row').filter({ hasText: 'Opened the file' })
  await expect(row).toContainText(person.name)
  await expect(officer.page.getByRole('row').filter({ hasText: 'Signed in' })).toHaveCount(0)
  const [file] = await Promise.all([
    officer.page.waitForEvent('download'),
    officer.page.getByRole('button', { name: 'Download as CSV' }).click(),
  ])
  expect(file.suggestedFilename()).toBe('curtain-log.csv')
  // As the page says it, and not as the program does.
  expect(await readFile(await file.path(), 'utf8')).toMatch(/"Opened the file[^\n]*"Reading"\r\n/)
})

// Defences: extendAudit() in lib/browser/vault-audit.ts; adoptLogPin() there, for the second browser.
test('attack 11: a log that was cut back by SQL is refused by who saw it, and by an empty profile after sign-in', async () => {
  await signInPage(officer.page, stack.baseUrl, world.owner)
  await officer.page.goto(`${stack.baseUrl}/admin/log`)
  await expect(officer.page.getByText(/none missing and none changed/)).toBeVisible()
  const [last] = await stack.sql<{ seq: number }>('SELECT max(seq) AS seq FROM audit_entry WHERE clinic_id = $1', [
    world.clinicId,
  ])
  const cut = [world.clinicId, last!.seq - 2]
  await stack.sql(
    'DELETE FROM audit_box WHERE entry_id IN (SELECT id FROM audit_entry WHERE clinic_id = $1 AND (seq > $2 OR seq IS NULL))',
    cut,
  )
  await stack.sql('DELETE FROM audit_entry WHERE clinic_id = $1 AND (seq > $2 OR seq IS NULL)', cut)
  await officer.page.reload()
  const refused = (page: Device['page']) => page.getByText(/Entries are missing from the log|The log was replaced/)
  await expect(refused(officer.page)).toBeVisible()
  await expect(officer.page.getByRole('table')).toHaveCount(0)
  const empty = await desktop()
  try {
    await signInPage(empty.page, stack.baseUrl, world.owner)
    await empty.page.goto(`${stack.baseUrl}/admin/log`)
    await expect(refused(empty.page)).toBeVisible()
  } finally {
    await empty.close()
  }
})
