// Passphrase and kit are lost: from the sign-in page to the records, by way of two colleagues and a day; and whoever would misuse it.
import { randomBytes } from 'node:crypto'
import { expect, type Page, test } from '@playwright/test'
import { createVault } from '../lib/browser/vault-core.ts'
import { memoryStorage } from '../lib/browser/vault-storage.ts'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { Door } from './door.ts'
import { aDayPasses, approveNow, mailedLink, NEW, newKeys, openRequest, shownWords } from './lost.ts'
import { up, type TestStack } from './stack.ts'
import { type Booked, type ClinicWorld, clinicWorld, PASSWORD, signIn, type Staff } from './world.ts'

let stack: TestStack
const devices: Device[] = []

test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
})
test.afterAll(() => stack?.down())
test.describe.configure({ timeout: 600_000 })
test.afterEach(() => Promise.all(devices.splice(0).map((device) => device.close())))

async function device(kind: typeof phone = desktop): Promise<Device> {
  const opened = await kind()
  devices.push(opened)
  return opened
}
const staffPage = async (who: Staff) => {
  const { page } = await device()
  await signInPage(page, stack.baseUrl, who)
  return page
}
const go = (page: Page, path: string) => page.goto(stack.baseUrl + path)

/** What only an unlocked vault can show: the name of the day's patient. */
async function readsToday(page: Page, { patient }: Booked) {
  await go(page, '/today')
  await expect(page.getByText(patient.fields.name).first()).toBeVisible({ timeout: 40_000 })
}

const requestOf = (page: Page, { name }: Staff) =>
  page.locator('section').filter({ has: page.getByRole('heading', { name: `${name} asks for new keys` }) })

async function typeWords(page: Page, words: string, action: string) {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('The eight words, as you were told').fill(words)
  await dialog.getByRole('button', { name: action }).click()
  return dialog
}

/** A kit that was tried. Answers how it shows itself at the server, each time anew. */
async function triedKit({ door, vault, email, password }: Staff) {
  const { request } = await vault.signInStart(password)
  const { response, state } = await door.get('access/sign-in-start', { email, request })
  const { finish } = await vault.signInFinish({ response })
  const { proof } = await door.get('access/sign-in-finish', { state, finish })
  const { clinicId, memberId, wrappedAccount } = await door.get('access/me', {})
  const kit = await vault.newKit({ clinicId, memberId, wrappedAccount, language: 'en' })
  await door.get('account/add-kit', { proof, id: kit.id, handle: kit.handle, wrapped: kit.wrapped })
  const show = async () => {
    const { handle } = await vault.takeKit(kit.words.join(' '))
    const { state: asked, nonce } = await door.get('account/kit-start', {})
    return { state: asked, handle, signature: await vault.proveKit({ origin: stack.baseUrl, nonce }) }
  }
  await door.get('account/try-kit', await show())
  return show
}

test('attack 14: from a lost passphrase and kit to the same records, by two colleagues and a day; the old keys open nothing', async () => {
  const world = await clinicWorld(stack)
  const { owner, doctor, desk } = world
  const booked = await world.book()
  const showKit = await triedKit(doctor)

  const lost = (await device(phone)).page
  const link = await mailedLink(stack, lost, doctor)
  const words = await newKeys(lost, link)
  expect(lost.url()).not.toContain('#')
  await lost.reload()
  expect(await shownWords(lost)).toBe(words)
  await lost.goto(link)
  expect(await shownWords(lost)).toBe(words)
  const elsewhere = (await device()).page
  await elsewhere.goto(link)
  await expect(elsewhere.getByText('This link was used already')).toBeVisible({ timeout: 20_000 })

  const first = await staffPage(owner)
  await first.getByRole('link', { name: 'Compare the words' }).click({ timeout: 20_000 })
  await expect(first).toHaveURL(/\/admin\/staff/)
  await requestOf(first, doctor).getByRole('button', { name: 'Compare the words' }).click()
  const dialog = await typeWords(
    first,
    'lusab babad gutih tugad lusab babad gutih tugad',
    'Confirm as the first of two',
  )
  await expect(dialog.getByText('These are not the words of the keys that wait here')).toBeVisible()
  await typeWords(first, words.toUpperCase(), 'Confirm as the first of two')
  await expect(first.getByText('Confirmed. In a day somebody else can finish it.')).toBeVisible({ timeout: 20_000 })
  await expect(requestOf(first, doctor).getByText(/2[34] hours .*left/)).toBeVisible()
  await expect(lost.getByText(/^From /)).toBeVisible({ timeout: 20_000 })

  await test.step('attack 7: a clock that is put forward makes no day of a minute', async () => {
    const { page } = await device()
    await page.clock.setFixedTime(new Date(Date.now() + 25 * 3_600_000))
    await signInPage(page, stack.baseUrl, desk)
    await go(page, '/account')
    await requestOf(page, doctor).getByRole('button', { name: 'Compare and finish' }).click()
    const early = await typeWords(page, words, 'Confirm and finish')
    await expect(early.getByText('A day has not passed')).toBeVisible({ timeout: 20_000 })
  })

  await aDayPasses(stack, world, owner, doctor.memberId, words)
  const second = await staffPage(desk)
  await expect(second.getByText('The new keys of Dr Mira Okafor can be finished')).toBeVisible({ timeout: 20_000 })
  await second.getByRole('link', { name: 'Compare the words' }).click()
  await expect(second).toHaveURL(/\/account/)
  await requestOf(second, doctor).getByRole('button', { name: 'Compare and finish' }).click()
  await typeWords(second, words, 'Confirm and finish')
  await expect(second.getByText('Dr Mira Okafor has new keys')).toBeVisible({ timeout: 20_000 })

  // The receptionist is of one of the groups; the owner's browser makes the other's next key, by being open.
  await go(first, '/today')
  await expect
    .poll(
      async () => {
        const { epochGrants } = await owner.door.get('access/me', {})
        return epochGrants.filter(({ epoch }) => epoch === 2).map(({ group }) => group)
      },
      { timeout: 90_000 },
    )
    .toEqual(expect.arrayContaining(['desk', 'clinical']))

  await lost.getByRole('link', { name: 'Sign in' }).click({ timeout: 20_000 })
  await signInPage(lost, stack.baseUrl, { email: doctor.email, password: NEW })
  await readsToday(lost, booked)
  await go(lost, `/encounter/${booked.appointmentId}`)
  await expect(lost.getByText('A cough that stays').first()).toBeVisible({ timeout: 40_000 })
  // What comes afterwards, too.
  const next = await world.book({ fields: { name: 'Ines Wolf' }, at: 1 })
  await readsToday(lost, next)

  const old = { ...doctor, door: new Door(stack.baseUrl), vault: createVault(memoryStorage()), password: PASSWORD }
  await expect(signIn(old)).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
  expect(await doctor.door.ask('access/me', {})).toMatchObject({ code: 'SIGN_IN_FIRST' })
  const { request } = await old.vault.registerStart(NEW)
  const shown = await showKit().catch(() => null)
  expect(shown, 'the old vault still holds the kit').not.toBeNull()
  expect(await old.door.ask('account/kit-open', { ...shown!, request })).toMatchObject({ code: 'KIT_UNKNOWN' })
})

test('attack 7: a member who never asked stops it from any page, and nothing has changed', async () => {
  const world = await clinicWorld(stack)
  const { owner, doctor } = world
  const thief = (await device(phone)).page
  const words = await newKeys(thief, await mailedLink(stack, thief, doctor))
  await approveNow(world, owner, doctor.memberId, words)

  const page = await staffPage(doctor)
  const warning = page.getByRole('alert').filter({ hasText: 'Somebody asks for new keys in your name' })
  await expect(warning).toBeVisible({ timeout: 20_000 })
  await warning.getByRole('button', { name: 'It was not me: stop it' }).click()
  await expect(page.getByText('The request was stopped.')).toBeVisible()
  await expect(warning).toHaveCount(0)
  await expect(thief.getByText('Somebody stopped this request')).toBeVisible({ timeout: 20_000 })
  await expect
    .poll(async () => (await stack.mails(owner.email)).map(({ subject }) => subject).join('\n'), { timeout: 30_000 })
    .toContain('somebody stopped the request')
  await signIn({ ...doctor, door: new Door(stack.baseUrl), vault: createVault(memoryStorage()) })
  expect(await openRequest(owner, doctor.memberId)).toBeUndefined()
})

// Defence: the words' comparison in the vault (vault-rekey.ts), which nothing on the page can go round.
test('attack 7: keys that the server put in the place of the member’s have other words, and nobody signs them', async () => {
  const world = await clinicWorld(stack)
  const { owner, doctor } = world
  const lost = (await device(phone)).page
  const words = await newKeys(lost, await mailedLink(stack, lost, doctor))
  const key = () => randomBytes(32).toString('base64url')
  await stack.sql(`UPDATE rekey_request SET sign_key = $2, dh_key = $3 WHERE member_id = $1`, [
    doctor.memberId,
    key(),
    key(),
  ])
  const page = await staffPage(owner)
  await go(page, '/admin/staff')
  await requestOf(page, doctor).getByRole('button', { name: 'Compare the words' }).click()
  const dialog = await typeWords(page, words, 'Confirm as the first of two')
  await expect(dialog.getByText('somebody exchanged the keys')).toBeVisible({ timeout: 20_000 })
  const [row] = await stack.sql<{ approval: string | null }>(
    `SELECT approval FROM rekey_request WHERE member_id = $1`,
    [doctor.memberId],
  )
  expect(row!.approval).toBeNull()
})

test('attack 7: the word of a colleague who was removed since is none, and the day begins anew', async () => {
  const world = await clinicWorld(stack)
  const { owner, doctor, clinicId } = world
  const manager = await world.join(['admin'], 'Noa Falk')
  const deputy = await world.join(['admin'], 'Uli Brandt')
  const lost = (await device(phone)).page
  const words = await newKeys(lost, await mailedLink(stack, lost, doctor))
  await approveNow(world, manager, doctor.memberId, words)
  await aDayPasses(stack, world, manager, doctor.memberId, words)
  const page = await staffPage(owner)
  await go(page, '/admin/staff')
  await expect(requestOf(page, doctor).getByRole('button', { name: 'Compare and finish' })).toBeVisible({
    timeout: 20_000,
  })
  const chain = await owner.door.get('access/chain', { clinicId })
  const { memberId } = manager
  const left = await owner.vault.removeMember({ clinicId, chain, memberId })
  await owner.door.get('access/remove-member', { memberId, ...left })
  // Nobody's word any more: the owner may begin, and the deputy finish a day later.
  await expect(requestOf(page, doctor).getByText('None yet')).toBeVisible({ timeout: 60_000 })
  await requestOf(page, doctor).getByRole('button', { name: 'Compare the words' }).click()
  await typeWords(page, words, 'Confirm as the first of two')
  await expect(page.getByText('Confirmed. In a day somebody else can finish it.')).toBeVisible({ timeout: 20_000 })
  expect(await openRequest(deputy, doctor.memberId)).toMatchObject({ may: 'finish', approval: { by: owner.memberId } })
  expect(new Date((await openRequest(deputy, doctor.memberId)).readyAt).getTime()).toBeGreaterThan(
    Date.now() + 23 * 3_600_000,
  )
})

test('the only officer has a kit or nothing: the link says so, and the account asks for two', async () => {
  const world: ClinicWorld = await clinicWorld(stack)
  const { page } = await device(phone)
  const link = await mailedLink(stack, page, world.owner)
  await page.goto(link)
  await expect(page.getByText(/^Nobody at .* can give you new keys$/)).toBeVisible({ timeout: 20_000 })
  await page.getByRole('link', { name: 'Sign in with a recovery kit' }).click()
  await signInPage(page, stack.baseUrl, world.owner)
  await go(page, '/account')
  await expect(page.getByText('Make two kits and keep them in two places; 2 are missing')).toBeVisible()
})

test('a stranger’s address has the same answer and no mail, and a link of nobody’s opens nothing', async () => {
  const { page } = await device(phone)
  await go(page, '/sign-in/lost')
  await page.getByRole('button', { name: 'Send me the link' }).click()
  await expect(page.getByText('Enter an e-mail address')).toBeVisible()
  await page.getByLabel('E-mail').fill('stranger@example.test')
  await page.getByRole('button', { name: 'Send me the link' }).click()
  await expect(page.getByText('a link is on its way')).toBeVisible()
  await page.goto(`${stack.baseUrl}/sign-in/lost#t=${'x'.repeat(200)}`)
  await expect(page.getByText('This link opens nothing any more')).toBeVisible({ timeout: 20_000 })
  expect(await stack.mails('stranger@example.test')).toEqual([])
})
