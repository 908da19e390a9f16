// Two officers open a patient's records together, in two browsers; one alone opens nothing; the patient and the log learn of it.
import { expect, test, type Page } from '@playwright/test'
import { desktop, signInPage, type Device } from '../browsers.ts'
import { look } from '../page-checks.ts'
import { up, type TestStack } from '../stack.ts'
import { clinicWorld, type Booked, type ClinicWorld, type Staff } from '../world.ts'
import { canary, encodingsOf, hitsIn } from './canaries.ts'

let stack: TestStack
let world: ClinicWorld
let second: Staff
let booked: Booked
let other: Booked
const devices: Device[] = []
const words = { reason: canary('reason'), theirs: canary('theirs'), why: canary('why') }

test.beforeAll(async () => {
  test.setTimeout(400_000)
  stack = await up()
  world = await clinicWorld(stack)
  second = await world.join(['admin'], 'Sasha Long')
  booked = await world.book({ fields: { name: 'Noor Lindqvist' }, reason: words.reason })
  other = await world.book({ fields: { name: 'Timo Brandt' }, reason: words.theirs, at: 4 })
})
test.afterAll(async () => {
  for (const device of devices) await device.close()
  await stack?.down()
})

async function signedIn(who: Staff): Promise<Page> {
  const device = await desktop()
  devices.push(device)
  await signInPage(device.page, stack.baseUrl, who)
  return device.page
}
const patientOf = ({ patient }: Booked) => patient.handle.patientId
const keysOf = (whose: Booked) =>
  stack.sql<{ epoch: number; used: boolean }>(
    'SELECT epoch, used_at IS NOT NULL AS used FROM emergency_key WHERE patient_id = $1 ORDER BY epoch',
    [patientOf(whose)],
  )
const escrowed = async (whose: Booked, epoch: number) =>
  Number(
    (
      await stack.sql<{ n: string }>(
        `SELECT count(*) AS n FROM record_grant WHERE patient_id = $1 AND recipient_kind = 'escrow' AND epoch = $2`,
        [patientOf(whose), epoch],
      )
    )[0]!.n,
  )
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const codeOn = async (page: Page) =>
  (await page.getByRole('list', { name: 'Code of this request' }).getByRole('listitem').allTextContents()).join('')

async function openChart(page: Page, whose: Booked) {
  await page.goto(`${stack.baseUrl}/encounter/${whose.appointmentId}`)
  await expect(page.getByText(whose.patient.fields.name).first()).toBeVisible()
}

// Defences: combineShares and the threshold in lib/crypto/emergency.ts; `isOpenAt` and the answer in `open`, and `markUsed` and
// the mail in `approve` (lib/emergency/flow-officers.ts); the `escrow` grants that listRecords answers to nobody.
test('attack 22: one officer opens nothing, two open that patient and nothing else, and the patient learns of it', async () => {
  test.setTimeout(240_000)
  const doctor = await signedIn(world.doctor)
  for (const whose of [booked, other]) {
    await openChart(doctor, whose)
    await expect.poll(() => escrowed(whose, 1), { timeout: 30_000 }).toBe(5)
    expect(await keysOf(whose)).toEqual([{ epoch: 1, used: false }])
  }

  // One asks.
  const first = await signedIn(second)
  await first.goto(`${stack.baseUrl}/admin/emergency`)
  await first.getByLabel('Find the patient').fill('lindq')
  await button(first, 'Choose').click()
  await first.getByLabel('Why').fill(words.why)
  await look(first, 'asking')
  await button(first, 'Ask another administrator').dblclick()
  await expect(first.getByText('Waiting for an answer')).toBeVisible()
  const [request] = await stack.sql<{ id: string }>('SELECT id FROM emergency_request WHERE patient_id = $1', [
    patientOf(booked),
  ])
  const { id } = request!
  // Alone they get no record and no other share, by whatever door.
  expect(await second.door.ask('emergency/open', { id })).toMatchObject({ ok: false, code: 'WRONG_STATE' })
  expect(await second.door.ask('emergency/share', { id })).toMatchObject({ ok: false, code: 'WRONG_STATE' })
  expect(await second.door.ask('emergency/approve', { id, answer: 'x' })).toMatchObject({
    ok: false,
    code: 'WRONG_STATE',
  })
  expect(await booked.patient.signIn().then(() => booked.patient.door.get('emergency/told', {}))).toEqual({
    opened: [],
  })

  // The other is told wherever they are, compares the code, and agrees.
  const agreeing = await signedIn(world.owner)
  await expect(agreeing.getByText('An administrator asks to open')).toBeVisible()
  await agreeing.getByRole('link', { name: 'Look at it' }).click()
  await expect(agreeing.getByText(words.why)).toBeVisible()
  await expect.poll(() => codeOn(agreeing)).toMatch(/^\d{8}$/)
  await expect.poll(() => codeOn(first)).toBe(await codeOn(agreeing))
  await look(agreeing, 'answering')
  await expect(button(agreeing, 'Agree and open')).toBeDisabled()
  await agreeing.getByLabel('The code is the same').check()
  await button(agreeing, 'Agree and open').dblclick()

  // Who asked reads, that patient and nobody else.
  await button(first, 'Open the records').click()
  await expect(first.getByText(words.reason)).toBeVisible()
  await expect(first.getByText('did not open')).toHaveCount(0)
  await look(first, 'reading')
  expect(await first.content()).not.toContain(words.theirs)
  expect(await world.owner.door.ask('emergency/open', { id })).toMatchObject({ ok: false, code: 'NOT_FOUND' })

  // The patient knows at once: on their page with the reason, and by a mail without it.
  const { opened } = await booked.patient.door.get('emergency/told', {})
  expect(opened).toMatchObject([{ id, askedBy: second.name, answeredBy: world.owner.name, one: false }])
  const { clinicId } = world
  await booked.patient.vault.loadChain(await booked.patient.door.get('access/chain', { clinicId }))
  const { request: signed, reason } = opened[0]!
  const asPatient = patientOf(booked)
  expect(await booked.patient.vault.readEmergency({ clinicId, request: signed, reason, asPatient })).toMatchObject({
    ...{ id, reason: words.why, askedBy: second.memberId },
  })
  const to = booked.patient.fields.email
  await expect
    .poll(async () => (await stack.mails(to)).filter(({ subject }) => /were opened/.test(subject)).length, {
      timeout: 30_000,
    })
    .toBe(1)
  const needles = new Map(Object.values(words).map((word) => [word, encodingsOf(word)]))
  expect(hitsIn(Buffer.from(JSON.stringify(await stack.mails(to))), needles)).toEqual([])

  // Read to the end, nothing more is handed out; the next chart that is opened makes the next key.
  await button(first, 'Done reading').click()
  await expect(first.getByText(words.reason)).toHaveCount(0)
  await expect(first.getByText('Closed. Nothing of it is kept')).toBeVisible()
  expect(await second.door.ask('emergency/open', { id })).toMatchObject({ ok: false, code: 'WRONG_STATE' })
  expect(await keysOf(booked)).toEqual([{ epoch: 1, used: true }])
  await openChart(doctor, booked)
  await expect.poll(() => escrowed(booked, 2), { timeout: 30_000 }).toBe(5)
  expect(await escrowed(booked, 1)).toBe(0)
  expect(await keysOf(other)).toEqual([{ epoch: 1, used: false }])
  for (const device of devices) expect(device.faults).toEqual([])
})
