// Mail, payments, app and worker die while somebody books: nothing false is said, nothing is lost, nothing happens twice.
import { expect, test, type Page } from '@playwright/test'
import { phone, type Device } from './browsers.ts'
import { chooseSlot, fillForm, pay, type Person } from './journey.ts'
import type { Session, State } from '../scripts/stripe/state.ts'
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

let nth = 0
/** A form that wants nothing but the last press. */
async function toReview(page: Page, service: string): Promise<Person> {
  const person = {
    name: 'Clara Quillfeather',
    birth: { day: '3', month: '4', year: '1986' },
    email: `clara-${++nth}@example.test`,
    phone: '',
    reason: 'A cough',
    texts: { 'Since when do you have it?': 'Tuesday' },
  }
  await chooseSlot(page, world.bookingUrl, service, 4 * nth)
  await fillForm(page, person)
  return person
}
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).click()

const jobs = (state: string) =>
  stack.sql(`SELECT id FROM pgboss.job WHERE name = 'mail.booked' AND state::text = ANY($1)`, [state.split(' ')])
/** One mail, and no job left that could send another. */
async function mailedOnce({ email }: Person) {
  const booked = async () =>
    (await stack.mails(email)).filter(({ subject }) => subject.startsWith('Your appointment with'))
  await expect.poll(async () => (await booked()).length, { timeout: 40_000 }).toBe(1)
  await expect.poll(async () => (await jobs('created retry active')).length).toBe(0)
  expect(await booked()).toHaveLength(1)
}
/** Stripe's pages, oldest first. */
async function sessions() {
  const { kept } = (await (await fetch(`${stack.stripeUrl}/_test/state`)).json()) as State
  return Object.values(kept)
    .map(({ object }) => object as Session)
    .filter(({ object }) => object === 'checkout.session')
}

const made = async () => ({
  appointments: await count(`appointment WHERE status = 'booked'`),
  patients: await count('patient'),
  consents: await count('consent_event'),
  paid: await count(`payment WHERE status = 'paid'`),
  payments: await count('payment'),
})
const count = async (what: string) =>
  Number((await stack.sql<{ n: string }>(`SELECT count(*) AS n FROM ${what}`))[0]!.n)
const plus = (before: Awaited<ReturnType<typeof made>>, paid: number) => ({
  appointments: before.appointments + 1,
  patients: before.patients + 1,
  consents: before.consents + 1,
  paid: before.paid + paid,
  payments: before.payments + 1,
})

test('the mail server is away: the appointment is booked, and its mail comes once when it is back', async () => {
  const { page } = device
  const before = await made()
  const person = await toReview(page, world.services.free.name)
  await stack.stop('mail')
  await press(page, 'Book')
  await page.waitForURL(/\/a\//)
  await expect(page.getByText(`For ${person.name}`)).toBeVisible()
  await expect(page.getByRole('status').getByText('Booked', { exact: true })).toBeVisible()
  await expect(page.getByText(/mail (was|has been) sent|we (sent|mailed)/i)).toHaveCount(0)
  await expect.poll(() => stack.log('worker')).toMatch(/JOB_FAILED.*mail\.booked/)
  await stack.start('mail')
  await mailedOnce(person)
  expect(await made()).toEqual(plus(before, 0))
})

test('the payment service is away: said clearly, nothing is lost, and a second press opens one page', async () => {
  const { page } = device
  const before = await made()
  const person = await toReview(page, world.services.online.name)
  await stack.stop('stripe')
  await press(page, /^Book and pay/)
  await expect(page.getByText(/The time is kept for you until .* It is booked once it is paid\./)).toBeVisible()
  await press(page, /^Pay €/)
  await expect(page.getByText('The payment service does not answer right now. You have not been charged')).toBeVisible()
  await stack.start('stripe')
  await press(page, /^Pay €/)
  await pay(page)
  await expect(page.getByRole('heading', { name: /your payment arrived/ })).toBeVisible()
  await mailedOnce(person)
  expect(await made()).toEqual(plus(before, 1))
  expect(await sessions()).toHaveLength(1)
})

test('app, worker and payment service killed once the patient has paid: booked in the end, once', async () => {
  const { page } = device
  const before = await made()
  const person = await toReview(page, world.services.online.name)
  await press(page, /^Book and pay/)
  await page.waitForURL(/\/c\/pay\//)
  await Promise.all([stack.stop('app'), stack.stop('worker')])
  // Paid, and nobody there to be told of it: neither by the webhook nor by the page that the browser is sent back to.
  await press(page, /^Pay €/)
  await expect.poll(async () => (await sessions()).at(-1)!.payment_status).toBe('paid')
  const { success_url, id } = (await sessions()).at(-1)!
  await stack.stop('stripe')
  await stack.start('app')
  await page.goto(success_url.replace('{CHECKOUT_SESSION_ID}', id))
  await expect(page.getByRole('heading', { name: 'Waiting for your payment' })).toBeVisible()
  await stack.start('worker')
  await stack.start('stripe')
  await expect(page.getByRole('heading', { name: /your payment arrived/ })).toBeVisible()
  await mailedOnce(person)
  expect(await made()).toEqual(plus(before, 1))
})

test('app and worker killed when the booking was made and its answer not yet heard: booked once', async () => {
  const { page } = device
  const before = await made()
  const person = await toReview(page, world.services.free.name)
  let lost = 0
  await page.route('**/api/booking/book', async (route) => {
    if (lost++) return route.continue()
    // What the server did stands; what it said does not arrive.
    await route.fetch()
    await Promise.all([stack.stop('app'), stack.stop('worker')])
    await route.abort()
  })
  await press(page, 'Book')
  await expect.poll(() => lost).toBeGreaterThan(0)
  await expect.poll(made).toEqual(plus(before, 0))
  await stack.start('app')
  await stack.start('worker')
  await page.waitForURL(/\/a\//)
  await expect(page.getByText(`For ${person.name}`)).toBeVisible()
  await mailedOnce(person)
  expect(await made()).toEqual(plus(before, 0))
})
