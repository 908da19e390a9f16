// Who helps a patient, in real browsers: a mother with a child, a son for his mother. Let in, booked, read, signed, shown to both, and
// ended: by the patient, by the date, by the birthday.
import { expect, test, type Page } from '@playwright/test'
import { pairLink, unspell } from '../lib/browser/pairing.ts'
import { desktop, phone, signInPage, type Device } from './browsers.ts'
import { chooseSlot, fillForm, type Person } from './journey.ts'
import { look } from './page-checks.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []

test.describe.configure({ timeout: 480_000 })
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
  return device.page
}
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
const slow = { timeout: 30_000 }
const person = (name: string, year: number, day: Date, email: string): Person => ({
  ...{ name, email, phone: '', reason: 'A cough that stays' },
  birth: { day: `${day.getUTCDate()}`, month: `${day.getUTCMonth() + 1}`, year: `${year}` },
  texts: { 'Since when do you have it?': 'a week' },
})
const today = new Date()
const long = { day: 'numeric', month: 'long', year: 'numeric' } as const
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)

async function book(page: Page, who: Person, at: number) {
  await chooseSlot(page, world.bookingUrl, world.services.free.name, at)
  return finish(page, who)
}
async function finish(page: Page, who: Person): Promise<string> {
  await fillForm(page, who)
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(page.getByText(`For ${who.name}`)).toBeVisible(slow)
  return /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
}
async function bookForChild(page: Page, child: Person, at: number): Promise<string> {
  await chooseSlot(page, world.bookingUrl, world.services.free.name, at)
  await page.getByRole('radio', { name: /For someone else/ }).check()
  await page.getByLabel('Your own name').fill('Rosa Quill')
  await page.getByLabel('You are their').selectOption('mother')
  await shoot(page, 'who')
  return finish(page, child)
}
const shoot = pictures('care')
const chart = '**/api/patient/chart'
/** The server's clock, so many days on, as this page is told it. */
const later = (page: Page, days: number) =>
  page.route(chart, async (route) => {
    const answer = await route.fetch()
    const told = (await answer.json()) as { value?: { now: string } }
    if (told.value) told.value.now = inDays(days).toISOString()
    await route.fulfill({ response: answer, json: told })
  })
const toAccess = (page: Page, id: string) => page.goto(`${stack.baseUrl}/a/${id}/access`)

async function secretOn(page: Page): Promise<string> {
  const typed = page.locator('[data-pair=typed]')
  await expect(typed).toBeVisible(slow)
  return unspell(await typed.innerText())!
}
/** Both screens show the same number, and both people say so. */
async function agree(one: Page, two: Page, done: string) {
  const codes = await Promise.all(
    [one, two].map(async (page) => {
      const code = page.locator('[data-pair=code]')
      await expect(code).toBeVisible(slow)
      return code.innerText()
    }),
  )
  expect(codes[0]).toMatch(/^\d{4} \d{4}$/)
  expect(codes[1]).toBe(codes[0])
  for (const page of [one, two]) await button(page, 'Yes, the same').click()
  for (const page of [one, two]) await expect(page.getByText(done).first()).toBeVisible(slow)
}

/** Vera lets her son in until a date; his computer opens her appointment. */
async function letSonIn(vera: Page, id: string): Promise<Page> {
  await toAccess(vera, id)
  await expect(vera.getByText('Nobody helps you yet.')).toBeVisible(slow)
  await button(vera, 'Let somebody in').click()
  await button(vera, 'Continue').click()
  await expect(vera.getByText('Please fill this in.').first()).toBeVisible()
  await vera.getByLabel('Their full name').fill('Noel Lind')
  await vera.getByLabel('They are your').selectOption('son')
  await vera.getByRole('radio', { name: 'Until a date' }).check()
  await vera.getByLabel('Last day').fill(inDays(20).toISOString().slice(0, 10))
  await look(vera, 'care form')
  await shoot(vera, 'form')
  await button(vera, 'Continue').click()
  const noel = await own(desktop())
  await noel.goto(pairLink(stack.baseUrl, await secretOn(vera), 'own'))
  await agree(vera, noel, 'Access is given')
  await noel.getByRole('link', { name: 'Open the appointment' }).click()
  await expect(noel.getByText('For Vera Lind')).toBeVisible(slow)
  await expect(noel.getByText('You are here as their son', { exact: false })).toBeVisible()
  return noel
}
/** What is left to who helped: why it is over, what stays with them, and nobody's name. */
async function isOver(page: Page, url: string, why: string | RegExp) {
  await page.goto(url)
  await expect(page.getByRole('heading', { name: 'Your access has ended' })).toBeVisible(slow)
  await expect(page.getByText(why)).toBeVisible()
  await expect(
    page.getByText('What you read, saved or printed before is still with you', { exact: false }),
  ).toBeVisible()
  await expect(page.getByText(/Vera Lind|Otto Quill/)).toHaveCount(0)
}
const byPerson = 'It was ended by the person whom you helped'

/** Tries the doors behind the pages from the helper's own browser, with all that it holds. */
const doors = (page: Page, patientId: string) =>
  page.evaluate(async (patient) => {
    const ask = async (door: string, body: unknown) => {
      const headers = { 'content-type': 'application/json', 'curtain-as': 'patient', 'curtain-patient': patient }
      const answer = await fetch(`/api/${door}`, { method: 'POST', headers, body: JSON.stringify(body) })
      return ((await answer.json()) as { ok: boolean; code?: string }).code ?? 'opened'
    }
    return [
      ...[await ask('patient/chart', {}), await ask('patient/export', {}), await ask('patient/links', {})],
      await ask('care/end', { careId: crypto.randomUUID(), ending: 'eA' }),
    ]
  }, patientId)
const shut = ['SIGN_IN_FIRST', 'SIGN_IN_FIRST', 'SIGN_IN_FIRST', 'SIGN_IN_FIRST']

const patientOf = async (id: string): Promise<string> => {
  const [row] = await stack.sql<{ patientId: string }>(
    'SELECT patient_id AS "patientId" FROM appointment WHERE id = $1',
    [id],
  )
  return row!.patientId
}
/** Grants that lie in the database for anybody who helped this patient and does no longer. */
const grantsAfter = (patientId: string) =>
  stack.sql(
    `SELECT g.record_id FROM record_grant g JOIN patient_key k ON k.dh_key = g.recipient_key
      JOIN care c ON c.key_id = k.id JOIN record r ON r.record_id = g.record_id
      WHERE c.patient_id = $1 AND r.created_at > COALESCE(c.ended_at, c.until)`,
    [patientId],
  )
/** The clinic's list of the day on which this appointment is. */
async function toDay(page: Page, id: string) {
  const [row] = await stack.sql<{ day: string }>(
    `SELECT (a.starts_at AT TIME ZONE c.time_zone)::date::text AS day FROM appointment a JOIN clinic c ON c.id = a.clinic_id
      WHERE a.id = $1`,
    [id],
  )
  await page.goto(`${stack.baseUrl}/today?day=${row!.day}`)
}

test('a son is let in by his mother, books and signs as himself, both see it, and she ends it', async () => {
  const vera = await own(phone())
  const id = await book(vera, person('Vera Lind', 1948, today, 'vera@patient.test'), 3)
  const noel = await letSonIn(vera, id)
  await toAccess(noel, id)
  await expect(noel.getByRole('heading', { name: 'You help Vera Lind' })).toBeVisible(slow)
  await expect(noel.getByRole('heading', { name: 'Your devices' })).toHaveCount(0)
  await look(noel, 'helping')
  await shoot(noel, 'helping')
  // He books for her on his own computer, under her name, and signs in his.
  await chooseSlot(noel, world.bookingUrl, world.services.free.name, 9)
  await expect(noel.getByRole('radio', { name: /Vera Lind/ })).toBeChecked()
  await noel.getByLabel('Reason for the appointment').fill('Her knee')
  await button(noel, 'Continue').click()
  await noel.getByLabel('Since when do you have it?').fill('a month')
  await noel.getByRole('group', { name: 'Do you smoke?' }).getByText('No', { exact: true }).click()
  await button(noel, 'Continue').click()
  await noel.getByLabel('Type your own full name to sign for Vera Lind').fill('Noel Lind')
  await noel.getByLabel('I have read this and agree').check()
  await button(noel, 'Continue').click()
  await button(noel, 'Book').click()
  await noel.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(noel.getByText('For Vera Lind')).toBeVisible(slow)
  const second = /\/a\/([0-9a-f-]{36})/.exec(noel.url())![1]!
  // The practitioner sees with whom, in the list and over the chart, and whose word it is.
  const doctor = await own(desktop())
  await signInPage(doctor, stack.baseUrl, world.doctor)
  await toDay(doctor, second)
  await expect(doctor.getByText('with Noel Lind, son').first()).toBeVisible(slow)
  await doctor.goto(`${stack.baseUrl}/encounter/${second}`)
  await expect(doctor.getByText('with Noel Lind, son')).toBeVisible(slow)
  await expect(doctor.getByText('Signed by Noel Lind, son of Vera Lind').first()).toBeVisible()
  // She sees who he is, when he was there last, and what he did.
  await toAccess(vera, id)
  await expect(vera.getByText('Noel Lind, son', { exact: false }).first()).toBeVisible(slow)
  await expect(vera.getByText('Noel Lind, your son').first()).toBeVisible(slow)
  await look(vera, 'carers')
  await shoot(vera, 'carers')
  await vera.goto(`${stack.baseUrl}/a/${id}`)
  await expect(vera.getByText('Signed by Noel Lind, son of Vera Lind')).toBeVisible(slow)
  // Two tabs of hers, and a hand that presses twice: it is ended once, and neither page shows a fault.
  const tab = await vera.context().newPage()
  await toAccess(vera, id)
  await toAccess(tab, id)
  await button(tab, 'End access of Noel Lind').click()
  await button(vera, 'End access of Noel Lind').click()
  await button(vera, 'Yes, end it').dblclick()
  await expect(vera.getByText('Ended on', { exact: false })).toBeVisible(slow)
  await button(tab, 'Yes, end it').click()
  await expect(tab.getByText('Ended on', { exact: false })).toBeVisible(slow)
  await tab.close()
  const patientId = await patientOf(id)
  const ended = await stack.sql('SELECT 1 FROM care WHERE patient_id = $1 AND ended_at IS NOT NULL', [patientId])
  expect(ended).toHaveLength(1)
  await isOver(noel, `${stack.baseUrl}/a/${second}`, byPerson)
  await look(noel, 'no longer')
  await shoot(noel, 'no-longer')
  expect(await doors(noel, patientId)).toEqual(shut)
  // Nor does he book for her any more: his browser offers himself and strangers alone.
  await chooseSlot(noel, world.bookingUrl, world.services.free.name, 9)
  await expect(noel.getByRole('radio', { name: /For someone else/ })).toBeVisible(slow)
  await expect(noel.getByRole('radio', { name: /Vera Lind/ })).toHaveCount(0)
  await doctor.reload()
  await expect(doctor.getByText('Their access has ended', { exact: false }).first()).toBeVisible(slow)
  await expect(doctor.getByText('with Noel Lind, son')).toHaveCount(0)
  await toDay(doctor, second)
  await expect(doctor.getByText('Vera Lind').first()).toBeVisible(slow)
  await expect(doctor.getByText('with Noel Lind, son')).toHaveCount(0)
  // What she hands in from now on is for her and the clinic.
  await chooseSlot(vera, world.bookingUrl, world.services.free.name, 9)
  await vera.getByLabel('Reason for the appointment').fill('Her knee again')
  await button(vera, 'Continue').click()
  await vera.getByLabel('Since when do you have it?').fill('two months')
  await vera.getByRole('group', { name: 'Do you smoke?' }).getByText('No', { exact: true }).click()
  await button(vera, 'Continue').click()
  await vera.getByLabel('Type your full name to sign').fill('Vera Lind')
  await vera.getByLabel('I have read this and agree').check()
  await button(vera, 'Continue').click()
  await button(vera, 'Book').click()
  await vera.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(vera.getByText('For Vera Lind')).toBeVisible(slow)
  expect(await grantsAfter(patientId)).toEqual([])
})

// Defences: mayHelp in findDeviceKey (lib/patient/store.ts); isPast in readOwn (lib/browser/patient-chart.ts) before the server refuses.
test('attack 15: a helper whose date has come is shut out by their own browser and by the server, and both are told', async () => {
  const vera = await own(phone())
  const id = await book(vera, person('Vera Lind', 1948, today, 'vera2@patient.test'), 15)
  const noel = await letSonIn(vera, id)
  await expect(noel.getByText('Last day of access', { exact: false })).toBeVisible(slow)
  await toAccess(vera, id)
  await expect(vera.getByText('After it, Noel Lind opens nothing more here.', { exact: false })).toBeVisible(slow)
  await look(vera, 'ends soon', { size: 'phone' })
  // The day comes: first by the clock alone, before any server refuses.
  const lastDay = inDays(20).toLocaleDateString('en-GB', { ...long, timeZone: 'UTC' })
  for (const page of [vera, noel]) await later(page, 21)
  await isOver(noel, `${stack.baseUrl}/a/${id}`, `It was agreed until ${lastDay}`)
  await toAccess(vera, id)
  await expect(vera.getByText('The time is over')).toBeVisible(slow)
  await expect(vera.getByText(`Until ${lastDay}`)).toBeVisible()
  await vera.unrouteAll({ behavior: 'wait' })
  await noel.unrouteAll({ behavior: 'wait' })
  const patientId = await patientOf(id)
  await stack.sql(`UPDATE care SET until = now() WHERE patient_id = $1`, [patientId])
  await isOver(noel, `${stack.baseUrl}/a/${id}/access`, byPerson)
  expect(await doors(noel, patientId)).toEqual(shut)
  // What is left goes at his wish.
  await button(noel, 'Remove what is left on this device').click()
  await button(noel, 'Yes, remove it').click()
  await expect(noel.getByText('This device opens no records yet')).toBeVisible(slow)
  // With the keys the appointment's link is gone.
  await noel.goto(`${stack.baseUrl}/a/${id}`)
  await expect(noel.getByText('This link is not complete')).toBeVisible(slow)
  await expect(noel.getByText('Vera Lind')).toHaveCount(0)
})

test('a mother books for herself and for a child, changes between the two, hands over at the birthday, and is shut out', async () => {
  const rosa = await own(phone())
  const hers = await book(rosa, person('Rosa Quill', 1980, today, 'rosa@patient.test'), 21)
  // Eighteen in ten days.
  const birthday = inDays(10)
  const otto = person('Otto Quill', birthday.getUTCFullYear() - 18, birthday, 'family@patient.test')
  const id = await bookForChild(rosa, { ...otto, signer: 'Rosa Quill' }, 27)
  await expect(rosa.getByText('You are here as their mother', { exact: false })).toBeVisible(slow)
  await expect(rosa.getByText('On that day Otto Quill is 18', { exact: false })).toBeVisible()
  const doctor = await own(desktop())
  await signInPage(doctor, stack.baseUrl, world.doctor)
  await doctor.goto(`${stack.baseUrl}/encounter/${id}`)
  await expect(doctor.getByText('with Rosa Quill, mother')).toBeVisible(slow)
  await expect(doctor.getByText('Signed by Rosa Quill, mother of Otto Quill').first()).toBeVisible()
  await look(doctor, 'chart with a helper', { size: 'desktop' })
  await shoot(doctor, 'chart')
  // From the child to herself and back, by name.
  await toAccess(rosa, id)
  await expect(rosa.getByRole('heading', { name: 'You help Otto Quill' })).toBeVisible(slow)
  await expect(rosa.getByText('Your own records')).toBeVisible(slow)
  await look(rosa, 'guardian')
  await shoot(rosa, 'guardian')
  await rosa.getByRole('link', { name: 'Open Rosa Quill' }).click()
  await rosa.waitForURL(new RegExp(hers))
  await expect(rosa.getByText('For Rosa Quill')).toBeVisible(slow)
  await toAccess(rosa, hers)
  await rosa.getByRole('link', { name: 'Open Otto Quill' }).click()
  await rosa.waitForURL(new RegExp(id))
  await expect(rosa.getByText('For Otto Quill')).toBeVisible(slow)
  // His own phone, by the code on hers; a hand that presses twice adds one.
  await toAccess(rosa, id)
  await button(rosa, 'Show a code').click()
  const his = await own(phone())
  const link = pairLink(stack.baseUrl, await secretOn(rosa), 'own')
  await his.goto(link)
  await agree(rosa, his, 'The device is added')
  await toAccess(his, id)
  await expect(his.getByText('Rosa Quill, mother', { exact: false }).first()).toBeVisible(slow)
  await expect(his.getByText('Rosa Quill, your mother').first()).toBeVisible(slow)
  // The link that the mail carries, and the code that was used, in a thief's browser: no name, and nobody is let in.
  const mails = await stack.mails('family@patient.test')
  const stolen = mails.map(({ text }) => /\S+\/a\/[0-9a-f-]{36}#\S+/.exec(text)?.[0]).find(Boolean)!
  const thief = await own(desktop())
  await thief.goto(stolen)
  await expect(thief.getByText('This device is new to us')).toBeVisible(slow)
  await expect(thief.getByText(/Quill/)).toHaveCount(0)
  await thief.goto(link)
  await expect(thief.getByText('The device was not added')).toBeVisible(slow)
  // The server knows the first of the month after, and never the day.
  const patientId = await patientOf(id)
  const [row] = await stack.sql<{ until: Date }>(`SELECT until FROM care WHERE patient_id = $1`, [patientId])
  expect(new Date(row!.until).toISOString()).toMatch(/-01T00:00:00\.000Z$/)
  // On the birthday her browser shuts by itself, and his says so, weeks before the server would.
  const day = birthday.toLocaleDateString('en-GB', { ...long, timeZone: 'UTC' })
  for (const page of [rosa, his]) await later(page, 10)
  await isOver(rosa, `${stack.baseUrl}/a/${id}`, `It ended on ${day}, the 18th birthday.`)
  await shoot(rosa, 'come-of-age')
  await toAccess(his, id)
  await expect(his.getByText('The time is over')).toBeVisible(slow)
  await shoot(his, 'of-age')
  await his.unrouteAll({ behavior: 'wait' })
  await rosa.unrouteAll({ behavior: 'wait' })
  await stack.sql(`UPDATE care SET until = now() WHERE patient_id = $1`, [patientId])
  await isOver(rosa, `${stack.baseUrl}/a/${id}/access`, byPerson)
  expect(await doors(rosa, patientId)).toEqual(shut)
  // What is her own is open all the same.
  await rosa.goto(`${stack.baseUrl}/a/${hers}`)
  await expect(rosa.getByText('For Rosa Quill')).toBeVisible(slow)
  await his.goto(`${stack.baseUrl}/a/${id}`)
  await expect(his.getByText('For Otto Quill')).toBeVisible(slow)
  expect(await grantsAfter(patientId)).toEqual([])
})

test('an officer sets the birthday at which a parent’s access ends, and who books for a child is told it', async () => {
  const owner = await own(desktop())
  await signInPage(owner, stack.baseUrl, world.owner)
  await owner.goto(`${stack.baseUrl}/admin/security`)
  await expect(owner.getByRole('radio', { name: '18th birthday' })).toBeChecked(slow)
  await owner.getByRole('radio', { name: '16th birthday' }).check()
  await expect(owner.getByText('Saved').first()).toBeVisible(slow)
  await owner.reload()
  await expect(owner.getByRole('radio', { name: '16th birthday' })).toBeChecked(slow)
  await look(owner, 'guardian age')
  await shoot(owner, 'age')
  const rosa = await own(phone())
  await chooseSlot(rosa, world.bookingUrl, world.services.free.name, 33)
  await rosa.getByRole('radio', { name: /For someone else/ }).check()
  await expect(rosa.getByText('until the 16th birthday')).toBeVisible()
  await rosa.getByLabel('You are their').selectOption('mother')
  for (const [part, value] of [
    ['Day', '5'],
    ['Month', '3'],
    ['Year', `${today.getUTCFullYear() - 10}`],
  ] as const)
    await rosa.getByLabel(part, { exact: true }).fill(value)
  const on = `5 March ${today.getUTCFullYear() + 6}`
  await expect(rosa.getByText(`Until the 16th birthday, ${on}`, { exact: false })).toBeVisible()
  await look(rosa, 'books for a child')
  await shoot(rosa, 'books')
  await owner.getByRole('radio', { name: '18th birthday' }).check()
  await expect(owner.getByText('Saved').first()).toBeVisible(slow)
})
