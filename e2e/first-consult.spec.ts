// The product's main job, whole: from the booking link to the prescription in a pharmacist's browser. Two people, each in a
// browser process of their own, the production build, the real SFU.
import { readFileSync } from 'node:fs'
import { expect, test, type Page } from '@playwright/test'
import { decodeJwt } from 'jose'
import { RoomServiceClient } from 'livekit-server-sdk'
import { desktop, phone, signInPage, type Device } from './browsers.ts'
import { weekOf } from './hours.ts'
import { loudness, pixels, safetyCode } from './call-world.ts'
import * as journey from './journey.ts'
import { dumpOf } from './rows.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, PASSWORD, type ClinicWorld } from './world.ts'
import { otherZone } from './zones.ts'

test.describe.configure({ mode: 'serial' })

let stack: TestStack
let world: ClinicWorld
let patient: Device
let doctor: Device
let owner: Device
let appointmentId = ''
let mailedLink = ''
let prescriptionLink = ''
const tokens: string[] = []

const person: journey.Person = {
  name: 'Ottilie Fernbrook',
  birth: { day: '7', month: '3', year: '1979' },
  email: 'ottilie@patient.test',
  phone: '+33 6 12 34 56 78',
  reason: 'Zwielicht headaches each morning',
  texts: { 'Since when do you have it?': 'since the harvest moon', 'Tell us more': 'Worse after cardamom tea.' },
}
const words = ['Fernbrook', 'Zwielicht', 'harvest moon', 'cardamom', 'Rest and quartz', 'Mirabilol', 'moonflower']

test.beforeAll(async () => {
  test.setTimeout(400_000)
  stack = await up({ mode: process.env.E2E_DEV ? 'dev' : 'production' })
  world = await clinicWorld(stack)
  ;[patient, doctor] = await Promise.all([phone({ timezoneId: otherZone }), desktop()])
  for (const { page } of [patient, doctor])
    page.on('response', async (response) => {
      if (!response.url().endsWith('/api/call/token') || !response.ok()) return
      tokens.push(((await response.json()) as { value: { token: string } }).value.token)
    })
})
test.afterAll(async () => {
  await Promise.all([patient?.close(), doctor?.close(), owner?.close()])
  await stack?.down()
})

const rooms = () => new RoomServiceClient(stack.sfu[0]!.api, stack.sfu[0]!.key, stack.sfu[0]!.secret)

async function seeEachOther() {
  for (const { page } of [patient, doctor])
    await expect
      .poll(
        async () => {
          const seen = await pixels(page)
          return seen.brightness > 20 && seen.change > 0.5
        },
        { timeout: 40_000 },
      )
      .toBe(true)
}

test('a patient books on a phone, signs, pays and gets a mail', async () => {
  const { page } = patient
  await test.step('the clinic, its services with price and length, its practitioners', async () => {
    await page.goto(world.bookingUrl)
    await expect(page.getByRole('heading', { level: 1, name: world.name })).toBeVisible()
    for (const text of ['Video consult', '€45', '15 min', 'Dr Mira Okafor'])
      await expect(page.getByText(text).first()).toBeVisible()
  })
  await test.step('a time in their own zone and the clinic’s', async () => {
    await journey.chooseSlot(page, world.bookingUrl, 'Video consult')
    await expect(page.getByText(/at the clinic/).first()).toBeVisible()
  })
  await test.step('the form, the questions, the consent', () => journey.fillForm(page, person))
  await test.step('payment on the hosted page, back to the appointment', async () => {
    await page.getByRole('button', { name: /^Book and pay/ }).click()
    await journey.pay(page)
    await expect(page.getByText('Thank you, your payment arrived')).toBeVisible()
    await page.getByRole('link', { name: 'Open my appointment' }).click()
    await page.waitForURL(/\/a\/[0-9a-f-]{36}(#|$)/)
    appointmentId = /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
    await expect(page.getByText('Booked', { exact: true }).first()).toBeVisible()
    await expect(page.getByText(/€45 · Paid/)).toBeVisible()
  })
  await test.step('a mail with the link and a calendar file, in neutral words', async () => {
    const booked = async () =>
      (await stack.mails(person.email)).filter(({ subject }) => subject.startsWith('Your appointment with'))
    await expect.poll(async () => (await booked()).length, { timeout: 30_000 }).toBe(1)
    const [mail] = await booked()
    expect(mail!.attachments.map(({ type }) => type)).toContainEqual(expect.stringContaining('text/calendar'))
    mailedLink = journey.linkIn(mail!.text, new RegExp(`${stack.baseUrl}/a/[0-9a-f-]{36}#s=[\\w-]+`))
    expect(mailedLink).toContain(appointmentId)
    for (const word of words) expect(JSON.stringify(mail)).not.toContain(word)
  })
  await test.step('one appointment, one payment, one consent, five sealed records', async () => {
    const [row] = await stack.sql<Record<string, string>>(
      `SELECT (SELECT count(*) FROM appointment WHERE status = 'booked') AS appointments,
              (SELECT string_agg(status::text, ',') FROM payment) AS payments,
              (SELECT count(*) FROM consent_event) AS consents,
              (SELECT string_agg(type, ',' ORDER BY type) FROM record) AS records`,
    )
    expect(row).toEqual({
      ...{ appointments: '1', payments: 'paid', consents: '1' },
      records: 'checklist,consent,identity,intake,reason',
    })
    await nothingInTheClear()
  })
})

async function nothingInTheClear() {
  for (const [table, bytes] of await dumpOf(stack))
    for (const word of words) expect(bytes.includes(word), `${word} in ${table}`).toBe(false)
}

test('the practitioner reads intake and consent on a desktop', async () => {
  const { page } = doctor
  await signInPage(page, stack.baseUrl, world.doctor)
  const row = page.getByRole('link', { name: `Open the encounter of ${person.name}` })
  await expect(page.getByText(person.name).first()).toBeVisible()
  await expect(page.getByText('Paid · €45').first()).toBeVisible()
  await row.first().click()
  await expect(page.getByRole('heading', { level: 1, name: person.name })).toBeVisible()
  await expect(page.getByText(person.reason)).toBeVisible()
  for (const answer of Object.values(person.texts)) await expect(page.getByText(answer)).toBeVisible()
  await expect(page.getByText('Signed, signature valid')).toBeVisible()
})

test('they meet in an encrypted call', async () => {
  test.setTimeout(240_000)
  await test.step('waiting room, with an honest place', async () => {
    await patient.page.bringToFront()
    await journey.toWaitingRoom(patient.page)
    await expect(patient.page.getByText('You are next.')).toBeVisible()
    await expect(doctor.page.getByText('The device that booked')).toBeVisible()
  })
  await test.step('admitted: pictures and sound at both ends', async () => {
    await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
    await patient.page.getByRole('button', { name: 'Join the call' }).click()
    await seeEachOther()
    for (const { page } of [patient, doctor]) await expect.poll(() => loudness(page)).toBeGreaterThan(0.05)
  })
  await test.step('one safety code', async () => {
    const code = await safetyCode(patient.page)
    expect(code).toMatch(/^\d{4} \d{4}$/)
    expect(await safetyCode(doctor.page)).toBe(code)
  })
  await test.step('the SFU knows two random ids and nothing else', async () => {
    const [call] = await stack.sql<{ room: string }>('SELECT room FROM call WHERE appointment_id = $1', [appointmentId])
    const inside = await rooms().listParticipants(call!.room)
    expect(inside).toHaveLength(2)
    for (const { identity, name, metadata, attributes } of inside) {
      expect(identity).toMatch(/^[0-9a-f]{32}$/)
      expect({ name, metadata, attributes: Object.keys(attributes) }).toEqual({
        name: '',
        metadata: '',
        attributes: [],
      })
    }
    expect(call!.room).toMatch(/^[0-9a-f]{32}$/)
    const [room] = await rooms().listRooms([call!.room])
    expect({ metadata: room!.metadata, most: room!.maxParticipants }).toEqual({ metadata: '', most: 2 })
  })
  await test.step('a token is good for a minute, and for nothing but this room', () => {
    expect(tokens.length).toBeGreaterThanOrEqual(2)
    for (const token of tokens) {
      const claims = decodeJwt(token) as { exp: number; nbf?: number; iat?: number; sub: string; video: object }
      expect(claims.exp - (claims.nbf ?? claims.iat!)).toBeLessThanOrEqual(60)
      expect(claims.sub).toMatch(/^[0-9a-f]{32}$/)
      expect(claims).not.toHaveProperty('name')
      expect(claims).not.toHaveProperty('metadata')
      expect(Object.keys(claims.video).filter((grant) => /record|admin|list|hidden|ingress/i.test(grant))).toEqual([])
    }
  })
  await test.step('mute, camera off, and back', async () => {
    await patient.page.getByRole('button', { name: 'Mute microphone' }).click()
    await expect(doctor.page.getByText(/is muted$/)).toHaveCount(1)
    await patient.page.getByRole('button', { name: 'Unmute microphone' }).click()
    await patient.page.getByRole('button', { name: 'Turn camera off' }).click()
    await expect(doctor.page.getByText(/has turned the camera off$/)).toBeVisible()
    await patient.page.getByRole('button', { name: 'Turn camera on' }).click()
    await seeEachOther()
  })
  await test.step('hang up, come back', async () => {
    await patient.page.getByRole('button', { name: 'Hang up' }).click()
    await expect(doctor.page.getByText(/has left the call/)).toBeVisible()
    await patient.page.getByRole('button', { name: 'Return to the call' }).click()
    await patient.page.getByRole('button', { name: 'Join the call' }).click()
    await seeEachOther()
  })
})

test('note, prescription and recall during the call; the patient has them at once', async () => {
  const own = await patient.context.newPage()
  await own.goto(mailedLink)
  await expect(own.getByText('Notes and prescriptions that the practitioner shares appear here.')).toBeVisible({
    timeout: 30_000,
  })
  const { page } = doctor
  await page.bringToFront()
  await journey.writeNote(page, 'Rest and quartz water.')
  await expect(own.getByText('Rest and quartz water.')).toBeVisible({ timeout: 5000 })
  await journey.prescribe(page, {
    ...{ medicine: 'Mirabilol', dose: '20 mg', frequency: 'twice a day', instructions: 'with moonflower honey' },
  })
  await expect(own.getByText('Mirabilol 20 mg')).toBeVisible({ timeout: 5000 })
  await journey.setRecall(page, 'moonflower check in half a year')

  await test.step('the PDF, made in the patient’s browser, with a QR code', async () => {
    const [download] = await Promise.all([
      own.waitForEvent('download'),
      own.getByRole('button', { name: 'Download as PDF' }).click(),
    ])
    const { text, qrMatches } = journey.readPdf(readFileSync(await download.path()))
    for (const part of [person.name, 'Mirabilol 20 mg', 'twice a day', 'Dr Mira Okafor']) expect(text).toContain(part)
    prescriptionLink = text.replaceAll('\n', '').match(/http[^ ]*\/rx\/[0-9a-f-]{36}#k=[\w-]{43}&r=[\w-]{43}/)![0]
    expect(qrMatches(prescriptionLink)).toBe(true)
    expect(qrMatches(`${prescriptionLink}x`)).toBe(false)
  })
  await test.step('a pharmacist’s empty browser opens it and checks the signature', async () => {
    const pharmacist = await desktop()
    try {
      await pharmacist.page.goto(prescriptionLink)
      await expect(pharmacist.page.getByText('Signed by a clinic that calls itself')).toBeVisible()
      await expect(pharmacist.page.getByText('Mirabilol').first()).toBeVisible()
      await expect(pharmacist.page.getByText(person.name).first()).toBeVisible()
    } finally {
      await pharmacist.close()
    }
  })
  await test.step('the rows are sealed', async () => {
    const types = await stack.sql<{ type: string }>(
      `SELECT DISTINCT type FROM record WHERE type IN ('note', 'prescription', 'recall') ORDER BY 1`,
    )
    expect(types.map(({ type }) => type)).toEqual(['note', 'prescription', 'recall'])
    await nothingInTheClear()
  })
  await own.close()
})

test('another phone with an empty profile: waiting room within a minute, and “matches” gives it the records', async () => {
  test.setTimeout(240_000)
  await patient.page.getByRole('button', { name: 'Hang up' }).click()
  const other = await phone()
  try {
    const begun = Date.now()
    await other.page.goto(mailedLink)
    await expect(other.page.getByText('This device is new to us')).toBeVisible()
    for (const word of words) await expect(other.page.getByText(word)).toHaveCount(0)
    await journey.toWaitingRoom(other.page)
    expect(Date.now() - begun).toBeLessThan(60_000)
    await expect(doctor.page.getByText('Not confirmed, new device')).toBeVisible()
    await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
    await other.page.getByRole('button', { name: 'Join the call' }).click()
    await expect.poll(async () => (await pixels(doctor.page)).change, { timeout: 40_000 }).toBeGreaterThan(0.5)
    expect(await safetyCode(other.page)).toBe(await safetyCode(doctor.page))
    await doctor.page.getByRole('button', { name: 'Matches' }).click()
    await expect(doctor.page.getByText(/This device is now known as this patient’s/)).toBeVisible()
    const own = await other.context.newPage()
    await own.goto(mailedLink)
    await expect(own.getByText('Mirabilol 20 mg')).toBeVisible()
    await expect(own.getByText('Rest and quartz water.')).toBeVisible()
  } finally {
    await other.close()
  }
})

test('the call ends: the room is gone, the notes stay, the encounter is completed', async () => {
  const { page } = doctor
  await page.getByRole('button', { name: 'End the call' }).first().click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'End the call' }).click()
  await expect(page.getByText('The call has ended. Your notes stay open.')).toBeVisible()
  await expect.poll(async () => (await rooms().listRooms()).length).toBe(0)
  await page.getByRole('button', { name: 'Complete', exact: true }).click()
  await expect(page.getByText('Done', { exact: true }).first()).toBeVisible()
  expect(patient.faults.filter((fault) => !/Failed to load resource/.test(fault))).toEqual([])
  expect(doctor.faults.filter((fault) => !/Failed to load resource/.test(fault))).toEqual([])
})

test('an admin changes a price, a length and hours; the booking page follows', async () => {
  await doctor.close()
  owner = await desktop()
  const { page } = owner
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/admin/services`)
  await page.getByRole('button', { name: 'Edit Video consult' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Length').fill('40')
  await dialog.getByLabel('Price').fill('61.50')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Service saved.').first()).toBeVisible()
  await patient.page.goto(world.bookingUrl)
  const card = patient.page.getByRole('listitem').filter({ hasText: 'Video consult' })
  await expect(card.getByText('40 min')).toBeVisible()
  await expect(card.getByText('€61.50')).toBeVisible()

  const week = await weekOf(page, stack.baseUrl, world.doctor.name)
  // Open around the clock until now; from here on, an hour on tomorrow's weekday.
  const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
  const tomorrow = days[(new Date().getUTCDay() + 1) % 7]!
  for (const day of days.filter((each) => each !== tomorrow))
    await week.getByRole('button', { name: `Remove stretch 1 of ${day}` }).click()
  await week.getByLabel(`${tomorrow}, stretch 1: from`).fill('10:00')
  await week.getByLabel(`${tomorrow}, stretch 1: to`).fill('11:00')
  await week.getByRole('button', { name: 'Save hours' }).click()
  await expect(page.getByText('Hours saved.').first()).toBeVisible()
  await patient.page.getByRole('link', { name: 'Choose a time: Video consult' }).click()
  await expect(patient.page.getByRole('link', { name: new RegExp(`${tomorrow}.*, 1 free`) })).toBeVisible()
  await expect(patient.page.locator('a[href*="slot="]')).toHaveCount(1)
})

async function typePassphrase(page: Page) {
  await page.getByRole('button', { name: 'Choose my own instead' }).click()
  await page.getByLabel('Your own passphrase', { exact: true }).fill(PASSWORD)
  await page.getByLabel('Type it once more').fill(PASSWORD)
  await page.getByLabel('I have it written down or in a password manager').check()
}

test('a new clinic opens, invites a practitioner by a link, vouches for them, and can be booked', async () => {
  test.setTimeout(240_000)
  await owner.close()
  owner = await desktop()
  const { page } = owner
  const begun = Date.now()
  await page.goto(`${stack.baseUrl}/start`)
  await page.getByLabel('Your name, as patients see it').fill('Imre Sander')
  await page.getByLabel('Profession').fill('Director')
  await page.getByLabel('E-mail address').fill('imre@new-clinic.test')
  await page.getByLabel('I see patients myself').uncheck()
  await page.getByLabel('Name of the clinic').fill('Clinic on the Quay')
  await expect(page.getByLabel('Address of your booking page')).toHaveValue('clinic-on-the-quay')
  await page.getByRole('button', { name: 'Continue' }).click()
  await typePassphrase(page)
  await page.getByRole('button', { name: 'Make the keys and open the clinic' }).click()
  await page.getByRole('button', { name: 'Save and show my booking link' }).click({ timeout: 60_000 })
  await expect(page.getByText('Clinic on the Quay is open')).toBeVisible()
  const bookingUrl = await page.getByLabel('Booking link', { exact: true }).inputValue()
  expect(bookingUrl).toMatch(/\/c\/clinic-on-the-quay#k=[\w-]{43}$/)

  await page.getByRole('link', { name: 'Invite someone' }).click()
  await page.getByRole('button', { name: 'Invite someone' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name, as patients see it').fill('Dr Juno Park')
  await dialog.getByLabel('Profession').fill('General practitioner')
  await dialog.getByLabel('Practitioner').check()
  await dialog.getByRole('button', { name: 'Make the invitation' }).click()
  const invitation = await dialog.getByRole('textbox', { name: 'Invitation link' }).inputValue()
  expect(invitation).toMatch(/\/join\/[0-9a-f-]{36}#s=[\w-]+&k=[\w-]{43}$/)
  await dialog.getByRole('button', { name: 'Done' }).click()

  const newcomer = await desktop()
  try {
    await newcomer.page.goto(invitation)
    await newcomer.page.getByLabel('E-mail address').fill('juno@new-clinic.test')
    await typePassphrase(newcomer.page)
    await newcomer.page.getByRole('button', { name: 'Make my keys and join' }).click()
    await expect(newcomer.page.getByText('Almost there')).toBeVisible({ timeout: 60_000 })
    const secret = /#s=([\w-]+)/.exec(invitation)![1]!
    const [told] = await stack.sql<{ found: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM invitation i WHERE to_jsonb(i)::text LIKE '%' || $1 || '%') AS found`,
      [secret],
    )
    expect(told!.found, 'the fragment’s secret is not on the server').toBe(false)

    await page.getByRole('button', { name: 'Check and vouch' }).click()
    await page.getByRole('button', { name: 'The same: vouch' }).click()
    await expect(page.getByText('Dr Juno Park now belongs to the clinic.').first()).toBeVisible()
    await expect(newcomer.page).toHaveURL(/\/today/, { timeout: 60_000 })

    const week = await weekOf(page, stack.baseUrl, 'Dr Juno Park')
    for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday']) {
      await week.getByRole('button', { name: `Add a stretch to ${day}` }).click()
      await week.getByLabel(`${day}, stretch 1: from`).fill('09:00')
      await week.getByLabel(`${day}, stretch 1: to`).fill('17:00')
    }
    await week.getByRole('button', { name: 'Save hours' }).click()
    await expect(page.getByText('Hours saved.').first()).toBeVisible()
    await page.goto(`${stack.baseUrl}/admin/services`)
    await page.getByRole('button', { name: 'Edit Video consultation' }).click()
    await page.getByRole('dialog').getByLabel('Dr Juno Park').check()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('Service saved.').first()).toBeVisible()

    await patient.page.goto(bookingUrl)
    await patient.page.getByRole('link', { name: 'Choose a time: Video consultation' }).click()
    await expect(patient.page.locator('a[href*="slot="]').first()).toBeVisible()
    expect(Date.now() - begun).toBeLessThan(5 * 60_000)
  } finally {
    await newcomer.close()
  }
})
