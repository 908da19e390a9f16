// Booking in a real browser, as life is: reloads, the back button, double clicks, two tabs, a slot lost on the way.
import { expect, test, type Page } from '@playwright/test'
import { phone, watch, type Device } from './browsers.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let device: Device

test.beforeAll(async () => {
  stack = await up()
  world = await clinicWorld(stack)
})
test.afterAll(() => stack?.down())
test.beforeEach(async () => {
  device = await phone()
})
test.afterEach(() => device?.close())

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
/** Each test takes another time, so that none meets another's. */
let nth = 0

async function chooseTime(page: Page, service: string, link = world.bookingUrl) {
  await page.goto(link)
  await page.getByRole('link', { name: `Choose a time: ${service}` }).click()
  // Two days on: no clock of this test comes near it.
  await page.getByRole('navigation', { name: 'Days' }).getByRole('link').nth(2).click()
  await page.waitForURL(/[?&]day=/)
  await page
    .locator('a[href*="slot="]')
    .nth((nth += 2))
    .click()
  await button(page, 'Continue with this time').click()
}

const patient = { name: 'Clara Quillfeather', reason: 'Zanzibarfever since Tuesday', email: 'clara@example.test' }

async function fillWho(page: Page, who = patient) {
  await page.getByLabel('Full name').fill(who.name)
  await page.getByLabel('Day').fill('3')
  await page.getByLabel('Month').fill('4')
  await page.getByLabel('Year').fill('1986')
  await page.getByLabel('E-mail').fill(who.email)
  await page.getByLabel('Reason').fill(who.reason)
}
async function fillQuestions(page: Page) {
  await page.getByLabel('Since when do you have it?').fill('Nightingaleweek')
  await page.getByRole('radio', { name: 'No', exact: true }).check()
}
async function fillConsent(page: Page, name = patient.name) {
  await page.getByLabel(/Type your (own )?full name/).fill(name)
  await page.getByLabel('I have read this and agree').check()
}
const draftKept = (page: Page) => expect(page.locator('form[data-draft=saved]')).toBeVisible()
const goOn = (page: Page) => button(page, 'Continue').click()
const title = (page: Page, name: string) => expect(page.getByRole('heading', { name, exact: true })).toBeVisible()

async function toReview(page: Page, who = patient) {
  await fillWho(page, who)
  await goOn(page)
  await title(page, 'Questions from the clinic')
  await fillQuestions(page)
  await goOn(page)
  await title(page, 'Consent')
  await fillConsent(page)
  await goOn(page)
  await title(page, 'Please check')
}

const count = async (table: string, where = 'true') =>
  Number(
    (
      await stack.sql<{ n: string }>(`SELECT count(*) AS n FROM ${table} WHERE clinic_id = $1 AND ${where}`, [
        world.clinicId,
      ])
    )[0]!.n,
  )
const counts = async () => ({
  appointments: await count('appointment', "status IN ('held', 'booked') AND patient_id IS NOT NULL"),
  payments: await count('payment'),
  consents: await count('consent_event'),
  patients: await count('patient'),
})

// Defence: the draft is saved apart from the hold, in components/booking/booking-form.tsx.
test('what is typed while the time is still being kept is not lost, and nothing of it is left once it is booked', async () => {
  const { page } = device
  const keeping = '**/api/booking/hold'
  let answered = () => {}
  const asked = new Promise<void>((resolve) => (answered = resolve))
  await page.route(keeping, async (route) => {
    await asked
    await route.continue()
  })
  await chooseTime(page, world.services.free.name)
  await page.getByLabel('Reason').fill(patient.reason)
  answered()
  await expect(page.getByText(/This time is kept for you/)).toBeVisible()
  await page.unroute(keeping)
  await draftKept(page)
  await page.reload()
  await expect(page.getByLabel('Reason')).toHaveValue(patient.reason)
  await toReview(page, { ...patient, email: 'typed@example.test' })
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\//)
  await chooseTime(page, world.services.free.name)
  await expect(page.getByLabel('Reason')).toHaveValue('')
})

test('one appointment, one payment, one consent, through reloads, back and double clicks', async () => {
  const { page } = device
  const refused: string[] = []
  page.on('response', (response) => {
    if (response.url().startsWith(stack.baseUrl) && response.status() >= 400)
      refused.push(`${response.status()} ${response.url()}`)
  })
  const before = await counts()
  await chooseTime(page, world.services.online.name)
  await fillWho(page)
  await draftKept(page)
  await page.reload()
  await expect(page.getByLabel('Full name')).toHaveValue(patient.name)
  await expect(page.getByLabel('Year')).toHaveValue('1986')
  await button(page, 'Continue').dblclick()
  await title(page, 'Questions from the clinic')
  await fillQuestions(page)
  await page.goBack()
  await expect(page.getByLabel('Reason')).toHaveValue(patient.reason)
  await goOn(page)
  await expect(page.getByLabel('Since when do you have it?')).toHaveValue('Nightingaleweek')
  await goOn(page)
  await title(page, 'Consent')
  await fillConsent(page)
  await draftKept(page)
  await page.reload()
  await title(page, 'Consent')
  await goOn(page)
  await title(page, 'Please check')
  await page.reload()
  await title(page, 'Please check')
  await button(page, /^Book and pay/).dblclick()
  await page.waitForURL(/\/pay\//)
  // Back from Stripe's page: the same booking, not a second one.
  await page.goBack()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await button(page, /^Pay €/).click()
  await page.waitForURL(/\/pay\//)
  await button(page, /^Pay €/).click()
  await page.waitForURL(/\/paid/)
  await expect(page.getByRole('heading', { name: /your payment arrived/ })).toBeVisible()
  const after = await counts()
  expect(after).toEqual({
    appointments: before.appointments + 1,
    payments: before.payments + 1,
    consents: before.consents + 1,
    patients: before.patients + 1,
  })
  const booked = async () =>
    (await stack.mails(patient.email)).filter(({ subject }) => subject.startsWith('Your appointment with'))
  await expect.poll(async () => (await booked()).length, { timeout: 30_000 }).toBe(1)
  const [mail] = await booked()
  expect(mail!.text).toMatch(/\/a\/[0-9a-f-]{36}#s=/)
  expect(mail!.attachments.map((each) => each.type).join()).toContain('calendar')
  expect(`${mail!.subject} ${mail!.text}`).not.toMatch(/Zanzibar|Quillfeather|Nightingale/)
  const kept = await stack.sql<{ all: string }>(
    `SELECT (SELECT string_agg(r::text, '') FROM record r) || (SELECT string_agg(a::text, '') FROM appointment a) || (SELECT string_agg(p::text, '') FROM patient p) AS all`,
  )
  expect(kept[0]!.all).not.toMatch(/Zanzibar|Quillfeather|Nightingale/)
  // On this device the page says for whom it is, and that everything was handed in.
  await page.goto(/(http\S+\/a\/\S+)/.exec(mail!.text)![1]!)
  await expect(page.getByText(`For ${patient.name}`)).toBeVisible()
  await expect(page.getByText('Questions answered')).toBeVisible()
  await expect(page.getByText('Consent signed')).toBeVisible()
  expect(refused).toEqual([])
  // Stripe's page on this machine has no icon.
  expect(device.faults.filter((fault) => !/Failed to load resource/.test(fault))).toEqual([])
})

test('two tabs that press at once make one booking', async () => {
  const { page, context } = device
  const before = await counts()
  await chooseTime(page, world.services.free.name)
  await toReview(page, { ...patient, email: 'tabs@example.test' })
  await draftKept(page)
  const second = await context.newPage()
  watch(second)
  await second.goto(page.url())
  await button(second, 'Continue with this time')
    .or(second.getByRole('heading', { name: 'Please check' }))
    .first()
    .waitFor()
  if (await button(second, 'Continue with this time').isVisible())
    await button(second, 'Continue with this time').click()
  await title(second, 'Please check')
  await Promise.all([button(page, 'Book').click(), button(second, 'Book').click()])
  await Promise.all([page.waitForURL(/\/a\//), second.waitForURL(/\/a\//)])
  expect(page.url()).toBe(second.url())
  const after = await counts()
  expect(after).toEqual({
    appointments: before.appointments + 1,
    payments: before.payments + 1,
    consents: before.consents + 1,
    patients: before.patients + 1,
  })
})

test('a slot lost on the way loses no answer', async () => {
  const { page } = device
  await chooseTime(page, world.services.free.name)
  await toReview(page, { ...patient, email: 'lost@example.test' })
  // The hold ran out, and another took the very time.
  const [hold] = await stack.sql<{ id: string }>(
    `UPDATE appointment SET status = 'expired', held_until = now() - interval '1 minute' WHERE id =
       (SELECT id FROM appointment WHERE clinic_id = $1 AND status = 'held' AND patient_id IS NULL ORDER BY created_at DESC LIMIT 1)
     RETURNING id`,
    [world.clinicId],
  )
  await stack.sql(
    `INSERT INTO appointment (id, clinic_id, service_id, member_id, status, starts_at, ends_at, blocked_from, blocked_until, price_minor, currency, payment_mode)
     SELECT gen_random_uuid(), clinic_id, service_id, member_id, 'booked', starts_at, ends_at, blocked_from, blocked_until, 0, currency, payment_mode FROM appointment WHERE id = $1`,
    [hold!.id],
  )
  await button(page, 'Book').click()
  await expect(page.getByText('This time is taken now')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Other free times' })).toBeVisible()
  // The nearest one first: a quarter of an hour from the one that was lost.
  await button(page, /^Take .* \d\d:\d\d$/).click()
  await title(page, 'Please check')
  await expect(page.getByText(patient.reason)).toBeVisible()
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\//)
  await expect(page.getByText(`For ${patient.name}`)).toBeVisible()
})

test('a payment that is left unfinished frees the slot when its hold ends', async () => {
  const { page } = device
  await chooseTime(page, world.services.online.name)
  await toReview(page, { ...patient, email: 'left@example.test' })
  await button(page, /^Book and pay/).click()
  await page.waitForURL(/\/pay\//)
  const [held] = await stack.sql<{ id: string; held_until: Date }>(
    "SELECT id, held_until FROM appointment WHERE clinic_id = $1 AND status = 'held' AND patient_id IS NOT NULL",
    [world.clinicId],
  )
  expect(held!.held_until.getTime()).toBeGreaterThan(Date.now() + 25 * 60_000)
  await stack.sql("UPDATE appointment SET held_until = now() - interval '1 second' WHERE id = $1", [held!.id])
  await expect
    .poll(
      async () =>
        (await stack.sql<{ status: string }>('SELECT status FROM appointment WHERE id = $1', [held!.id]))[0]!.status,
      {
        timeout: 90_000,
      },
    )
    .toBe('expired')
  await page.goto(`${stack.baseUrl}/a/${held!.id}`)
  await expect(page.getByText('Not booked: the time was freed')).toBeVisible()
})

test('on a shared computer nothing stays, and another device sees no name', async () => {
  const { page } = device
  await chooseTime(page, world.services.free.name)
  await page.getByLabel('This is a shared computer').check()
  await toReview(page, { ...patient, email: 'shared@example.test' })
  await button(page, 'Book').click()
  // Not in the address either, nor in the history: who comes next finds no link. A reload still knows this visit.
  await page.waitForURL(/\/a\/[\w-]+$/)
  await expect(page.getByText('This computer has forgotten you')).toBeVisible()
  await page.reload()
  await expect(page.getByText('This computer has forgotten you')).toBeVisible()
  await expect(page.getByText(patient.name)).toHaveCount(0)
  const stored = await page.evaluate(async () => {
    const names = (await indexedDB.databases()).map((each) => each.name!)
    const found: string[] = []
    for (const name of names) {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const asked = indexedDB.open(name)
        asked.onsuccess = () => resolve(asked.result)
      })
      for (const store of db.objectStoreNames) {
        const keys = await new Promise<IDBValidKey[]>((resolve) => {
          const asked = db.transaction(store).objectStore(store).getAllKeys()
          asked.onsuccess = () => resolve(asked.result)
        })
        found.push(...keys.map(String))
      }
    }
    return found
  })
  expect(stored.filter((key) => /^(patient|appointment):|booking|ticket/.test(key))).toEqual([])
})

// Defence: the first-paint script. A hash alone loads nothing: without its listener a bare page stays one.
test('attack 6: a link opened over the page is looked at, and one with another key replaces none', async () => {
  const { page } = device
  await page.goto(world.bookingUrl.split('#')[0]!)
  const begunAgain = page.waitForEvent('load')
  await page.goto(world.bookingUrl)
  await begunAgain
  await chooseTime(page, world.services.free.name)
  await expect(page.getByText('This is the clinic that your link names.')).toBeVisible()
  await page.goto(`${page.url().split('#')[0]}#k=${'B'.repeat(43)}`)
  await expect(page.getByText('The link that you opened is for another clinic')).toBeVisible()
  await expect(page.getByText('This is the clinic that your link names.')).toBeVisible()
  await expect(page.getByLabel('Full name')).toBeVisible()
  // In another tab, without that link, there is nothing to be told.
  const tab = await page.context().newPage()
  await tab.goto(page.url().split('#')[0]!)
  await button(tab, 'Continue with this time').click()
  await expect(tab.getByText('This is the clinic that your link names.')).toBeVisible()
  await expect(tab.getByText('The link that you opened is for another clinic')).toHaveCount(0)
  await tab.close()
})

test('one browser holds a parent and a child, and the questions may follow', async () => {
  const { page } = device
  await chooseTime(page, world.services.free.name)
  await toReview(page, { ...patient, email: 'family@example.test' })
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\//)
  await chooseTime(page, world.services.free.name)
  await page.getByRole('radio', { name: /For someone else/ }).check()
  await page.getByLabel('Your own name').fill(patient.name)
  await page.getByLabel('You are their').selectOption('mother')
  await fillWho(page, { name: 'Otto Quillfeather', reason: 'A cough', email: 'family@example.test' })
  await goOn(page)
  await page.getByRole('radio', { name: /Answer later/ }).check()
  await goOn(page)
  await fillConsent(page)
  await goOn(page)
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\//)
  await expect(page.getByText('For Otto Quillfeather')).toBeVisible()
  await page.getByText('Answer the clinic’s questions').click()
  await button(page, 'Send answers').click()
  await expect(page.getByText('Please fill this in.').first()).toBeVisible()
  await fillQuestions(page)
  await button(page, 'Send answers').click()
  await expect(page.getByText('Questions answered')).toBeVisible()
  await chooseTime(page, world.services.free.name)
  await expect(page.getByRole('radio', { name: new RegExp(patient.name) })).toBeVisible()
  await expect(page.getByRole('radio', { name: /Otto Quillfeather/ })).toBeVisible()
})

test('a clinic whose key is not the one in the link is refused before anything is typed', async () => {
  const { page } = device
  await chooseTime(page, world.services.free.name, world.bookingUrl.replace(/#k=.*/, `#k=${'A'.repeat(43)}`))
  await expect(page.getByText('This is not the clinic that your link names')).toBeVisible()
  await expect(page.getByLabel('Full name')).toHaveCount(0)
})

test('while a clinic is flooded a browser works for its time, and nobody is asked anything', async () => {
  const { page } = device
  await chooseTime(page, world.services.free.name)
  await expect(page.getByText(/^This time is kept for you/)).toBeVisible()
  const [flooded] = await stack.sql<{ count: string }>(
    `WITH told AS (UPDATE rate_limit SET points = 1000, expire = (extract(epoch FROM now()) * 1000 + 300000)::bigint
       WHERE key LIKE 'hold-all:%' RETURNING 1) SELECT count(*) FROM told`,
  )
  expect(flooded).toEqual({ count: '1' })
  const next = await phone()
  try {
    // The work takes as long as it happens to take, now and then no time at all: it is set once the words are on the page.
    const isSet = Promise.withResolvers<void>()
    await next.page.route('**/api/booking/work', async (route) => (await isSet.promise, await route.continue()))
    const done = next.page.waitForRequest(
      (request) => /\/booking\/hold$/.test(request.url()) && !!request.postDataJSON().done?.solution,
    )
    await chooseTime(next.page, world.services.free.name)
    await expect(next.page.getByText(/^Very many are booking here right now/).first()).toBeVisible()
    isSet.resolve()
    await done
    await expect(next.page.getByText(/^This time is kept for you/)).toBeVisible()
    await expect(next.page.getByLabel('Full name')).toBeVisible()
  } finally {
    await next.close()
  }
})
