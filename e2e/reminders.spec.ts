// Reminders, and calendars elsewhere. The clock is moved by the appointment's own row.
import { expect, test } from '@playwright/test'
import ICAL from 'ical.js'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { look, narrow } from './page-checks.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { type Booked, type ClinicWorld, clinicWorld } from './world.ts'

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

/** What the clock asks of the worker each minute, now, and as often; answered once it is done. */
async function worked(times = 1) {
  const ids: string[] = []
  for (let each = 0; each < times; each++) {
    const [job] = await stack.sql<{ id: string }>(
      `INSERT INTO pgboss.job (name, data) VALUES ('reminders.due', '{}') RETURNING id`,
    )
    ids.push(job!.id)
    await expect
      .poll(async () => (await stack.sql(`SELECT state FROM pgboss.job WHERE id = $1`, [job!.id]))[0])
      .toEqual({ state: 'completed' })
  }
  await expect
    .poll(async () => stack.sql(`SELECT id FROM pgboss.job WHERE name = 'reminder.send' AND state < 'completed'`))
    .toEqual([])
}
/** It was booked a month ago, and begins in so many minutes. */
const beginsIn = (minutes: number, { appointmentId }: Booked) =>
  stack.sql(
    `UPDATE appointment SET timed_at = now() - interval '30 days', starts_at = date_trunc('minute', now()) + make_interval(mins => $2),
       blocked_from = date_trunc('minute', now()) + make_interval(mins => $2),
       ends_at = date_trunc('minute', now()) + make_interval(mins => $2 + 30),
       blocked_until = date_trunc('minute', now()) + make_interval(mins => $2 + 30) WHERE id = $1`,
    [appointmentId, minutes],
  )
const reminders = async ({ patient }: Booked) =>
  (await stack.mails(patient.fields.email)).filter(({ subject }) => subject.startsWith('Reminder:'))
const stopped = async ({ appointmentId }: Booked) =>
  (
    await stack.sql<{ off: boolean }>(
      `SELECT reminders_off_at IS NOT NULL AS off FROM patient WHERE id = (SELECT patient_id FROM appointment WHERE id = $1)`,
      [appointmentId],
    )
  )[0]!.off
const shoot = pictures('reminders')

test('the clinic says when, and the patient gets one mail and may stop them', async () => {
  const { page, faults } = await own(desktop())
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/admin/clinic`)
  await expect(page.getByLabel('First reminder')).toHaveValue('1440')
  await page.getByLabel('First reminder').selectOption('2 days before')
  await page.getByLabel('Second reminder').selectOption('2 hours before')
  await page.getByLabel('By text message too').check()
  const card = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Reminders' }) })
  await card.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved. It holds for reminders that become due from now on.')).toBeVisible()
  await page.reload()
  await expect(page.getByLabel('Second reminder')).toHaveValue('120')
  await expect(page.getByLabel('By text message too')).toBeChecked()
  await look(page, 'reminders of a clinic')
  await shoot(page, 'admin')
  await stack.sql(`UPDATE reminder_setting SET set_at = now() - interval '30 days'`)

  const visit = await world.book({ service: 'free', fields: { phone: '+33 6 39 98 00 01' } })
  await beginsIn(121, visit)
  await stack.sql(
    `INSERT INTO reminder (clinic_id, appointment_id, starts_at, lead_minutes, state, next_at, made_at)
     SELECT clinic_id, id, starts_at, 2880, 'dropped', now(), now() FROM appointment WHERE id = $1`,
    [visit.appointmentId],
  )
  await worked()
  expect(await reminders(visit)).toEqual([])
  await beginsIn(119, visit)
  // However often the worker looks, and though it is killed in between.
  await worked(2)
  await stack.stop('worker', 'SIGKILL')
  await stack.start('worker')
  await worked(2)
  await expect.poll(() => reminders(visit)).toHaveLength(1)
  const [mail] = await reminders(visit)
  expect(mail!.subject).toBe(`Reminder: your appointment with ${world.name}`)
  expect(mail!.text).toContain(visit.link)
  const [facts] = await stack.sql<{ service: string; practitioner: string }>(
    `SELECT s.name AS service, m.display_name AS practitioner FROM appointment a JOIN service s ON s.id = a.service_id
     JOIN member m ON m.id = a.member_id WHERE a.id = $1`,
    [visit.appointmentId],
  )
  for (const word of [facts!.service, facts!.practitioner, visit.patient.fields.name])
    expect(mail!.text).not.toContain(word)
  const [text, ...more] = await stack.mails('+33639980001')
  expect(more).toEqual([])
  expect(text!.text).toContain(`Reminder: appointment with ${world.name}`)
  for (const word of [facts!.service, facts!.practitioner, visit.patient.fields.name, visit.appointmentId])
    expect(text!.text.replaceAll(/\S+\/reminders\/\S+/g, '')).not.toContain(word)
  await page.reload()
  await expect(card.getByText('Sent', { exact: true }).locator('xpath=following-sibling::dd')).toHaveText('2')
  expect(faults).toEqual([])

  // A scanner opens the mail's link: nothing is stopped.
  const link = /https?:\S+\/reminders\/\S+/.exec(mail!.text)![0]
  const post = link.replace('/reminders/', '/api/reminders/')
  expect((await fetch(post)).status).toBe(200)
  const mobile = await own(phone())
  await mobile.page.goto(link)
  await expect(mobile.page.getByText(`${world.name} reminds you of your appointments.`)).toBeVisible()
  expect(await stopped(visit)).toBe(false)
  await look(mobile.page, 'stopping reminders')
  await narrow(mobile.page, 'stopping reminders')
  await shoot(mobile.page, 'stop')
  await mobile.page.getByRole('button', { name: 'Stop reminders' }).click()
  await expect(mobile.page.getByText(`You get no reminders from ${world.name}.`)).toBeVisible()
  expect(await stopped(visit)).toBe(true)
  await mobile.page.getByRole('button', { name: 'Send me reminders again' }).click()
  await expect(mobile.page.getByText(`${world.name} reminds you of your appointments.`)).toBeVisible()
  expect(await stopped(visit)).toBe(false)
  // A mail program's own button, from another origin and without a cookie.
  const body = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })
  expect((await fetch(post, { method: 'POST', body })).status).toBe(200)
  expect(await stopped(visit)).toBe(true)
  expect((await fetch(`${post.slice(0, -1)}${post.endsWith('A') ? 'B' : 'A'}`, { method: 'POST', body })).status).toBe(
    404,
  )
  expect((await fetch(post, { method: 'POST', body: new URLSearchParams({ other: 'x' }) })).status).toBe(400)

  // Another appointment of somebody else, moved into reach, who stopped them on its page.
  const other = await world.book({ service: 'free' })
  await beginsIn(300, other)
  await mobile.page.goto(other.link)
  await expect(mobile.page.getByText('You get a reminder before the appointment.')).toBeVisible()
  await mobile.page.getByRole('button', { name: 'Stop reminders' }).click()
  await expect(mobile.page.getByText('You get no reminders.')).toBeVisible()
  await look(mobile.page, 'an appointment without reminders')
  await shoot(mobile.page, 'appointment')
  expect(await stopped(other)).toBe(true)
  await beginsIn(60, other)
  await worked()
  expect(await reminders(other)).toEqual([])
  expect(mobile.faults).toEqual([])
})

test('a practitioner’s own calendar reads their times by a private address, until it is replaced or ended', async () => {
  const visit = await world.book({ service: 'free' })
  const { page, faults } = await own(desktop())
  await signInPage(page, stack.baseUrl, world.doctor)
  await page.goto(`${stack.baseUrl}/account`)
  await page.getByRole('button', { name: 'Make a private address' }).click()
  const address = page.getByLabel('Private address', { exact: true })
  await expect(address).toHaveValue(/\/api\/ics\/[\w-]{43}\.ics$/)
  const url = await address.inputValue()
  await look(page, 'a private calendar address')
  await shoot(page, 'feed')
  const answer = await fetch(url)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/calendar; charset=utf-8'])
  expect(answer.headers.get('cache-control')).toBe('private, no-cache')
  const text = await answer.text()
  const events = new ICAL.Component(ICAL.parse(text) as unknown[]).getAllSubcomponents('vevent')
  const starts = events.map((event) => new ICAL.Event(event).startDate.toJSDate().toISOString())
  expect(starts).toContain(new Date(visit.startsAt).toISOString())
  expect(text).toContain(`SUMMARY:Appointment\r\n`)
  for (const word of [visit.patient.fields.name, visit.patient.fields.email, visit.linkSecret])
    expect(text).not.toContain(word)
  expect((await fetch(url, { headers: { 'if-none-match': answer.headers.get('etag')! } })).status).toBe(304)
  // Shown once: it is not there after a reload, and the next one ends it.
  await page.reload()
  await expect(page.getByText(/^There is an address since /)).toBeVisible()
  await expect(address).toHaveCount(0)
  await page.getByRole('button', { name: 'Replace the address' }).click()
  await expect(address).toHaveValue(/\.ics$/)
  const next = await address.inputValue()
  expect([(await fetch(url)).status, (await fetch(next)).status]).toEqual([404, 200])
  await page.getByRole('button', { name: 'End the address' }).click()
  await expect(page.getByText('The address shows nothing any more.')).toBeVisible()
  expect((await fetch(next)).status).toBe(404)
  expect(faults).toEqual([])
})
