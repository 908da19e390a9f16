// The whole journey without a pointer: from the booking link to the call and its end.
import { expect, test, type Page } from '@playwright/test'
import { desktop, phone, type Device } from './browsers.ts'
import { callSite, pixels } from './call-world.ts'
import { Keys } from './keys.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

test.describe.configure({ timeout: 240_000 })

let site: Awaited<ReturnType<typeof callSite>>
let world: ClinicWorld
const devices: Device[] = []

test.beforeAll(async () => {
  test.setTimeout(300_000)
  site = await callSite()
  world = await clinicWorld(site)
})
test.afterAll(() => site?.down())
test.afterEach(async () => {
  for (const device of devices.splice(0)) await device.close()
})

async function person(kind: typeof phone) {
  const device = await kind()
  devices.push(device)
  return device.page
}
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

test('from the booking link to an appointment that is paid', async () => {
  const page = await person(desktop)
  const keys = new Keys(page)
  await page.goto(world.bookingUrl)

  await test.step('past the navigation', async () => {
    await page.keyboard.press('Tab')
    await expect(page.locator('a[href="#main"]')).toBeFocused()
    await expect(page.locator('a[href="#main"]')).toBeInViewport()
    await page.keyboard.press('Enter')
    await expect(page.locator('#main')).toBeFocused()
    await keys.walk('/c')
  })
  await test.step('a service, a day, a time', async () => {
    await keys.press(page.getByRole('link', { name: `Choose a time: ${world.services.online.name}` }))
    await keys.press(page.locator('nav[aria-label="Days"] a').last())
    await page.waitForURL(/day=/)
    await keys.walk('/c, times')
    await keys.press(page.locator('a[href*="slot="]').nth(2))
    await keys.press(button(page, 'Continue with this time'))
  })
  await test.step('the form', async () => {
    await page.locator('#name').waitFor({ timeout: 40_000 })
    await keys.walk('/c, form')
    await keys.press(button(page, 'Continue'))
    // What is wrong is said, and the focus is taken to it.
    await expect(page.locator('[aria-invalid=true]').first()).toBeVisible()
    await expect
      .poll(() =>
        page.evaluate(
          () => document.activeElement !== document.body && document.activeElement?.textContent !== 'Continue',
        ),
      )
      .toBe(true)
    await page.locator('#name').evaluate((field) => (field as HTMLElement).focus())
    await keys.type(page.locator('#name'), 'Noor Lindqvist')
    await keys.type(page.getByLabel('Day', { exact: true }), '9')
    await keys.type(page.getByLabel('Month', { exact: true }), '3')
    await keys.type(page.getByLabel('Year', { exact: true }), '1984')
    await keys.type(page.locator('#email'), 'noor@example.test')
    await keys.type(page.locator('#reason'), 'A cough that stays')
    await keys.press(button(page, 'Continue'))
    await keys.choose(page.getByRole('radio', { name: 'Answer now' }))
    await keys.type(page.getByLabel('Since when'), 'two weeks')
    await keys.choose(page.getByRole('radio', { name: 'No', exact: true }))
    await keys.press(button(page, 'Continue'))
    await keys.to(page.getByRole('article'))
    await keys.type(page.locator('#signedName'), 'Noor Lindqvist')
    await keys.press(page.getByRole('checkbox', { name: 'I have read this' }), 'Space')
    await keys.press(button(page, 'Continue'))
    await keys.press(button(page, /Book and pay/))
  })
  await test.step('the payment, and back', async () => {
    await page.waitForURL(/\/pay\//, { timeout: 60_000 })
    // Stripe's own page is Stripe's to ring.
    const there = new Keys(page)
    await there.press(button(page, /^Pay €/))
    await page.waitForURL(/\/paid/, { timeout: 40_000 })
    await expect(page.locator('h1')).toBeVisible()
    await keys.press(page.locator('main a').first())
    await expect(page.getByText('Video consult').first()).toBeVisible()
    // The receipt is the last thing to come in.
    await expect(page.getByRole('heading', { name: /^(Invoice|Receipt) / })).toBeVisible()
    await keys.walk('/a')
  })
  expect(keys.unseen).toEqual([])
})

test('from the sign-in to a note, a prescription, and a call that ends', async () => {
  const booked = await world.book()
  const page = await person(desktop)
  const keys = new Keys(page)

  await test.step('sign-in, to the encounter', async () => {
    await page.goto(`${site.baseUrl}/sign-in`)
    await keys.walk('/sign-in')
    await keys.type(page.getByLabel('E-mail'), world.doctor.email)
    await keys.type(page.locator('input[type=password]'), world.doctor.password)
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/today/, { timeout: 40_000 })
    const open = page.getByRole('link', { name: /Open the encounter of Noor/ }).first()
    await open.waitFor({ timeout: 30_000 })
    await keys.walk('/today')
    await keys.press(open)
    await expect(page).toHaveURL(new RegExp(booked.appointmentId), { timeout: 40_000 })
  })

  const other = await person(phone)
  const theirs = new Keys(other)
  await test.step('the patient, to the waiting room', async () => {
    await other.goto(`${site.baseUrl}/a/${booked.appointmentId}/call#s=${booked.linkSecret}`)
    await theirs.press(button(other, 'Turn on camera and microphone'))
    await button(other, 'Go to the waiting room').waitFor({ timeout: 40_000 })
    await theirs.walk('/a/call, check')
    await theirs.press(button(other, 'Go to the waiting room'))
    await expect(other.getByText('You are in the waiting room')).toBeVisible()
    await theirs.walk('/a/call, waiting')
  })

  await test.step('admitted: both in the call', async () => {
    await button(page, /^Admit$/)
      .first()
      .waitFor({ timeout: 40_000 })
    await keys.press(button(page, /^Admit$/).first())
    const join = button(other, 'Join the call')
    await expect(join).toBeFocused({ timeout: 40_000 })
    await other.keyboard.press('Enter')
    await expect.poll(async () => (await pixels(page)).width, { timeout: 40_000 }).toBeGreaterThan(0)
  })

  await test.step('muted and heard again, camera off and on, devices, by both', async () => {
    for (const [who, at] of [
      [keys, page],
      [theirs, other],
    ] as const) {
      await who.press(button(at, 'Mute microphone'), 'Space')
      await expect(button(at, 'Unmute microphone')).toBeFocused()
      await at.keyboard.press('Enter')
      await expect(button(at, 'Mute microphone')).toBeFocused()
      await who.press(button(at, 'Turn camera off'))
      await who.press(button(at, 'Turn camera on'))
      await who.press(button(at, 'Camera, microphone and speakers'))
      await expect(at.getByRole('dialog')).toBeVisible()
      await at.keyboard.press('Tab')
      await expect(at.getByRole('dialog').locator(':focus')).toHaveCount(1)
      await at.keyboard.press('Escape')
      await expect(at.getByRole('dialog')).toHaveCount(0)
      await expect(button(at, 'Camera, microphone and speakers')).toBeFocused()
    }
  })

  await test.step('a note', async () => {
    await keys.type(page.getByLabel('Note of this encounter'), 'Rest and warm drinks.')
    await keys.press(button(page, 'Finish note'))
    await expect(page.getByRole('list', { name: 'Finished notes' })).toBeVisible()
  })

  await test.step('a prescription', async () => {
    await keys.to(page.getByRole('tab', { name: 'Note' }), 'Shift+Tab')
    await page.keyboard.press('ArrowRight')
    await expect(page.getByRole('tab', { name: 'Prescription' })).toBeFocused()
    await page.keyboard.press('Enter')
    await keys.type(page.getByLabel('Medicine', { exact: true }), 'Amoxicillin')
    for (const [label, text] of [
      ['Dose', '500 mg'],
      ['Form', 'capsule'],
      ['How often', 'three times a day'],
      ['For how long', '7 days'],
      ['Route', 'by mouth'],
      ['Quantity', '21'],
    ] as const)
      await keys.type(page.getByRole('tabpanel').getByLabel(label, { exact: true }), text)
    await keys.press(button(page, 'Check and sign'))
    await expect(page.getByRole('dialog')).toBeVisible()
    await keys.press(button(page, 'Sign and issue'))
    await expect(page.getByText('Prescription issued').first()).toBeVisible()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await keys.walk('/encounter')
  })

  await test.step('the end of the call', async () => {
    await theirs.press(button(other, 'Hang up'))
    await expect(other.locator('h1')).toBeVisible()
    await theirs.walk('/a/call, left')
  })
  expect([...keys.unseen, ...theirs.unseen]).toEqual([])
})
