// Every page, as it stands at each step, for everyone: axe in both themes and two sizes, narrow and zoomed, in both languages.
import { randomUUID } from 'node:crypto'
import { expect, test, type BrowserContext, type Page } from '@playwright/test'
import { signInPage } from './browsers.ts'
import { callSite } from './call-world.ts'
import { approveNow, mailedLink, newKeys, openRequest, shownWords } from './lost.ts'
import { calm, look, narrow } from './page-checks.ts'
import { clinicWorld, type Booked, type ClinicWorld } from './world.ts'
import { clinicZone } from './zones.ts'

test.describe.configure({ timeout: 400_000 })
test.use({ contextOptions: { reducedMotion: 'reduce' }, locale: 'en-GB', timezoneId: clinicZone })

let site: Awaited<ReturnType<typeof callSite>>
let world: ClinicWorld
let now: Booked

test.beforeAll(async () => {
  test.setTimeout(300_000)
  site = await callSite()
  world = await clinicWorld(site)
  now = await world.book()
})
test.afterAll(() => site?.down())

const go = async (page: Page, path: string) => {
  await page.goto(path.startsWith('http') ? path : site.baseUrl + path)
  await expect(page.locator('h1').first()).toBeVisible()
}
const next = (page: Page) => page.getByRole('button', { name: 'Continue', exact: true }).click()

test('the public pages', async ({ page }) => {
  await go(page, '/')
  await look(page, '/')
  await calm(page, '/')
  await go(page, '/sign-in')
  await look(page, '/sign-in')
  await page.getByLabel('E-mail').fill('nobody@clinic.test')
  await page.locator('input[type=password]').fill('not-the-passphrase')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByText('is not right')).toBeVisible()
  await look(page, '/sign-in, refused')
  await go(page, '/nothing-here')
  await look(page, 'not found')
  await go(page, `/rx/${randomUUID()}`)
  await look(page, '/rx, no link')
  await go(page, `/join/${randomUUID()}`)
  await look(page, '/join, no link')
})

test('opening a clinic, step by step', async ({ page }) => {
  await go(page, '/start')
  await look(page, '/start')
  await next(page)
  await expect(page.locator('[aria-invalid=true]').first()).toBeVisible()
  await look(page, '/start, with errors')
  await page.getByLabel('Your name').fill('Ada Winter')
  await page.getByLabel('Profession').fill('General practitioner')
  await page.getByLabel('E-mail').fill(`ada-${randomUUID().slice(0, 8)}@clinic.test`)
  await page.getByLabel('Name of the clinic').fill(`Linden ${randomUUID().slice(0, 8)}`)
  await next(page)
  await expect(page.getByText('opens everything')).toBeVisible()
  await look(page, '/start, passphrase')
  await page.getByRole('button', { name: 'Choose my own instead' }).click()
  await page.getByLabel('Your own passphrase').fill('tundra-violin-lantern-87')
  await page.getByLabel('Type it once more').fill('tundra-violin-lantern-87')
  await page.getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Make the keys' }).click()
  await expect(page.getByText('One service, your hours')).toBeVisible({ timeout: 60_000 })
  await look(page, '/start, setup')
  await page.getByRole('button', { name: 'Save and show' }).click()
  await expect(page.getByText('Booking link', { exact: true })).toBeVisible()
  await look(page, '/start, ready')
})

test('joining by an invitation', async ({ page }) => {
  const { owner, rootFingerprint } = world
  const { claimHash, ...secret } = await owner.vault.newInvitation()
  const invited = {
    id: secret.id,
    claimHash,
    displayName: 'Dr Ilse Brandt',
    title: 'GP',
    roles: ['practitioner' as const],
  }
  await owner.door.get('access/invite', invited)
  await go(page, `/join/${secret.id}#s=${secret.secret}&k=${rootFingerprint}`)
  await expect(page.getByText('Your passphrase', { exact: true })).toBeVisible()
  await look(page, '/join')
})

test('booking, step by step, to the return from payment', async ({ page }) => {
  await go(page, world.bookingUrl)
  await look(page, '/c')
  await page.getByRole('link', { name: `Choose a time: ${world.services.online.name}` }).click()
  await expect(page.getByRole('heading', { name: 'Choose a time' })).toBeVisible()
  await look(page, '/c, times')
  // Not the first, which may begin while the pages before the form are looked at.
  await page.locator('a[href*="slot="]').nth(1).click()
  const start = page.getByRole('button', { name: 'Continue with this time' })
  await expect(start).toBeVisible()
  await look(page, '/c, slot')
  await start.click()
  await expect(page.locator('#name')).toBeVisible({ timeout: 40_000 })
  await look(page, '/c, who')
  await next(page)
  await expect(page.locator('[aria-invalid=true]').first()).toBeVisible()
  await look(page, '/c, who, with errors')
  await page.locator('#name').fill('Noor Lindqvist')
  for (const [part, value] of [
    ['Day', '9'],
    ['Month', '3'],
    ['Year', '1984'],
  ] as const)
    await page.getByLabel(part, { exact: true }).fill(value)
  await page.locator('#email').fill('noor@example.test')
  await page.locator('#reason').fill('A cough that stays')
  await next(page)
  await expect(page.getByText('Answer now')).toBeVisible()
  await page.getByText('Answer now').click()
  await look(page, '/c, questions')
  await page.getByLabel('Since when').fill('two weeks')
  await page.getByRole('radio', { name: 'No', exact: true }).check()
  await next(page)
  await expect(page.locator('#signedName')).toBeVisible()
  await look(page, '/c, consent')
  await page.locator('#signedName').fill('Noor Lindqvist')
  await page.getByRole('checkbox', { name: 'I have read this' }).check()
  await next(page)
  const pay = page.getByRole('button', { name: /Book and pay/ })
  await expect(pay).toBeVisible()
  await look(page, '/c, review')
  await pay.click()
  await page.getByRole('button', { name: /^Pay €/ }).click({ timeout: 60_000 })
  await page.waitForURL(/\/paid/)
  await expect(page.locator('h1')).toBeVisible()
  await look(page, '/a/paid')
  await page.getByRole('link', { name: 'appointment' }).first().click()
  await expect(page.getByRole('link', { name: 'Join' }).or(page.getByText('By video'))).not.toHaveCount(0)
  await expect(page.getByText('For Noor Lindqvist')).toBeVisible()
  await look(page, '/a, on the device that booked')
  const cancel = page.getByRole('button', { name: /Cancel/ }).first()
  if (await cancel.isVisible()) {
    await cancel.click()
    await look(page, '/a, cancelling')
  }
})

test('the appointment on another device, to the waiting room', async ({ page }) => {
  await go(page, `/a/${now.appointmentId}`)
  await look(page, '/a, no link')
  await go(page, now.link)
  await page.reload()
  await expect(page.getByText('First talk')).toBeVisible()
  await look(page, '/a, another device')
  await go(page, `/a/${now.appointmentId}/call#s=${now.linkSecret}`)
  await look(page, '/a/call')
  await intoWaitingRoom(page)
  await look(page, '/a/call, waiting room')
})

async function intoWaitingRoom(page: Page) {
  await page.getByRole('button', { name: 'Turn on camera and microphone' }).click()
  const enter = page.getByRole('button', { name: 'Go to the waiting room' })
  await expect(enter).toBeVisible()
  await look(page, '/a/call, device check')
  await enter.click()
  await expect(page.getByText('You are in the waiting room')).toBeVisible()
}

test('the day, an encounter with its call, prescriptions and recalls', async ({ page, browser }) => {
  const booked = await world.book({ at: 1 })
  await signInPage(page, site.baseUrl, world.doctor)
  await expect(page.getByText('Noor Lindqvist').first()).toBeVisible()
  await look(page, '/today')
  await go(page, `/encounter/${booked.appointmentId}`)
  await expect(page.getByText('A cough that stays').first()).toBeVisible()
  await look(page, '/encounter')

  await test.step('the call', async () => {
    const other = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })
    const patient = await other.newPage()
    await patient.goto(`${site.baseUrl}/a/${booked.appointmentId}/call#s=${booked.linkSecret}`)
    await patient.getByRole('button', { name: 'Turn on camera and microphone' }).click()
    await patient.getByRole('button', { name: 'Go to the waiting room' }).click({ timeout: 30_000 })
    const admit = page.getByRole('button', { name: 'Admit', exact: true }).first()
    await expect(admit).toBeVisible()
    await look(page, '/encounter, someone waits', { size: 'desktop' })
    await admit.click()
    const join = patient.getByRole('button', { name: 'Join the call' })
    await expect(join).toBeVisible({ timeout: 40_000 })
    await look(patient, '/a/call, admitted', { size: 'phone' })
    await join.click()
    await expect(patient.getByRole('button', { name: 'Hang up' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Mute microphone' })).toBeVisible()
    await look(patient, '/a/call, in the call', { size: 'phone' })
    await look(page, '/encounter, in the call', { size: 'desktop' })
    await patient.getByRole('button', { name: 'Camera, microphone and speakers' }).click()
    await expect(patient.getByRole('dialog')).toBeVisible()
    await look(patient, '/a/call, devices', { dialog: true, size: 'phone' })
    await patient.keyboard.press('Escape')
    await patient.getByRole('button', { name: 'Hang up' }).click()
    await expect(patient.locator('h1, h2').first()).toBeVisible()
    await look(patient, '/a/call, left', { size: 'phone' })
    await other.close()
  })

  await test.step('notes, prescription, recall', async () => {
    await page.getByLabel('Note of this encounter').fill('Rest, warm drinks.\n\n- paracetamol if needed')
    await page.getByRole('button', { name: 'Finish note' }).click()
    await expect(page.getByRole('list', { name: 'Finished notes' })).toBeVisible()
    await look(page, '/encounter, note finished', { size: 'desktop' })
    await page.getByRole('tab', { name: 'Prescription' }).click()
    await look(page, '/encounter, prescription')
    await page.getByLabel('Medicine', { exact: true }).fill('Amoxicillin')
    await page.getByLabel('Dose').fill('500 mg')
    await page.getByLabel('Form', { exact: true }).fill('capsule')
    await page.getByLabel('How often').fill('three times a day')
    await page.getByLabel('For how long').fill('7 days')
    await page.getByLabel('Route').fill('by mouth')
    await page.getByLabel('Quantity').fill('21')
    await page.getByRole('button', { name: 'Check and sign' }).click()
    await expect(page.getByRole('button', { name: 'Sign and issue' })).toBeVisible()
    await look(page, '/encounter, prescription to sign', { dialog: true })
    await page.getByRole('button', { name: 'Sign and issue' }).click()
    await expect(page.getByText('Prescription issued')).toBeVisible()
    await look(page, '/encounter, prescription issued')
    await page.getByRole('tab', { name: 'Recall' }).click()
    await look(page, '/encounter, recall')
  })

  await test.step('the pharmacist’s copy', async () => {
    await page.getByRole('tab', { name: 'Prescription' }).click()
    const copy = await pharmacistLink(page)
    await go(page, copy)
    await expect(page.getByText('Signed by a clinic that calls itself')).toBeVisible()
    await look(page, '/rx')
  })
})

/** The address of the pharmacist’s copy, from the menu beside the prescription. */
async function pharmacistLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'More for this prescription' }).first().click()
  const item = page.getByRole('menuitem', { name: 'pharmacist' })
  await expect(item).toBeVisible()
  return (await item.getAttribute('href'))!
}

test('the administrator’s pages', async ({ page }) => {
  await signInPage(page, site.baseUrl, world.owner)
  for (const path of [
    '/today',
    '/recalls',
    '/admin/services',
    '/admin/hours',
    '/admin/staff',
    '/admin/clinic',
    '/admin/security',
    '/admin/records',
  ]) {
    await go(page, path)
    await page.waitForLoadState('networkidle').catch(() => undefined)
    await look(page, path)
  }
  await go(page, '/admin/services')
  for (const [path, button] of [
    ['/admin/services', /^(Add|New) /],
    ['/admin/staff', /^Invite/],
  ] as const) {
    await go(page, path)
    await page.getByRole('button', { name: button }).first().click()
    await expect(page.getByRole('dialog')).toBeVisible()
    await look(page, `${path}, dialog`, { dialog: true })
  }
})

test('new keys for who lost theirs: the link, the words, and colleagues who compare them', async ({
  page,
  browser,
}) => {
  const clinic = await clinicWorld(site)
  const { doctor, owner, desk } = clinic
  await go(page, '/sign-in/lost')
  await look(page, '/sign-in/lost')
  const link = await mailedLink(site, page, doctor)
  await look(page, '/sign-in/lost, sent')
  await page.goto(link)
  await expect(page.getByRole('button', { name: 'Make my new keys' })).toBeVisible({ timeout: 20_000 })
  await look(page, '/sign-in/lost, passphrase')
  const words = await newKeys(page, link)
  await expect(page.getByText('Where it stands')).toBeVisible()
  await look(page, '/sign-in/lost, words')

  const other = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })
  const staff = await other.newPage()
  await signInPage(staff, site.baseUrl, owner)
  await expect(staff.getByText('asks for new keys and needs you')).toBeVisible({ timeout: 20_000 })
  await look(staff, '/today, a colleague needs keys')
  await go(staff, '/admin/staff')
  await staff.getByRole('button', { name: 'Compare the words' }).click({ timeout: 20_000 })
  await staff.getByRole('button', { name: 'Confirm as the first of two' }).click()
  await expect(staff.getByText('Type all eight words.')).toBeVisible()
  await look(staff, '/admin/staff, words to compare', { dialog: true })
  await approveNow(clinic, owner, doctor.memberId, words)
  await staff.keyboard.press('Escape')
  await expect(staff.getByText(/hours .*left/)).toBeVisible({ timeout: 20_000 })
  await look(staff, '/admin/staff, the day that is waited for')
  await staff.context().clearCookies()
  await signInPage(staff, site.baseUrl, desk)
  await go(staff, '/account')
  await expect(staff.getByText('asks for new keys').first()).toBeVisible({ timeout: 20_000 })
  await look(staff, '/account, as the second of two')
  await staff.context().clearCookies()
  await signInPage(staff, site.baseUrl, doctor)
  await expect(staff.getByText('Somebody asks for new keys in your name')).toBeVisible({ timeout: 20_000 })
  await look(staff, '/today, keys in one’s own name')
  await other.close()

  expect(await shownWords(page)).toBe(words)
  await owner.door.get('rekey/object', { id: (await openRequest(owner, doctor.memberId)).id })
  await expect(page.getByText('Somebody stopped this request')).toBeVisible({ timeout: 20_000 })
  await look(page, '/sign-in/lost, stopped')
})

test('in French: the language is said, nothing is left in English, nothing is too wide', async ({ context, page }) => {
  await context.addCookies([{ name: 'locale', value: 'fr', url: site.baseUrl }])
  const see = async (path: string) => {
    await go(page, path)
    await page.waitForLoadState('networkidle').catch(() => undefined)
    await expect(page.locator('html')).toHaveAttribute('lang', 'fr')
    await narrow(page, `fr ${path.replace(/[0-9a-f-]{36}.*/, '…')}`)
  }
  for (const path of ['/', '/start', '/sign-in', '/sign-in/lost', '/nothing-here', world.bookingUrl]) await see(path)
  await see(`/c/${world.slug}?service=${world.services.online.id}`)
  await page.locator('a[href*="slot="]').nth(1).click()
  await page.locator('main').getByRole('button').first().click()
  await expect(page.locator('#name')).toBeVisible({ timeout: 40_000 })
  await narrow(page, 'fr /c, who')
  await see(now.link)
  await see(`/a/${now.appointmentId}/call#s=${now.linkSecret}`)
  await signInInFrench(context, page)
  for (const path of ['/today', '/recalls', `/encounter/${now.appointmentId}`]) await see(path)
})

async function signInInFrench(context: BrowserContext, page: Page) {
  await page.goto(`${site.baseUrl}/sign-in`)
  await page.locator('input[type=email]').fill(world.doctor.email)
  await page.locator('input[type=password]').fill(world.doctor.password)
  await page.locator('main form button[type=submit]').last().click()
  await expect(page).toHaveURL(/\/today/, { timeout: 40_000 })
  expect((await context.cookies()).find((cookie) => cookie.name === 'locale')?.value).toBe('fr')
}
