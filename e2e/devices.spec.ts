// A patient's second device: from the code on one screen to the records on the other, either way round, and off again.
import { expect, test, type Page } from '@playwright/test'
import { kitLink, secretOfWords } from '../lib/browser/kit-words.ts'
import { pairLink, unspell } from '../lib/browser/pairing.ts'
import { desktop, phone, type Device } from './browsers.ts'
import { readFileSync } from 'node:fs'
import { authenticator } from './authenticator.ts'
import { cameraShowing } from './camera.ts'
import { chooseSlot, fillForm, readPdf, type Person } from './journey.ts'
import { look } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

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

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })
const vera: Person = {
  ...{ name: 'Vera Lind', birth: { day: '2', month: '5', year: '1982' }, phone: '', reason: 'A knee that clicks' },
  email: 'vera@patient.test',
  texts: { 'Since when do you have it?': 'a month' },
}
const own = async (made: Promise<Device>) => {
  const device = await made
  open.push(device)
  /** Every byte of every request: addresses, headers, bodies. */
  const sent: string[] = []
  device.context.on('request', (request) => {
    sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`)
  })
  return { ...device, sent }
}

async function bookHere(page: Page) {
  await chooseSlot(page, world.bookingUrl, world.services.free.name, 3)
  await fillForm(page, vera)
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\/[0-9a-f-]{36}/)
  await expect(page.getByText('For Vera Lind')).toBeVisible()
  await page.getByRole('link', { name: 'Your access and data' }).click()
  await expect(page.getByText('This device', { exact: true })).toBeVisible()
}
const secretOn = async (page: Page) => {
  const typed = page.locator('[data-pair=typed]')
  await expect(typed).toBeVisible()
  return { typed: (await typed.innerText()).trim(), secret: unspell(await typed.innerText())! }
}
async function agree(one: Page, two: Page) {
  const codes = await Promise.all(
    [one, two].map(async (page) => {
      const code = page.locator('[data-pair=code]')
      await expect(code).toBeVisible()
      return code.innerText()
    }),
  )
  expect(codes[0]).toMatch(/^\d{4} \d{4}$/)
  expect(codes[1]).toBe(codes[0])
  for (const page of [one, two]) await button(page, 'Yes, the same').click()
  for (const page of [one, two]) await expect(page.getByText('The device is added').first()).toBeVisible()
}
async function opensRecords(page: Page) {
  await page.getByRole('link', { name: 'Open the appointment' }).click()
  await expect(page.getByText('For Vera Lind')).toBeVisible()
}

// Defences: pairLink keeps the secret in the fragment; the places of pair_message, taken once.
test('attack 18: a computer is added by the phone’s code, once; no request of either has the secret in it', async () => {
  const mobile = await own(phone())
  await bookHere(mobile.page)
  await look(mobile.page, 'access')
  await button(mobile.page, 'Show a code').click()
  const { secret } = await secretOn(mobile.page)
  const link = pairLink(stack.baseUrl, secret, 'own')
  const computer = await own(desktop())
  await computer.page.goto(link)
  await agree(mobile.page, computer.page)
  await opensRecords(computer.page)
  // Taken out of the address at once, and in nothing that either sent.
  for (const { sent } of [mobile, computer]) {
    expect(sent.length).toBeGreaterThan(5)
    expect(sent.filter((each) => each.includes(secret))).toEqual([])
  }
  const thief = await own(desktop())
  await thief.page.goto(link)
  await expect(thief.page.getByText('The code was used already')).toBeVisible()

  // And off again: from its next request on it opens nothing.
  await mobile.page.reload()
  await button(mobile.page, /^Remove /).click()
  await button(mobile.page, 'Yes, remove it').click()
  await expect(button(mobile.page, /^Remove /)).toHaveCount(0)
  await expect(mobile.page.getByRole('heading', { name: 'Your devices', exact: true })).toBeFocused()
  await computer.page.reload()
  await expect(computer.page.getByText('This device is new to us')).toBeVisible()
  await expect(computer.page.getByText('Vera Lind')).toHaveCount(0)
})

// Defence: CodeCamera stops its track when it goes.
test('the computer’s camera reads the code off the phone’s screen; the camera is off as soon as it was read', async () => {
  const mobile = await own(phone())
  await bookHere(mobile.page)
  await button(mobile.page, 'Show a code').click()
  const camera = await cameraShowing(mobile.page.getByRole('img', { name: 'Code for the other device' }))
  const computer = await own(desktop({}, camera))
  await computer.page.addInitScript(() => {
    const all: MediaStreamTrack[] = ((window as never as { tracks: MediaStreamTrack[] }).tracks = [])
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await open(wanted)
      all.push(...stream.getTracks())
      return stream
    }
  })
  await computer.page.goto(`${stack.baseUrl}/pair`)
  await button(computer.page, 'Scan or type the code it shows').click()
  await button(computer.page, 'Use the camera').click()
  await agree(mobile.page, computer.page)
  const states = await computer.page.evaluate(() =>
    (window as never as { tracks: MediaStreamTrack[] }).tracks.map((track) => track.readyState),
  )
  expect(states).toEqual(['ended'])
  await opensRecords(computer.page)
})

test('a camera that is refused, or is not there, is said in words, and the code is typed', async () => {
  for (const [args, words] of [
    ['--use-fake-ui-for-media-stream=deny', 'This page may not use the camera'],
    ['--use-fake-device-for-media-stream=device-count=0', 'This device has no camera for this'],
  ] as const) {
    const { page } = await own(phone({}, [args]))
    await page.goto(`${stack.baseUrl}/pair`)
    await button(page, 'Scan or type the code it shows').click()
    await button(page, 'Use the camera').click()
    await expect(page.getByText(words)).toBeVisible()
    await expect(page.getByLabel('The code in letters')).toBeEditable()
    await button(page, 'Try the camera again').click()
    await expect(page.getByText(words)).toBeVisible()
  }
})

test('a computer shows the code, the phone reads it as letters; told that the numbers differ, nothing is handed over', async () => {
  const mobile = await own(phone())
  await bookHere(mobile.page)
  const computer = await own(desktop())
  const paired = () => stack.sql(`SELECT id FROM patient_key WHERE state = 'paired' AND revoked_at IS NULL ORDER BY id`)
  const before = await paired()
  const begin = async () => {
    await computer.page.goto(`${stack.baseUrl}/pair`)
    await button(computer.page, 'Show a code here').click()
    const { typed } = await secretOn(computer.page)
    await mobile.page.reload()
    await button(mobile.page, 'Scan the other device’s code').click()
    await mobile.page.getByLabel('The code in letters').fill(typed.toLowerCase().replaceAll('-', ' '))
    await button(mobile.page, 'Continue').click()
  }
  await begin()
  await button(mobile.page, 'No, it differs').click()
  await expect(mobile.page.getByText('Nothing was handed over.', { exact: false })).toBeVisible()
  expect(await paired()).toEqual(before)
  // By the phone's own camera it opens as a link: the page says that this device lets another one in, not the other way round.
  await computer.page.goto(`${stack.baseUrl}/pair`)
  await button(computer.page, 'Show a code here').click()
  await button(computer.page, 'Cancel').click()
  await button(computer.page, 'Show a code here').click()
  const { secret } = await secretOn(computer.page)
  await mobile.page.goto(pairLink(stack.baseUrl, secret, 'new'))
  await expect(mobile.page.getByRole('heading', { name: 'Let another device in' })).toBeVisible()
  await look(mobile.page, 'let in')
  await button(mobile.page, 'Vera Lind').click()
  await agree(mobile.page, computer.page)
  await expect(mobile.page.getByRole('link', { name: 'See all devices' })).toBeVisible()
  await opensRecords(computer.page)
})

// Defence: backupKeys is of the page's own bytes; the server has no part of them.
test('attack 14: the printed page opens the records in an empty browser, and counts once it was tried', async () => {
  const mobile = await own(phone())
  await bookHere(mobile.page)
  const download = mobile.page.waitForEvent('download')
  await button(mobile.page, 'Print the page').click()
  const pdf = readPdf(readFileSync((await (await download).path())!))
  const words = [...pdf.text.matchAll(/^(\d+)\. (\S+)$/gm)]
    .sort(([, a], [, b]) => Number(a) - Number(b))
    .map(([, , word]) => word!)
  expect(words).toHaveLength(24)
  const kits = () => stack.sql(`SELECT id FROM patient_key WHERE kind = 'kit'`)
  expect(await kits()).toEqual([])
  await button(mobile.page, 'Done').click()
  await expect(mobile.page.getByText('Another word stands there.')).toHaveCount(3)
  await expect(mobile.page.getByLabel(/^Word \d+$/).first()).toHaveAttribute('aria-invalid', 'true')
  for (const field of await mobile.page.getByLabel(/^Word \d+$/).all()) {
    const number = /\d+/.exec((await field.evaluate((input) => (input as HTMLInputElement).labels![0]!.textContent))!)!
    await field.fill(words[Number(number[0]) - 1]!)
  }
  await button(mobile.page, 'Done').click()
  await expect(mobile.page.getByText('The page works.')).toBeVisible()
  expect(await kits()).toHaveLength(1)

  const empty = await own(desktop())
  await empty.page.goto(`${stack.baseUrl}/recover`)
  await look(empty.page, 'recover')
  const typed = empty.page.getByLabel('Your 24 words')
  await typed.fill(['zzz', ...words.slice(1)].join(' '))
  await button(empty.page, 'Open my records').click()
  await expect(empty.page.getByText('Word 1, “zzz”, is not on the list')).toBeVisible()
  await typed.fill(words.join(' ').toUpperCase())
  await button(empty.page, 'Open my records').click()
  await opensRecords(empty.page)
  // The same page by its code, as a phone's camera opens it.
  const secret = (await secretOfWords(words.join(' ')))!
  const scanned = await own(phone())
  await scanned.page.goto(kitLink(stack.baseUrl, secret, world.rootFingerprint))
  await expect(scanned.page.getByText('The code on your page was read')).toBeVisible()
  expect(new URL(scanned.page.url()).hash).toBe('')
  await button(scanned.page, 'Open my records').click()
  await opensRecords(scanned.page)
  const sent = [...mobile.sent, ...empty.sent, ...scanned.sent].join(' ')
  expect(sent).not.toContain(words.slice(0, 3).join(' '))
  expect(sent).not.toContain(secret)
})

/** Each answer of a passkey's PRF in this browser, as soon as it is given. */
async function prfAnswers({ context }: Device): Promise<number[][]> {
  const answers: number[][] = []
  await context.exposeFunction('tellPrf', (bytes: number[]) => void answers.push(bytes))
  await context.addInitScript(() => {
    const told = (made: Credential | null) => {
      const { prf } = (made as PublicKeyCredential).getClientExtensionResults()
      const first = prf?.results?.first as ArrayBuffer | undefined
      if (first) (window as never as { tellPrf: (bytes: number[]) => void }).tellPrf([...new Uint8Array(first)])
      return made
    }
    const { create, get } = CredentialsContainer.prototype
    // As authenticators do that answer at a touch alone, a phone over Bluetooth or a security key.
    CredentialsContainer.prototype.create = async function (options) {
      const made = (await create.call(this, options).then(told)) as PublicKeyCredential
      made.getClientExtensionResults = () => ({ prf: { enabled: true } })
      return made
    }
    CredentialsContainer.prototype.get = function (options) {
      return get.call(this, options).then(told)
    }
  })
  return answers
}

/** What a person's "clear all data" leaves: nothing but the passkey, which is not the browser's. */
async function wipe(device: Device) {
  const cdp = await device.context.newCDPSession(device.page)
  await device.page.goto(`${stack.baseUrl}/recover`)
  await cdp.send('Storage.clearDataForOrigin', { origin: stack.baseUrl, storageTypes: 'all' })
  await device.context.clearCookies()
  await device.page.reload()
}

// Defences: split() in lib/browser/passkey.ts; the secret goes to the vault alone; findBackup answers for no removed key.
test('attack 14: a passkey opens the patient’s records in a wiped browser, nothing typed; removed, it opens none', async () => {
  const mobile = await own(phone())
  const { page } = mobile
  const answers = await prfAnswers(mobile)
  await authenticator(page)
  await bookHere(page)
  await button(page, 'Make a passkey').click()
  await button(page, 'Use it once').click()
  await expect(page.getByText('The passkey opens your records from now on')).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(/Made with .*Never used so far/)).toBeVisible()
  await look(page, 'access')

  const restore = async () => {
    await wipe(mobile)
    await button(page, 'Use your passkey').click()
  }
  await restore()
  await expect(page.getByText('Your records open here again')).toBeVisible({ timeout: 30_000 })
  await opensRecords(page)
  expect(answers.length).toBeGreaterThan(1)
  for (const answer of answers) {
    expect(answer).toHaveLength(32)
    const bytes = Buffer.from(answer)
    const spelt = [bytes.toString('base64url'), bytes.toString('base64').slice(0, 40), bytes.toString('hex')]
    for (const text of [...spelt, answer.slice(0, 8).join(',')])
      expect(mobile.sent.filter((each) => each.includes(text))).toEqual([])
  }
  // The server is told neither the passkey nor what it signed.
  expect(mobile.sent.filter((each) => /clientDataJSON|authenticatorData|credentialId|"prf"/.test(each))).toEqual([])

  await page.getByRole('link', { name: 'Your access and data' }).click()
  await expect(page.getByText(/Made with .*Last used on/)).toBeVisible({ timeout: 30_000 })
  await button(page, 'Remove Passkey').click()
  await button(page, 'Yes, remove it').click()
  await expect(button(page, 'Remove Passkey')).toHaveCount(0)
  await restore()
  await expect(page.getByText('This passkey opens no records here')).toBeVisible({ timeout: 30_000 })
})

test('a passkey that cannot open records is not taken, and the printed page is the way on; "not now" is kept', async () => {
  const mobile = await own(phone())
  const { page } = mobile
  await authenticator(page, false)
  await bookHere(page)
  const filed = () => stack.sql(`SELECT id FROM patient_key WHERE kind = 'passkey' ORDER BY id`)
  const before = await filed()
  await button(page, 'Make a passkey').click()
  await expect(page.getByText('A passkey kept there cannot open records')).toBeVisible({ timeout: 30_000 })
  expect(await filed()).toEqual(before)
  await expect(button(page, 'Print the page')).toBeVisible()
  await page.getByRole('link', { name: 'Back to the appointment' }).click()
  const offer = page.getByRole('heading', { name: 'Keep your way back in' })
  await expect(offer).toBeVisible({ timeout: 30_000 })
  // Far down a long page that is made after it came: the link leads there all the same.
  await page.getByRole('link', { name: 'Keep access' }).click()
  await expect(page.getByRole('heading', { name: 'Keep access if your devices are lost' })).toBeInViewport()
  await page.route('**/api/patient/export', (route) => route.abort())
  await button(page, 'Download everything').click()
  await expect(page.getByText('Nothing was saved')).toBeVisible({ timeout: 60_000 })
  await page.unroute('**/api/patient/export')
  const [data] = await Promise.all([page.waitForEvent('download'), button(page, 'For other programs (JSON)').click()])
  expect(data.suggestedFilename()).toBe('curtain-my-data.json')
  const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Download everything').click()])
  expect(file.suggestedFilename()).toBe('curtain-my-data.html')
  await expect(page.getByText('Saved as curtain-my-data.html')).toBeVisible()
  const reader = await page.context().newPage()
  await reader.setContent(readFileSync(await file.path(), 'utf8'))
  await expect(reader.getByRole('heading', { name: 'Your records' })).toBeVisible()
  await expect(reader.getByRole('article').filter({ hasText: 'Name and birth date' })).toContainText('Vera Lind')
  await expect(reader.locator('script, link, img')).toHaveCount(0)
  await reader.close()
  await page.getByRole('link', { name: 'Back to the appointment' }).click()
  await expect(offer).toBeVisible({ timeout: 30_000 })
  await button(page, 'Not now').click()
  await expect(offer).toHaveCount(0)
  await page.reload()
  await expect(page.getByText('For Vera Lind')).toBeVisible({ timeout: 30_000 })
  await expect(offer).toHaveCount(0)
})
