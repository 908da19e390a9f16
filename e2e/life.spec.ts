// What happens to people and is no attack: a browser that cannot, a private window, an owner who changes their mind, a card that
// is refused, a device that nobody knows yet.
import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { desktop, phone, signInPage, type Device } from './browsers.ts'
import { weekOf } from './hours.ts'
import { chooseSlot, fillForm, throughCheck, toWaitingRoom, writeNote, type Person } from './journey.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, PASSWORD, type ClinicWorld } from './world.ts'

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
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

const person = (name: string): Person => ({
  ...{ name, birth: { day: '2', month: '5', year: '1982' }, phone: '', reason: 'A knee that clicks' },
  email: `${name.toLowerCase().replaceAll(' ', '.')}@patient.test`,
  texts: { 'Since when do you have it?': 'a month' },
})

/** Booked on this very device, which then holds the patient's keys. */
async function bookHere(page: Page, name: string, index: number) {
  await chooseSlot(page, world.bookingUrl, world.services.free.name, index)
  await fillForm(page, person(name))
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  return /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
}
const statusOf = async (id: string) =>
  (await stack.sql<{ status: string }>('SELECT status FROM appointment WHERE id = $1', [id]))[0]!.status

test('a browser that cannot do calls is told so before the form, and at the call', async () => {
  const { page, context } = await own(phone())
  await context.addInitScript(() => {
    delete (window as { RTCRtpScriptTransform?: unknown }).RTCRtpScriptTransform
  })
  await chooseSlot(page, world.bookingUrl, world.services.online.name, 10)
  const told = page.getByText('This browser cannot make the video call')
  await expect(told).toBeVisible()
  await expect(page.getByText(/Missing here: protected video\./)).toBeVisible()
  // Above the first field, and not below what was typed.
  const [note, field] = [await told.boundingBox(), await page.getByLabel('Full name').boundingBox()]
  expect(note!.y).toBeLessThan(field!.y)
  const visit = await world.book({ at: 12 })
  await page.goto(visit.link.replace('#', '/call#'))
  // Without a press that could only fail.
  await expect(page.getByRole('heading', { name: 'This browser cannot do the call' })).toBeVisible()
  await expect(button(page, 'Turn on camera and microphone')).toHaveCount(0)
})

/** Before every script of ours, the vault's worker included: no init script reaches that one. */
async function before(context: BrowserContext, script: string) {
  await context.route('**/_next/static/**/*.js', async (route) => {
    // A page that was left in the meantime wants no answer.
    const answer = await route.fetch().catch(() => null)
    const body = await answer?.text().catch(() => null)
    await (answer && body ? route.fulfill({ response: answer, body: `${script};\n${body}` }) : route.abort())
  })
}

test('a private window books to the end, is told of the code, and joins the call with it', async () => {
  const { page, context } = await own(phone())
  await before(context, 'IDBFactory.prototype.open = () => { throw new DOMException("no", "InvalidStateError") }')
  await chooseSlot(page, world.bookingUrl, world.services.free.name)
  await expect(page.getByText('This browser will not remember you')).toBeVisible()
  await expect(page.getByText(/before the call you will be asked for a code, sent by e-mail/)).toBeVisible()
  await expect(page.getByText('forget me afterwards'), 'nothing would stay in any case').toHaveCount(0)
  await fillForm(page, person('Pavel Private'))
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}#s=/)
  await expect(page.getByText('This device is new to us')).toBeVisible()
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('mine')))).toEqual([])
  const id = /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
  await toWaitingRoom(page)
  await button(page, 'Send me a code').click()
  let code = ''
  await expect
    .poll(async () => {
      const mails = await stack.mails(person('Pavel Private').email)
      code = mails.map(({ subject }) => /^(\d{6}) /.exec(subject)?.[1]).findLast(Boolean) ?? ''
      return code
    })
    .toMatch(/^\d{6}$/)
  await page.getByLabel('Code from the e-mail').fill(code)
  await button(page, 'Confirm this device').click()
  await expect(page.getByText('Confirmed. Dr Mira Okafor sees that it is you.')).toBeVisible()
  const { page: doctor } = await own(desktop())
  await signInPage(doctor, stack.baseUrl, world.doctor)
  await doctor.goto(`${stack.baseUrl}/encounter/${id}`)
  await expect(doctor.getByRole('heading', { name: 'Pavel Private' })).toBeVisible()
  await expect(doctor.getByText('New device, confirmed by e-mail')).toBeVisible()
  await doctor.getByRole('button', { name: 'Admit', exact: true }).click()
  await button(page, 'Join the call').click()
  await expect(doctor.locator('[data-call="safety-code"]')).toBeVisible()
  // Over: who waits in the tests below waits for nobody before them.
  await world.doctor.door.get('encounter/complete', { appointmentId: id })
})

test('a browser that takes keys and gives none back is known before the form', async () => {
  const { page, context } = await own(phone())
  // Whatever is asked for, the browser's own `get` looks for something that is not there.
  const lost =
    'const { get } = IDBObjectStore.prototype; IDBObjectStore.prototype.get = function () { return get.call(this, "") }'
  await before(context, `(() => { ${lost} })()`)
  await chooseSlot(page, world.bookingUrl, world.services.free.name, 4)
  await expect(page.getByText('This browser will not remember you')).toBeVisible()
})

test('who comes with the link alone is at the door on the day list, and has not arrived', async () => {
  const visit = await world.book({ at: 1, fields: { name: 'Selma Stranger' } })
  const [{ page: day }, { page }] = [await own(desktop()), await own(phone())]
  await signInPage(day, stack.baseUrl, world.doctor)
  const row = day.getByRole('listitem').filter({ hasText: 'Selma Stranger' })
  await expect(row).toBeVisible()
  await page.goto(visit.link.replace('#', '/call#'))
  await throughCheck(page)
  await expect(page.getByText('Dr Mira Okafor has been told that you are here.')).toBeVisible()
  // The patient is told so: it must be so, without a reload.
  await expect(row.getByText('Someone is at the door: not confirmed, new device')).toBeVisible()
  await expect(row.getByText(/^Waiting/)).toHaveCount(0)
  expect(await statusOf(visit.appointmentId)).toBe('booked')
  await button(page, 'Leave the waiting room').click()
  await expect(row.getByText('Someone is at the door')).toHaveCount(0)
})

test('“Complete and admit next” completes this encounter and lets the next patient in', async () => {
  const [one, two, doctor] = await Promise.all([own(phone()), own(phone()), own(desktop())])
  const first = await bookHere(one.page, 'Iris First', 0)
  const second = await bookHere(two.page, 'Juno Second', 0)
  await signInPage(doctor.page, stack.baseUrl, world.doctor)
  await toWaitingRoom(one.page)
  // From the day list: its "Admit" is the one click.
  await doctor.page.getByRole('link', { name: 'Admit Iris First' }).click()
  await expect(doctor.page).toHaveURL(new RegExp(`/encounter/${first}`))
  await expect(button(one.page, 'Join the call')).toBeVisible()
  await toWaitingRoom(two.page)
  await button(doctor.page, 'Complete and admit next').click()
  await expect(doctor.page).toHaveURL(new RegExp(`/encounter/${second}`))
  // No further click: a device that is known.
  await button(two.page, 'Join the call').click({ timeout: 30_000 })
  await expect(doctor.page.locator('[data-call="safety-code"]')).toBeVisible()
  expect(await statusOf(first)).toBe('completed')
  expect(await statusOf(second)).toBe('in_consult')
  await expect(one.page.getByText('The consultation has ended')).toBeVisible()
})

test('a consent signed elsewhere in the meantime loses nothing that was typed', async () => {
  const { page } = await own(phone())
  const { settings, door } = { settings: await world.owner.door.get('clinic/settings', {}), door: world.owner.door }
  const { id: _, version: __, currency: ___, intakeVersion: ____, ...like } = settings.services[0]!
  const scale = {
    id: 'pain',
    kind: 'scale' as const,
    label: 'How strong is it, 0 to 10?',
    required: true,
    min: 0,
    max: 10,
  }
  const service = { ...like, name: 'Scale talk', intakeForm: { questions: [scale] } }
  await door.get('clinic/save-service', { id: null, version: 0, service })
  await bookHere(page, 'Stella Twice', 20)
  await chooseSlot(page, world.bookingUrl, 'Scale talk', 20)
  await page.getByRole('radio', { name: /Stella Twice/ }).check()
  await page.getByLabel('Reason for the appointment').fill('The other knee')
  await button(page, 'Continue').click()
  // Its ends are in the clinic's own words already.
  await expect(page.getByText(/0 to 10/)).toHaveCount(1)
  await page.getByRole('radio', { name: '7', exact: true }).check()
  await button(page, 'Continue').click()
  await button(page, 'Continue').click()
  await expect(page.getByRole('link', { name: /^Type your full name to sign: Please fill this in/ })).toBeVisible()
  await page.getByLabel('Type your full name to sign').fill('Stella Twice')
  await page.getByLabel('I have read this and agree').check()
  await button(page, 'Continue').click()
  await expect(page.getByRole('heading', { name: 'Please check' })).toBeVisible()
  // Another device of hers signs one meanwhile.
  await stack.sql(
    `INSERT INTO consent_event SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(), 'seq', e.seq + 1, 'previous', e.hash,
       'hash', 'elsewhere', 'record_id', gen_random_uuid()))).* FROM consent_event e JOIN appointment a ON a.id = e.appointment_id
      WHERE e.clinic_id = $1 AND a.status = 'booked' ORDER BY e.created_at DESC LIMIT 1`,
    [world.clinicId],
  )
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(page.getByText('Consent signed')).toBeVisible()
  const history = await stack.sql<{ seq: number; previous: string }>(
    `SELECT seq, previous FROM consent_event WHERE patient_id =
       (SELECT patient_id FROM consent_event WHERE hash = 'elsewhere') ORDER BY seq`,
  )
  expect(history).toMatchObject([{ seq: 0 }, { seq: 1 }, { seq: 2, previous: 'elsewhere' }])
})

test('a consent text that has changed while it was read is shown anew, and signed', async () => {
  const { page } = await own(phone())
  const { door } = world.owner
  const like = { ...(await door.get('clinic/settings', {})).services[0]!, intakeForm: { questions: [] } }
  const { id: _, version: __, currency: ___, intakeVersion: ____, ...plain } = like
  const service = { ...plain, name: 'Plain talk', consentTextId: null as string | null }
  const saved = await door.get('clinic/save-service', { id: null, version: 0, service })
  await bookPlain(page, world.bookingUrl, 'Plain talk', 'Vera Reader')
  const text = { title: 'Consent to a talk', locale: 'en' as const }
  const first = await door.get('clinic/save-consent-text', { ...text, body: 'I agree to talk.', replaces: null })
  await door.get('clinic/save-service', { ...saved, service: { ...service, consentTextId: first.id } })
  await page.reload()
  await page.getByText('Read and sign the consent').click()
  await expect(page.getByText('I agree to talk.')).toBeVisible()
  await page.getByLabel('Type your full name to sign').fill('Vera Reader')
  await page.getByLabel('I have read this and agree').check()
  await door.get('clinic/save-consent-text', { ...text, body: 'I agree to talk slowly.', replaces: first.id })
  await button(page, 'Sign').click()
  await expect(page.getByText('I agree to talk slowly.')).toBeVisible()
  await expect(page.getByText(/^This changed while you were looking at it/)).toBeVisible()
  await expect(page.getByLabel('Type your full name to sign')).toHaveValue('Vera Reader')
  await expect(page.getByLabel('I have read this and agree')).not.toBeChecked()
  await page.getByLabel('I have read this and agree').check()
  await button(page, 'Sign').click()
  await expect(page.getByText('Consent signed')).toBeVisible()
})

/** By the page's own form, to the booking link; signed in and unlocked after it. */
async function start(page: Page, practises: boolean): Promise<{ link: string; name: string }> {
  const tag = Math.random().toString(36).slice(2, 8)
  const name = `Lane Clinic ${tag}`
  await page.goto(`${stack.baseUrl}/start`)
  await page.getByLabel('Your name, as patients see it').fill('Dr Odile Brandt')
  await page.getByLabel('E-mail address').fill(`odile-${tag}@clinic.test`)
  await page.getByLabel('I see patients myself').setChecked(practises)
  await page.getByLabel('Name of the clinic').fill(name)
  await button(page, 'Continue').click()
  await button(page, 'Choose my own instead').click()
  await page.getByLabel('Your own passphrase', { exact: true }).fill(PASSWORD)
  await page.getByLabel('Type it once more').fill(PASSWORD)
  await page.getByLabel('I have it written down').check()
  await button(page, 'Make the keys and open the clinic').click()
  await button(page, 'Save and show my booking link').click({ timeout: 60_000 })
  await expect(page.getByText(`${name} is open`)).toBeVisible()
  return { name, link: await page.getByLabel('Booking link', { exact: true }).inputValue() }
}

async function addPayLater(page: Page) {
  await page.goto(`${stack.baseUrl}/admin/services`)
  await button(page, 'Add a service').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Long talk')
  await expect(dialog.getByRole('radio', { name: 'Paid when booking' }), 'Stripe is not connected').toBeDisabled()
  await dialog.getByRole('radio', { name: 'Paid later' }).check()
  await dialog.getByLabel('Price').fill('80')
  await button(page, 'Save').click()
  await expect(page.getByText('Service saved.').first()).toBeVisible()
}

/** A service that asks nothing and wants nothing signed. */
async function bookPlain(page: Page, link: string, service: string, name: string, first = true) {
  const who = person(name)
  await chooseSlot(page, link, service)
  if (!first) await page.getByRole('radio', { name: 'For me, first time on this device' }).check()
  await page.getByLabel('Full name').fill(who.name)
  for (const part of ['Day', 'Month', 'Year'] as const)
    await page.getByLabel(part, { exact: true }).fill(who.birth[part.toLowerCase() as 'day'])
  await page.getByLabel('E-mail').fill(who.email)
  await page.getByLabel('Reason for the appointment').fill(who.reason)
  await button(page, 'Continue').click()
  await expect(page.getByRole('heading', { name: 'Please check' })).toBeVisible()
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(page.getByText(`For ${name}`)).toBeVisible()
}

test('before Stripe is connected a free and a pay-later service are booked with an owner who practises alone', async () => {
  const [{ page: owner }, { page }] = [await own(desktop()), await own(phone())]
  const { link } = await start(owner, true)
  await addPayLater(owner)
  await bookPlain(page, link, 'Video consultation', 'Wim Gratis')
  await expect(page.getByRole('status').getByText('Booked')).toBeVisible()
  await bookPlain(page, link, 'Long talk', 'Wim Later', false)
  await expect(page.getByText('To be paid to the clinic')).toBeVisible()
  const days = await stack.sql<{ day: string }>(
    `SELECT DISTINCT (a.starts_at AT TIME ZONE c.time_zone)::date::text AS day FROM appointment a JOIN clinic c ON c.id = a.clinic_id
      WHERE c.slug = $1 AND a.status = 'booked' ORDER BY 1`,
    [new URL(link).pathname.split('/').at(-1)],
  )
  const seen: string[] = []
  for (const { day } of days) {
    await owner.goto(`${stack.baseUrl}/today?day=${day}`)
    await expect(owner.getByText(/^Wim /).first()).toBeVisible()
    seen.push(await owner.locator('main').innerText())
  }
  expect(seen.join()).toMatch(/Wim Gratis[^]*Free/)
  expect(seen.join()).toMatch(/Wim Later[^]*Pays later · .80/)
  expect(seen.join(), 'nothing was asked of them').not.toMatch(/Form open|Consent open/)
})

// Fails when the vault signs no `member-changed`, when the chain does not take it, or when the page does not.
test('an owner who saw no patients becomes a practitioner by the chain, and is booked', async () => {
  const [{ page: owner }, { page }] = [await own(desktop()), await own(phone())]
  const { link } = await start(owner, false)
  await page.goto(link)
  await expect(page.getByText('No appointments are offered online at the moment')).toBeVisible()
  // Its own address again would be no new page.
  await page.goto('about:blank')
  await owner.goto(`${stack.baseUrl}/admin/staff`)
  await button(owner, 'Edit the profile of Dr Odile Brandt').click()
  await owner.getByRole('dialog').getByLabel('Practitioner', { exact: true }).check()
  await button(owner, 'Sign the new roles').click()
  // One's own roles begin with a page of their own.
  await expect(owner.getByRole('dialog')).toHaveCount(0)
  await expect(owner.getByText(/Practitioner, Administrator|Administrator, Practitioner/)).toBeVisible()
  await expect(owner.getByText('Vouched for', { exact: true })).toBeVisible()
  const week = await weekOf(owner, stack.baseUrl, 'Dr Odile Brandt')
  for (const day of ['Monday', 'Wednesday', 'Saturday']) {
    await week.getByRole('button', { name: `Add a stretch to ${day}` }).click()
    await week.getByLabel(`${day}, stretch 1: from`).fill('08:00')
    await week.getByLabel(`${day}, stretch 1: to`).fill('18:00')
  }
  await week.getByRole('button', { name: 'Save hours' }).click()
  await expect(owner.getByText('Hours saved.').first()).toBeVisible()
  await owner.goto(`${stack.baseUrl}/admin/services`)
  await button(owner, 'Edit Video consultation').click()
  await owner.getByRole('dialog').getByLabel('Dr Odile Brandt').check()
  await owner.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await expect(owner.getByText('Service saved.').first()).toBeVisible()
  await bookPlain(page, link, 'Video consultation', 'Yara Later')
  // Written as one whom every browser knows as a practitioner: the patient's reads the note and says no word of warning.
  const id = /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
  await owner.goto(`${stack.baseUrl}/encounter/${id}`)
  await expect(owner.getByText('A knee that clicks')).toBeVisible()
  await writeNote(owner, 'Bend it twice a day.')
  await expect(page.getByText('Bend it twice a day.')).toBeVisible()
  await expect(page.getByText(/is not vouched for by the clinic/)).toHaveCount(0)
})

const stripe = async <T>(path: string, body?: unknown): Promise<T> => {
  const answer = await fetch(
    `${stack.stripeUrl}/_test/${path}`,
    body ? { method: 'POST', body: JSON.stringify(body) } : {},
  )
  return (await answer.json()) as T
}
async function toStripe(page: Page, name: string, index: number) {
  await chooseSlot(page, world.bookingUrl, world.services.online.name, index)
  const slot = new URL(page.url()).searchParams.get('slot')!
  await fillForm(page, person(name))
  await button(page, /^Book and pay/).click()
  await page.waitForURL(/\/c\/pay\//)
  return slot
}
const bookingsAt = (slot: string) =>
  stack.sql<{ id: string; status: string; payment: string; intent: string | null }>(
    `SELECT a.id, a.status, p.status AS payment, p.payment_intent AS intent FROM appointment a
       LEFT JOIN payment p ON p.appointment_id = a.id WHERE a.clinic_id = $1 AND a.starts_at = $2`,
    [world.clinicId, slot.split('~')[0]],
  )

test('a card that is declined and another that is not make one payment and one appointment', async () => {
  const { page } = await own(phone())
  const slot = await toStripe(page, 'Dora Declined', 16)
  await button(page, 'Pay with a card that is declined').click()
  await expect(page.getByText('Your card was declined. Try another one.')).toBeVisible()
  await button(page, 'Pay with a card that is declined').click()
  await button(page, /^Pay €/).click()
  await expect(page.getByRole('heading', { name: /your payment arrived/ })).toBeVisible()
  const bookings = await bookingsAt(slot)
  expect(bookings).toMatchObject([{ status: 'booked', payment: 'paid' }])
  const { kept } = await stripe<{ kept: Record<string, { object: Record<string, unknown> }> }>('state')
  const charged = Object.values(kept).filter(({ object }) => object.object === 'charge' && object.paid === true)
  expect(charged.map(({ object }) => object.payment_intent)).toEqual([bookings[0]!.intent])
})

test('a payment that is left frees its slot when Stripe’s page runs out, without a wait for the hold', async () => {
  const [left, next] = [await own(phone()), await own(phone())]
  const slot = await toStripe(left.page, 'Lena Left', 16)
  expect(await bookingsAt(slot)).toMatchObject([{ status: 'held', payment: 'pending' }])
  await stripe('clock', { advance: 33 * 60 })
  await expect.poll(async () => (await bookingsAt(slot))[0]!.status, { timeout: 30_000 }).toBe('expired')
  await stripe('clock', { advance: -33 * 60 })
  await left.page.goBack()
  await expect(left.page.getByText('Not booked: the time was freed')).toBeVisible()
  const again = await toStripe(next.page, 'Nils Next', 16)
  expect(again).toBe(slot)
  await button(next.page, /^Pay €/).click()
  await expect(next.page.getByRole('heading', { name: /your payment arrived/ })).toBeVisible()
  expect((await bookingsAt(slot)).map(({ status }) => status).sort()).toEqual(['booked', 'expired'])
})
