// Somebody telephones: the desk books for them, they open the link on their own phone, and the practitioner meets them. What the desk
// typed is read by who may read it, and by nobody who runs the servers.
import { expect, test, type Page } from '@playwright/test'
import { addDays, dayIn } from '../lib/time.ts'
import { desktop, phone, signInPage, type Device } from './browsers.ts'
import { canary, encodingsOf, hitsIn } from './hostile/canaries.ts'
import * as journey from './journey.ts'
import { look } from './page-checks.ts'
import { dialogOf } from './parts.ts'
import { dumpOf } from './rows.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'
import { clinicZone } from './zones.ts'

test.describe.configure({ mode: 'serial' })

let stack: TestStack
let world: ClinicWorld
let desk: Device
let doctor: Device
let caller: Device
let link = ''
let appointmentId = ''
const email = 'caller@patient.test'
const said = { name: `Rosa ${canary('caller')}`, own: `Rosa ${canary('own')}`, reason: canary('reason') }
const secrets = [said.name.slice(5), said.own.slice(5), said.reason]
const requests: Buffer[] = []

const record = (page: Page) =>
  page.on('request', (request) => {
    requests.push(Buffer.from(`${request.url()}\n`), request.postDataBuffer() ?? Buffer.alloc(0))
  })

test.beforeAll(async () => {
  test.setTimeout(400_000)
  stack = await up({ mode: process.env.E2E_DEV ? 'dev' : 'production' })
  world = await clinicWorld(stack)
  ;[desk, doctor, caller] = await Promise.all([desktop(), desktop(), phone()])
  for (const { page } of [desk, doctor, caller]) record(page)
})
test.afterAll(async () => {
  await Promise.all([desk?.close(), doctor?.close(), caller?.close()])
  await stack?.down()
})

const birth = async (page: Page, [day, month, year]: [string, string, string]) => {
  const born = page.getByRole('group', { name: 'Date of birth' })
  await born.getByLabel('Day', { exact: true }).fill(day)
  await born.getByLabel('Month', { exact: true }).fill(month)
  await born.getByLabel('Year', { exact: true }).fill(year)
}

test('the desk books for a caller by the keyboard, once, and hands the link over', async () => {
  const { page, faults } = desk
  await signInPage(page, stack.baseUrl, world.desk)
  await page.goto(`${stack.baseUrl}/calendar?span=day&who=${world.doctor.memberId}`)
  const sheet = page.getByRole('group', { name: 'Appointments', exact: true })
  await sheet.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByText(/^New appointment: up and down/)).toBeAttached()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  const dialog = dialogOf(page)
  await expect(dialog.getByRole('heading', { name: 'Book for a caller' })).toBeVisible()
  await expect(dialog.getByText(/, with Dr Mira Okafor$/)).toBeVisible()
  await dialog.getByLabel('Service').selectOption({ label: 'Video consult' })
  await expect(dialog.getByText(/€45/)).toBeVisible()
  await dialog.getByRole('button', { name: 'Book the appointment' }).press('Enter')
  await expect(dialog.getByLabel('Full name')).toBeFocused()
  await expect(dialog.getByLabel('Full name')).toHaveAttribute('aria-invalid', 'true')
  await page.keyboard.type(said.name)
  await birth(page, ['4', '5', '1961'])
  await dialog.getByLabel('Reason').fill(said.reason)
  await dialog.getByLabel('E-mail').fill(email)
  await look(page, 'booking for a caller', { dialog: true })
  await dialog.getByRole('button', { name: 'Book the appointment' }).dblclick()
  await expect(dialog.getByRole('heading', { name: 'Booked' })).toBeVisible()
  await expect(dialog.getByText('The link is on its way by mail.')).toBeVisible()
  await expect(dialog.getByRole('img', { name: 'QR code of the appointment’s link' })).toBeVisible()
  link = await dialog.getByLabel('Link of the appointment').inputValue()
  await look(page, 'the link that is handed over', { dialog: true })
  const rows = await stack.sql<{ id: string; status: string; paid: string; types: string; keys: string }>(
    `SELECT a.id, a.status::text, p.status::text AS paid,
       (SELECT string_agg(type, ',' ORDER BY type) FROM record r WHERE r.patient_id = a.patient_id) AS types,
       (SELECT count(*) FROM patient_key k WHERE k.patient_id = a.patient_id) AS keys
     FROM appointment a JOIN payment p ON p.appointment_id = a.id`,
  )
  expect(rows).toMatchObject([{ status: 'booked', paid: 'due', types: 'identity,reason', keys: '0' }])
  appointmentId = rows[0]!.id
  // The clinic's key is the desk's word, not the server's.
  expect(link).toMatch(new RegExp(`/a/${appointmentId}#s=[\\w-]+&k=${world.rootFingerprint}$`))
  // On paper: when and where, the code, and no word of who or what for.
  await page.emulateMedia({ media: 'print' })
  const paper = page.locator('[data-paper]')
  await expect(paper).toBeVisible()
  await expect(sheet).toBeHidden()
  for (const word of secrets) await expect(paper).not.toContainText(word)
  await page.emulateMedia({ media: 'screen' })
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('button', { name: new RegExp(`, ${said.name}, Video consult,`) })).toBeVisible()
  expect(faults).toEqual([])
})

test('the caller’s phone is the first: it says who it is, answers and signs', async () => {
  await expect.poll(async () => (await stack.mails(email)).length, { timeout: 30_000 }).toBe(1)
  const [mail] = await stack.mails(email)
  expect(journey.linkIn(mail!.text, new RegExp(`${stack.baseUrl}/a/[0-9a-f-]{36}#s=[\\w-]+`))).toBe(
    link.split('&k=')[0],
  )
  expect(mail!.attachments.map(({ type }) => type)).toContainEqual(expect.stringContaining('text/calendar'))
  for (const word of secrets) expect(JSON.stringify(mail)).not.toContain(word)

  // Defence: keepLink. A server that shows another clinic than the one whose desk made the code gets no name.
  const misled = await phone()
  try {
    await misled.page.goto(link.replace(world.rootFingerprint, 'B'.repeat(43)))
    await expect(misled.page.getByText('This is not the clinic that your link names')).toBeVisible()
    await expect(misled.page.getByLabel('Your full name')).toHaveCount(0)
  } finally {
    await misled.close()
  }
  const { page } = caller
  await page.goto(link)
  await expect(page.getByRole('heading', { name: `${world.name} booked this for you` })).toBeVisible()
  await expect(page.getByText('This is the clinic that your link names.')).toBeVisible()
  for (const word of secrets) await expect(page.locator('body')).not.toContainText(word)
  await look(page, 'the first device')
  await expect(page.getByRole('link', { name: 'Join the call' })).toHaveCount(0)
  await page.getByLabel('Your full name').fill(said.own)
  await birth(page, ['5', '5', '1961'])
  await page.getByRole('button', { name: 'This is me' }).dblclick()
  await expect(page.getByText(`For ${said.own}`)).toBeVisible()
  const pins = () =>
    page.evaluate(() => Object.entries(localStorage).filter(([name]) => name.startsWith('curtain:pin:')))
  await expect.poll(pins).toEqual([[`curtain:pin:${world.clinicId}`, world.rootFingerprint]])
  await expect(page.getByRole('button', { name: 'Pay €45' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'Join the call' })).toBeVisible()
  // What was said on the telephone waits for a practitioner's word.
  await expect(page.getByText('What the clinic wrote down')).toHaveCount(0)
  await page.getByText('Answer the clinic’s questions').click()
  await page.getByLabel('Since when do you have it?').fill('two weeks')
  await page.getByRole('group', { name: 'Do you smoke?' }).getByText('No', { exact: true }).click()
  await page.getByRole('button', { name: 'Send answers' }).click()
  await expect(page.getByText('Questions answered')).toBeVisible()
  await page.getByText('Read and sign the consent').click()
  await page.getByLabel('Type your full name to sign').fill(said.own)
  await page.getByLabel('I have read this and agree').check()
  await page.getByRole('button', { name: 'Sign', exact: true }).click()
  await expect(page.getByText('Consent signed')).toBeVisible()
  // The calendar goes by their own word from now on; names that are on the screen stay for a minute.
  await desk.page.reload()
  await expect(desk.page.getByRole('button', { name: new RegExp(`, ${said.own}, Video consult,`) })).toBeVisible()
})

test('another device with the same link is an ordinary new one, and the desk shows the link no more', async () => {
  const other = await desktop()
  try {
    await other.page.goto(link)
    await expect(other.page.getByText('This device is new to us')).toBeVisible()
    await expect(other.page.getByText('booked this for you')).toHaveCount(0)
  } finally {
    await other.close()
  }
  const { page } = desk
  await page.getByRole('button', { name: new RegExp(`, ${said.own}, Video consult,`) }).press('Enter')
  await page.getByRole('menuitem', { name: 'Link for the patient' }).click()
  await expect(dialogOf(page).getByText(/has this link already/)).toBeVisible()
  await dialogOf(page).getByRole('button', { name: 'Send again' }).click()
  await expect(dialogOf(page).getByText('Sent once more by mail.')).toBeVisible()
  await expect.poll(async () => (await stack.mails(email)).length, { timeout: 30_000 }).toBe(2)
})

test('somebody who is known is found by the name that opens here, and booked with a click on a free place', async () => {
  const { page } = desk
  const tomorrow = addDays(dayIn(clinicZone, new Date()), 1)
  await page.goto(`${stack.baseUrl}/calendar?day=${tomorrow}&span=day&who=${world.doctor.memberId}`)
  await expect(page.getByText('Nobody is booked here.')).toBeVisible()
  // Ten hours down a column that begins at midnight.
  await page.locator('[data-column]').click({ position: { x: 60, y: 10 * 96 + 4 } })
  const dialog = dialogOf(page)
  await expect(dialog.getByText(/10:00, with Dr Mira Okafor$/)).toBeVisible()
  await dialog.getByLabel('Full name').fill('ROS own')
  await dialog.getByRole('button', { name: `${said.own}, born 5 May 1961 (booked as ${said.name})` }).click()
  await expect(dialog.getByText(/is known here/)).toBeVisible()
  const records = () => stack.sql<{ count: string }>('SELECT count(*) FROM record')
  const before = await records()
  await dialog.getByRole('button', { name: 'Book the appointment' }).click()
  await expect(dialog.getByRole('heading', { name: 'Booked' })).toBeVisible()
  expect(await records()).toEqual(before)
  expect(await stack.sql('SELECT DISTINCT patient_id FROM appointment')).toHaveLength(1)
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(
    page.getByRole('button', { name: new RegExp(`^10:00 to 10:15, ${said.own}, First talk,`) }),
  ).toBeVisible()
})

test('“matches” hands the patient what the desk wrote, and the practitioner sees where the two differ', async () => {
  const { page } = doctor
  await signInPage(page, stack.baseUrl, world.doctor)
  await expect(page.getByText(`The desk wrote down ${said.name}, born 4 May 1961.`)).toBeVisible()
  await page.goto(`${stack.baseUrl}/encounter/${appointmentId}`)
  await expect(page.getByRole('heading', { level: 1, name: said.own })).toBeVisible()
  await expect(page.getByText('The patient gave another name or birthday')).toBeVisible()
  await expect(page.getByText(`The desk wrote down ${said.name}, born 4 May 1961.`, { exact: false })).toBeVisible()
  await expect(page.getByText(said.reason)).toBeVisible()
  await expect(page.getByText('Taken down by the desk.')).toBeVisible()
  await expect(page.getByText('Signed, signature valid')).toBeVisible()
  await caller.page.bringToFront()
  await journey.toWaitingRoom(caller.page)
  await page.getByRole('button', { name: 'Admit', exact: true }).click()
  await caller.page.getByRole('button', { name: 'Join the call' }).click()
  await page.getByRole('button', { name: 'Matches' }).click()
  await expect(page.getByText('2 earlier records were opened to it.', { exact: false })).toBeVisible()
  const own = await caller.context.newPage()
  record(own)
  await own.goto(link)
  await expect(own.getByRole('heading', { name: 'What the clinic wrote down' })).toBeVisible()
  await expect(own.getByText(said.name)).toBeVisible()
  await expect(own.getByText(said.reason)).toBeVisible()
  // Their own word stays who they are.
  await expect(own.getByText(`For ${said.own}`)).toBeVisible()
})

test('nobody who runs the servers finds a word of it', async () => {
  const needles = new Map(secrets.map((word) => [word, encodingsOf(word)]))
  expect(hitsIn(Buffer.concat(requests), needles)).toEqual([])
  for (const [table, bytes] of await dumpOf(stack)) expect(hitsIn(Buffer.from(bytes), needles), table).toEqual([])
  expect(hitsIn(Buffer.from(JSON.stringify(await stack.mails())), needles)).toEqual([])
  // The search finds what is there.
  expect(hitsIn(Buffer.from(`x${secrets[0]}`), needles)).not.toEqual([])
})
