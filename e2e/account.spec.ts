// The member's own keys in real browsers: sessions, password, recovery kit, passkeys with Chromium's virtual authenticator.
import { expect, type Page, test } from '@playwright/test'
import { authenticator } from './authenticator.ts'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { up, type TestStack } from './stack.ts'
import { type Booked, type ClinicWorld, clinicWorld, PASSWORD } from './world.ts'

let stack: TestStack
let here: Device
let there: Device

test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
})
test.afterAll(() => stack?.down())
test.describe.configure({ timeout: 240_000 })
test.beforeEach(async () => {
  ;[here, there] = await Promise.all([desktop(), desktop()])
})
test.afterEach(() => Promise.all([here?.close(), there?.close()]))

const NEW = 'otter-mosaic-tundra-violet-41'
const newWorld = (): Promise<ClinicWorld> => clinicWorld(stack)
const account = (page: Page) => page.goto(`${stack.baseUrl}/account`)

/** What only an unlocked vault can show: the name of the day's patient. */
async function readsToday(page: Page, { patient }: Booked) {
  await page.goto(`${stack.baseUrl}/today`)
  await expect(page.getByText(patient.fields.name).first()).toBeVisible()
}

async function confirm(page: Page, email: string, password = PASSWORD) {
  const dialog = page.getByRole('dialog', { name: 'Show that it is you' })
  await dialog.getByLabel('E-mail', { exact: false }).fill(email)
  await dialog.locator('input[type=password]').fill(password)
  await dialog.getByRole('button', { name: 'Continue' }).click()
}

async function choosePassphrase(page: Page, value: string) {
  await page.getByRole('button', { name: 'Choose my own instead' }).click()
  await page.getByLabel('Your own passphrase').fill(value)
  await page.getByLabel('Type it once more').fill(value)
  await page.getByLabel('I have it written down').check()
}

test('a session is listed with its browser, and ended from another its open tab locks at once', async () => {
  const world = await newWorld()
  for (const device of [here, there]) await signInPage(device.page, stack.baseUrl, world.owner)
  await account(here.page)
  await expect(here.page.getByText('This one')).toBeVisible()
  const ended = there.page.waitForURL(/\/sign-in/)
  await here.page.getByRole('button', { name: 'End all others' }).click()
  await ended
  await there.page.goto(`${stack.baseUrl}/today`)
  await expect(there.page).toHaveURL(/\/sign-in/)
  await readsNothingLeft(there.page)
  await here.page.goto(`${stack.baseUrl}/today`)
  await expect(here.page.getByRole('heading', { level: 1 })).toBeVisible()
})

/** No key of a session is left in the browser. */
async function readsNothingLeft(page: Page) {
  const names = await page.evaluate(async () => {
    const all: string[] = []
    for (const { name } of await indexedDB.databases()) {
      const opened = await new Promise<IDBDatabase>((done, fail) => {
        const request = indexedDB.open(name!)
        request.onsuccess = () => done(request.result)
        request.onerror = () => fail(request.error!)
      })
      for (const store of opened.objectStoreNames) {
        const keys = await new Promise<IDBValidKey[]>((done) => {
          const request = opened.transaction(store).objectStore(store).getAllKeys()
          request.onsuccess = () => done(request.result)
        })
        all.push(...keys.map(String))
      }
      opened.close()
    }
    return all
  })
  expect(names.filter((name) => name.startsWith('session:'))).toEqual([])
}

test('a new passphrase opens the account in an empty browser, and the old one does not', async () => {
  const world = await newWorld()
  const booked = await world.book()
  await signInPage(here.page, stack.baseUrl, world.doctor)
  await account(here.page)
  await here.page.getByRole('button', { name: 'Change the passphrase' }).click()
  await choosePassphrase(here.page, NEW)
  await here.page.getByRole('dialog').getByRole('button', { name: 'Continue' }).click()
  await confirm(here.page, world.doctor.email)
  await expect(here.page.getByText('Passphrase changed')).toBeVisible()
  await readsToday(here.page, booked)
  await there.page.goto(`${stack.baseUrl}/sign-in`)
  await there.page.getByLabel('E-mail', { exact: false }).fill(world.doctor.email)
  await there.page.locator('input[type=password]').fill(PASSWORD)
  await there.page.getByRole('button', { name: 'Sign in' }).click()
  await expect(there.page.getByRole('alert')).toBeVisible()
  await signInPage(there.page, stack.baseUrl, { email: world.doctor.email, password: NEW })
  await readsToday(there.page, booked)
})

test('a phone’s sheet is gone from what it locked, tabs open together, and a passphrase nobody confirmed counts for nothing', async () => {
  const world = await newWorld()
  const booked = await world.book()
  const hand = await phone()
  try {
    const { page } = hand
    await signInPage(page, stack.baseUrl, world.doctor)
    // Open before the second tab is: one that opens while nobody is there yet is asked for the passphrase.
    await readsToday(page, booked)
    const tab = await page.context().newPage()
    await readsToday(tab, booked)
    await page.getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('button', { name: 'Lock' }).click()
    for (const each of [page, tab]) await expect(each.getByRole('heading', { name: /^Locked/ })).toBeVisible()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await page.locator('input[type=password]').fill(PASSWORD)
    await page.getByRole('button', { name: 'Unlock' }).click()
    for (const each of [page, tab]) await expect(each.getByText(booked.patient.fields.name).first()).toBeVisible()

    await account(page)
    await page.getByRole('button', { name: 'Change the passphrase' }).click()
    await choosePassphrase(page, NEW)
    await page.getByRole('button', { name: 'Continue' }).click()
    const asked = page.getByRole('dialog', { name: 'Show that it is you' })
    await expect(asked.getByText('Once more with the passphrase that you have used until now.')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByText('Nothing has changed: your old passphrase still holds').first()).toBeVisible()

    const make = page.getByRole('button', { name: 'Make a kit' })
    await make.click()
    await confirm(page, world.doctor.email)
    await page.getByRole('dialog', { name: 'Your recovery kit' }).getByRole('button', { name: 'Close' }).click()
    await expect(make).toBeFocused()
    await page.getByRole('button', { name: 'Remove Recovery kit 1' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click()
    await expect(page.getByText('Recovery kit 1')).toHaveCount(0)
    // The row took its button along: the focus is somewhere on the page still.
    await expect.poll(() => page.evaluate(() => document.activeElement !== document.body)).toBe(true)
  } finally {
    await hand.close()
  }
})

test('attack 14: a recovery kit that was tried opens the records in a wiped browser, with a new passphrase', async () => {
  const world = await newWorld()
  const booked = await world.book()
  const { page } = here
  await signInPage(page, stack.baseUrl, world.doctor)
  await account(page)
  await page.getByRole('button', { name: 'Make a kit' }).click()
  await confirm(page, world.doctor.email)
  const shown = page.getByRole('dialog', { name: 'Your recovery kit' })
  await expect(shown.getByRole('listitem')).toHaveCount(24)
  const words = (await shown.getByRole('list').locator('li .font-mono').allInnerTexts()).map((word) => word.trim())
  expect(words).toHaveLength(24)
  const download = page.waitForEvent('download')
  await shown.getByRole('button', { name: 'Save as PDF' }).click()
  expect((await download).suggestedFilename()).toBe('curtain-recovery-kit.pdf')
  await shown.getByRole('button', { name: 'I have it on paper' }).click()
  const trial = page.getByRole('dialog', { name: 'Try the kit' })
  await trial.getByLabel('The 24 words').fill(words.slice(1).join(' '))
  await trial.getByRole('button', { name: 'Try the kit' }).click()
  await expect(trial.getByText('You typed 23 words. There are 24.')).toBeVisible()
  await trial.getByLabel('The 24 words').fill(words.join(' '))
  await trial.getByRole('button', { name: 'Try the kit' }).click()
  await expect(page.getByText('The kit was tried and counts from now on')).toBeVisible()

  await there.page.goto(`${stack.baseUrl}/sign-in`)
  await there.page.getByRole('button', { name: 'Passphrase lost' }).click()
  await there.page.getByLabel('The 24 words').fill(words.join(' '))
  await choosePassphrase(there.page, NEW)
  await there.page.getByRole('button', { name: 'Open my account' }).click()
  await expect(there.page).toHaveURL(/\/today/, { timeout: 40_000 })
  await readsToday(there.page, booked)
  // Every session elsewhere has ended.
  await expect(page).toHaveURL(/\/sign-in/)
})

test('attack 14: a passkey signs in and unlocks by one touch in a wiped browser, and the clinic may require it', async () => {
  const world = await newWorld()
  const booked = await world.book()
  const { page } = here
  const key = await authenticator(page)
  await signInPage(page, stack.baseUrl, world.doctor)
  await account(page)
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await confirm(page, world.doctor.email)
  await expect(page.getByText('The passkey opens your account from now on')).toBeVisible()
  // The same key in an empty browser.
  const { credentials } = await key.cdp.send('WebAuthn.getCredentials', { authenticatorId: key.authenticatorId })
  expect(credentials).toHaveLength(1)

  // Locked, one touch unlocks.
  await page.getByRole('button', { name: 'Lock' }).first().click()
  // The dialog that asked who it is has such a button too, and takes a moment to go.
  await expect(page.getByRole('heading', { name: /^Locked/ })).toBeVisible()
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  // The page's own title: what told of the new passkey may still be there, and is a heading with these words too.
  await expect(page.getByRole('heading', { level: 1, name: 'Your account' })).toBeVisible()
  await readsToday(page, booked)

  await page.getByRole('button', { name: 'Sign out' }).first().click()
  await expect(page).toHaveURL(/\/sign-in/)
  await page.evaluate(async () => {
    localStorage.clear()
    sessionStorage.clear()
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name!)
  })
  await page.reload()
  const sent: string[] = []
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
  await page.getByRole('button', { name: 'Use a passkey' }).click()
  await expect(page).toHaveURL(/\/today/, { timeout: 40_000 })
  await readsToday(page, booked)
  // After a sign-in without an address, unlocking asks for none.
  await page.getByRole('button', { name: 'Lock' }).first().click()
  await expect(page.getByRole('heading', { name: /^Locked/ })).toBeVisible()
  await expect(page.getByLabel('E-mail', { exact: false })).toHaveValue(world.doctor.email)
  await page.locator('input[type=password]').fill(PASSWORD)
  await page.getByRole('button', { name: 'Unlock' }).click()
  await expect(page.getByText(booked.patient.fields.name).first()).toBeVisible()

  // What the PRF answered is a key: no request carries the extension's results.
  expect(sent.some((each) => each.includes('passkey-finish'))).toBe(true)
  expect(sent.filter((each) => each.includes('"prf"') || each.includes('"first"'))).toEqual([])

  await world.owner.door.get('account/save-security', { lockMinutes: 15, passkeyRequired: true })
  await there.page.goto(`${stack.baseUrl}/sign-in`)
  await there.page.getByLabel('E-mail', { exact: false }).fill(world.doctor.email)
  await there.page.locator('input[type=password]').fill(PASSWORD)
  await there.page.getByRole('button', { name: 'Sign in' }).click()
  await expect(there.page.getByText('Your clinic asks for your passkey')).toBeVisible()
  // Who has none yet is asked for one.
  await signInPage(there.page, stack.baseUrl, world.owner)
  await expect(there.page.getByText('Your clinic asks for a passkey')).toBeVisible()
})

test('an authenticator without PRF is told so, and its passkey is not kept', async () => {
  const world = await newWorld()
  await authenticator(here.page, false)
  await signInPage(here.page, stack.baseUrl, world.doctor)
  await account(here.page)
  await here.page.getByRole('button', { name: 'Add a passkey' }).click()
  await expect(here.page.getByText('cannot unlock with it')).toBeVisible()
  expect((await world.doctor.door.get('account/view', {})).wraps).toEqual([])
})

test('a reload goes on where it was; closing the last tab locks, and so does the clinic’s time', async () => {
  const world = await newWorld()
  await signInPage(here.page, stack.baseUrl, world.doctor)
  await here.page.reload()
  await expect(here.page.getByText('Nobody is booked')).toBeVisible()
  await expect(here.page.getByRole('button', { name: 'Unlock' })).toHaveCount(0)
  // A second tab beside the first needs no passphrase.
  const second = await here.context.newPage()
  await second.goto(`${stack.baseUrl}/today`)
  await expect(second.getByText('Nobody is booked')).toBeVisible()
  await Promise.all([here.page.close(), second.close()])
  const third = await here.context.newPage()
  // A page without the staff's scripts looks on until the browser has let the closed ones go.
  await third.goto(`${stack.baseUrl}/nothing-here`)
  await expect
    .poll(() => third.evaluate(async () => (await navigator.locks.query()).held!.map(({ name }) => name)))
    .toEqual([])
  await third.goto(`${stack.baseUrl}/today`)
  await expect(third.getByRole('button', { name: 'Unlock' })).toBeVisible()
  await readsNothingLeft(third)
  // Who unlocks is who signed in: the address is there.
  await expect(third.getByLabel('E-mail', { exact: false })).toHaveValue(world.doctor.email)
  await third.locator('input[type=password]').fill(PASSWORD)
  await third.getByRole('button', { name: 'Unlock' }).click()
  await expect(third.getByText('Nobody is booked')).toBeVisible()
  // Left for longer than the clinic allows, a restored tab is as good as a closed one.
  await third.evaluate(() =>
    addEventListener('pagehide', () => localStorage.setItem('curtain.staff-touched', String(Date.now() - 16 * 60_000))),
  )
  await third.reload()
  await expect(third.getByRole('button', { name: 'Unlock' })).toBeVisible()
})
