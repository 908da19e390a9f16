// A patient makes a card; a bystander's phone opens it without an account; a withdrawn one opens nothing.
import { expect, test, type Page } from '@playwright/test'
import jsqr from 'jsqr'
import { phone, type Device } from './browsers.ts'
import { canary, encodingsOf, hitsIn } from './hostile/canaries.ts'
import { chooseSlot, fillForm } from './journey.ts'
import { look } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let mine: Device
let theirs: Device
const sent: Buffer[] = []

test.beforeAll(async () => {
  stack = await up()
  world = await clinicWorld(stack)
  mine = await phone()
  theirs = await phone()
  for (const { context } of [mine, theirs]) {
    context.on('request', (request) => {
      sent.push(Buffer.from(request.url()), Buffer.from(JSON.stringify(request.headers())))
      const body = request.postDataBuffer()
      if (body) sent.push(body)
    })
  }
})
test.afterAll(async () => {
  await mine?.close()
  await theirs?.close()
  await stack?.down()
})

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const person = {
  name: 'Zoë Quist',
  birth: { day: '3', month: '4', year: '1986' },
  email: 'zoe@example.test',
  phone: '',
  reason: 'A cough',
  texts: { 'Since when do you have it?': 'Monday' },
}

test('attack 18: a card opens by its code alone, tells its patient, and ends when it is withdrawn', async () => {
  test.setTimeout(180_000)
  const { page } = mine
  await chooseSlot(page, world.bookingUrl, world.services.free.name)
  await fillForm(page, person)
  await button(page, 'Book').click()
  await page.waitForURL(/\/a\//)
  const appointmentId = /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
  await page.goto(`${stack.baseUrl}/a/${appointmentId}/access`)
  await button(page, 'Make a card').click()
  const allergy = canary('allergy')
  await expect(page.getByLabel('Your name')).toHaveValue(person.name)
  await page.getByLabel('Allergies').fill(allergy)
  await page.getByLabel('Whom to call').fill('Ben, +44 20 7946 0000')
  await page.getByLabel(/^Say that you were born/).check()
  await look(page, 'card editor')
  await button(page, 'Make the card').dblclick()
  await expect(page.getByText('Your card was made on')).toBeVisible()
  // The long form went away: what took its place is in view, and has the focus.
  const title = page.getByRole('heading', { name: 'Emergency card' })
  await expect(title).toBeFocused()
  await expect(title).toBeInViewport()
  await page.getByText('Show the code').click()
  await look(page, 'card made')
  const code = page.getByRole('img', { name: 'The code of your emergency card' })
  await expect(code).toBeVisible()

  // The printed card: its code leads where the device says.
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Print the card').click()])
  expect(download.suggestedFilename()).toBe('emergency-card.pdf')

  const link = await readCode(page)
  const [, secret] = link.split('#')
  await theirs.page.goto(link)
  await expect(theirs.page.getByText(allergy)).toBeVisible()
  await expect(theirs.page.getByText('3 April 1986')).toBeVisible()
  const call = theirs.page.getByRole('link', { name: '+44 20 7946 0000' })
  await expect(call).toHaveAttribute('href', 'tel:+442079460000')
  await look(theirs.page, 'card opened')
  await expect(page.getByText('Opened once')).toBeVisible()
  // Fragments reach no server, and what the card says reaches none either. The positive: the card's number does.
  const needles = new Map([secret!, allergy].map((word) => [word, encodingsOf(word)]))
  expect(sent.flatMap((bytes) => hitsIn(bytes, needles))).toEqual([])
  expect(sent.some((bytes) => bytes.includes(link.split('/card/')[1]!.slice(0, 36)))).toBe(true)

  // Half a code is none; the number alone opens nothing and is told to nobody.
  await theirs.page.goto('about:blank')
  await theirs.page.goto(link.replace(/#.*/, `#${'A'.repeat(43)}`))
  await expect(theirs.page.getByText('This card opens nothing any more')).toBeVisible()
  await theirs.page.goto('about:blank')
  await theirs.page.goto(link.slice(0, -4))
  await expect(theirs.page.getByText('This address is not whole')).toBeVisible()

  // A newer card ends the older.
  await button(page, 'Change what it says').click()
  await page.getByLabel('Blood group').fill('0−')
  await button(page, 'Make the new card').click()
  await expect(page.getByText('0−')).toBeVisible()
  const newer = await readCode(page)
  expect(newer).not.toBe(link)
  await theirs.page.goto('about:blank')
  await theirs.page.goto(link)
  await expect(theirs.page.getByText('This card opens nothing any more')).toBeVisible()

  // After a reload it is still there to print, and can be withdrawn.
  await page.reload()
  expect(await readCode(page)).toBe(newer)
  await button(page, 'Withdraw it').click()
  await button(page, 'Withdraw it now').click()
  await expect(button(page, 'Make a card')).toBeVisible()
  await theirs.page.goto('about:blank')
  await theirs.page.goto(newer)
  await expect(theirs.page.getByText('This card opens nothing any more')).toBeVisible()
  expect(mine.faults).toEqual([])
  const rows = await stack.sql('SELECT id FROM emergency_card WHERE clinic_id = $1', [world.clinicId])
  expect(rows).toEqual([])
})

// A CommonJS package: its one function is a `default` of what Node calls its default.
const readQr = (jsqr as unknown as { default?: typeof jsqr }).default ?? jsqr

/** What a camera reads off the screen. */
async function readCode(page: Page): Promise<string> {
  const code = page.getByRole('img', { name: 'The code of your emergency card' })
  await page.getByText('Show the code').evaluate((summary) => void (summary.closest('details')!.open = true))
  const path = await code.locator('path').nth(1).getAttribute('d')
  const size = Number((await code.getAttribute('viewBox'))!.split(' ')[2])
  const scale = 6
  const side = size * scale
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255)
  for (const [, x, y, run] of path!.matchAll(/M(\d+) (\d+)h(\d+)/g))
    for (let dy = 0; dy < scale; dy++)
      for (let dx = 0; dx < Number(run) * scale; dx++) {
        const at = ((Number(y) * scale + dy) * side + Number(x) * scale + dx) * 4
        pixels.fill(0, at, at + 3)
      }
  return readQr(pixels, side, side)!.data
}
