// Steps of the first consult as people take them, through the pages.
import { inflateSync } from 'node:zlib'
import { expect, type Page } from '@playwright/test'
import { encode } from 'uqr'

export interface Person {
  name: string
  birth: { day: string; month: string; year: string }
  email: string
  phone: string
  reason: string
  /** Answers to the clinic's questions: label → text typed or option chosen. */
  texts: Record<string, string>
  /** Where somebody else books: who signs. */
  signer?: string
}

/** From the booking link to a kept slot and the open form; `index` among those that do not begin in this quarter of an hour. */
export async function chooseSlot(page: Page, bookingUrl: string, service: string, index = 0) {
  await page.goto(bookingUrl)
  await page.getByRole('link', { name: `Choose a time: ${service}` }).click()
  await page
    .locator('a[href*="slot="]')
    .nth(index + 1)
    .click()
  await page.getByRole('button', { name: 'Continue with this time' }).click()
  await expect(page.getByRole('heading', { name: 'Who is the appointment for?' })).toBeVisible()
}

export async function fillForm(page: Page, person: Person) {
  const goOn = () => page.getByRole('button', { name: 'Continue', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Who is the appointment for?' })).toBeVisible()
  // Who has booked on this device before is chosen already.
  if (!(await page.getByRole('radio', { name: person.name }).isVisible())) {
    await page.getByLabel('Full name').fill(person.name)
    await page.getByLabel('Day', { exact: true }).fill(person.birth.day)
    await page.getByLabel('Month', { exact: true }).fill(person.birth.month)
    await page.getByLabel('Year', { exact: true }).fill(person.birth.year)
  }
  await page.getByLabel('E-mail').fill(person.email)
  await page.getByLabel('Phone').fill(person.phone)
  await page.getByLabel('Reason for the appointment').fill(person.reason)
  await goOn()
  await expect(page.getByRole('heading', { name: 'Questions from the clinic' })).toBeVisible()
  for (const [label, text] of Object.entries(person.texts)) await page.getByLabel(label).fill(text)
  await page.getByRole('group', { name: 'Do you smoke?' }).getByText('No', { exact: true }).click()
  await goOn()
  await expect(page.getByText('Your signature covers exactly this text.')).toBeVisible()
  await page.getByLabel(/^Type your (own )?full name to sign/).fill(person.signer ?? person.name)
  await page.getByLabel('I have read this and agree').check()
  await goOn()
  await expect(page.getByRole('heading', { name: 'Please check' })).toBeVisible()
}

export async function pay(page: Page) {
  await page.waitForURL(/\/c\/pay\//, { timeout: 30_000 })
  await page.getByRole('button', { name: /^Pay €/ }).click()
}

/** From an appointment's page, or its link, to the waiting room. */
export async function toWaitingRoom(page: Page) {
  await page.getByRole('link', { name: 'Join the call' }).click()
  await throughCheck(page)
}
export async function throughCheck(page: Page) {
  await page.getByRole('button', { name: 'Turn on camera and microphone' }).click()
  await page.getByRole('button', { name: 'Go to the waiting room' }).click()
  await expect(page.getByText('You are in the waiting room')).toBeVisible()
}

export async function writeNote(page: Page, text: string) {
  await page.getByRole('tab', { name: 'Note' }).click()
  await page.getByLabel('Note of this encounter').fill(text)
  const share = page.getByLabel('Share with the patient')
  if (!(await share.isChecked())) await share.check()
  await page.getByRole('button', { name: 'Finish note' }).click()
  await expect(page.getByText('Note saved. The patient can read it now.').first()).toBeVisible()
}

export interface Medicine {
  medicine: string
  dose: string
  frequency: string
  instructions: string
}
export async function prescribe(page: Page, what: Medicine) {
  await page.getByRole('tab', { name: 'Prescription' }).click()
  await page.getByLabel('Medicine', { exact: true }).fill(what.medicine)
  await page.getByLabel('Dose', { exact: true }).fill(what.dose)
  await page.getByLabel('How often').fill(what.frequency)
  await page.getByLabel('Instructions').fill(what.instructions)
  await page.getByRole('button', { name: 'Check and sign' }).click()
  await page.getByRole('button', { name: 'Sign and issue' }).click()
  await expect(page.getByText('Prescription issued. The patient can see it now.').first()).toBeVisible()
}

export async function setRecall(page: Page, reason: string) {
  await page.getByRole('tab', { name: 'Recall' }).click()
  await page.getByLabel('How many').fill('6')
  await page.getByRole('tabpanel').getByLabel('Reason').fill(reason)
  await page.getByRole('button', { name: 'Set recall' }).click()
  await expect(page.getByText('Recall set.').first()).toBeVisible()
}

/** The text of a PDF that our own page made, line by line, and the address in its QR code. */
export function readPdf(file: Buffer): { text: string; qrMatches: (link: string) => boolean } {
  const source = file.toString('latin1')
  let drawn = ''
  for (const { index } of source.matchAll(/stream\r?\n/g)) {
    const begin = source.indexOf('\n', index) + 1
    const end = source.indexOf('endstream', begin)
    try {
      drawn += inflateSync(file.subarray(begin, end)).toString('latin1')
    } catch {
      // Not a compressed one.
    }
  }
  const lines = [...drawn.matchAll(/<([0-9A-Fa-f]+)> Tj/g)].map(([, hex]) =>
    Buffer.from(hex!, 'hex').toString('latin1'),
  )
  // Each dark cell is a rectangle of its own: moved to its corner.
  const corners = [...drawn.matchAll(/1 0 0 1 ([\d.]+) ([\d.]+) cm/g)]
    .map(([, x, y]) => [Number(x), Number(y)] as const)
    .filter(([x, y]) => x > 0 && y > 0)
  return {
    text: lines.join('\n'),
    qrMatches: (link) => {
      const { data, size } = encode(link, { ecc: 'M', border: 2 })
      const wanted = data.flatMap((row, down) => row.flatMap((dark, across) => (dark ? [[across, down] as const] : [])))
      const left = Math.min(...corners.map(([x]) => x))
      const top = Math.max(...corners.map(([, y]) => y))
      const xs = [...new Set(corners.map(([x]) => x))].sort((a, b) => a - b)
      const cell = (xs.at(-1)! - left) / (size - 5)
      const has = new Set(
        corners.map(([x, y]) => `${Math.round((x - left) / cell) + 2},${Math.round((top - y) / cell) + 2}`),
      )
      return has.size === wanted.length && wanted.every(([x, y]) => has.has(`${x},${y}`))
    },
  }
}

/** The link that a mail carries. */
export const linkIn = (text: string, pattern: RegExp): string => {
  const found = pattern.exec(text.replace(/=\r?\n/g, ''))?.[0]
  expect(found, `a link like ${pattern} in the mail`).toBeTruthy()
  return found!
}
