// What a member sees when a key was kept from them, and a kit on paper before the camera.
import { expect, test } from '@playwright/test'
import { randomBytes } from 'node:crypto'
import { desktop, phone, type Device, signInPage } from './browsers.ts'
import { cameraShowing } from './camera.ts'
import { look } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld, PASSWORD } from './world.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []
const own = async (made: Promise<Device>) => {
  const device = await made
  open.push(device)
  return device
}

test.describe.configure({ timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
})
test.afterAll(() => stack?.down())
test.afterEach(() => Promise.all(open.splice(0).map((device) => device.close())))

// Defence: shutOut() of the vault, and the banner in the staff's shell. Without it what is written is lost to them unnoticed.
test('attack 7: who keeps a group’s key from a colleague is named on each of that one’s pages', async () => {
  const { owner, doctor } = world
  // What a changed client of the owner's would have filed for the doctor: bytes that open nothing.
  const box = (length: number) => randomBytes(length).toString('base64url')
  const spoilt = await stack.sql(
    `UPDATE epoch_grant SET enc = $2, ct = $3 WHERE "group" = 'clinical' AND to_key = (SELECT dh_key FROM member WHERE id = $1)
     RETURNING epoch`,
    [doctor.memberId, box(32), box(48)],
  )
  expect(spoilt).toHaveLength(1)
  const { page } = await own(phone())
  await signInPage(page, stack.baseUrl, doctor)
  const [{ name }] = (await stack.sql<{ name: string }>('SELECT display_name AS name FROM member WHERE id = $1', [
    owner.memberId,
  ])) as [{ name: string }]
  const banner = page.getByText(`${name} has kept a key of the clinic’s records from you`)
  await expect(banner).toBeVisible()
  await look(page, 'shut out')
  await page.goto(`${stack.baseUrl}/account`)
  await expect(banner).toBeVisible()
  // Who lacks nothing is told nothing.
  const theirs = await own(desktop())
  await signInPage(theirs.page, stack.baseUrl, owner)
  await expect(theirs.page.getByText('has kept a key')).toHaveCount(0)
})

// Defence: KitFields, which takes what the camera read for the words; the server counts the kit from then on.
test('attack 14: the code on a kit’s page opens the account before a camera, nothing typed but the new passphrase', async () => {
  const { owner } = world
  const { page } = await own(desktop())
  await signInPage(page, stack.baseUrl, owner)
  await page.goto(`${stack.baseUrl}/account`)
  await page.getByRole('button', { name: 'Make a kit' }).click()
  const asked = page.getByRole('dialog', { name: 'Show that it is you' })
  await asked.getByLabel('E-mail', { exact: false }).fill(owner.email)
  await asked.locator('input[type=password]').fill(PASSWORD)
  await asked.getByRole('button', { name: 'Continue' }).click()
  const shown = page.getByRole('dialog', { name: 'Your recovery kit' })
  await look(page, 'kit', { dialog: true })
  const camera = await cameraShowing(shown.getByRole('img', { name: 'QR code of the recovery kit' }))
  const words = (await shown.getByRole('list').locator('li .font-mono').allInnerTexts()).map((word) => word.trim())
  await shown.getByRole('button', { name: 'I have it on paper' }).click()
  const trial = page.getByRole('dialog', { name: 'Try the kit' })
  await trial.getByLabel('The 24 words').fill(words.join(' '))
  await trial.getByRole('button', { name: 'Try the kit' }).click()
  await expect(page.getByText('The kit was tried and counts from now on')).toBeVisible()

  const there = (await own(phone({}, camera))).page
  await there.goto(`${stack.baseUrl}/sign-in`)
  await there.getByRole('button', { name: 'Passphrase lost' }).click()
  await there.getByRole('button', { name: 'Scan the code' }).click()
  await expect(there.getByLabel('The 24 words')).toHaveValue(/^curtain-kit:/)
  await look(there, 'kit by camera')
  await there.getByRole('button', { name: 'Choose my own instead' }).click()
  await there.getByLabel('Your own passphrase').fill('otter-mosaic-tundra-violet-41')
  await there.getByLabel('Type it once more').fill('otter-mosaic-tundra-violet-41')
  await there.getByLabel('I have it written down').check()
  await there.getByRole('button', { name: 'Open my account' }).click()
  await expect(there).toHaveURL(/\/today/, { timeout: 40_000 })
})
