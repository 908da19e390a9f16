// Somebody lost passphrase and kit: the mailed link, their new browser, and a day that goes by.
import { expect, type Page } from '@playwright/test'
import type { TestStack } from './stack.ts'
import type { ClinicWorld, Staff } from './world.ts'

export const NEW = 'maple-harbour-saddle-42'

interface Site {
  baseUrl: string
  mails: (to?: string) => Promise<{ text: string }[]>
}

/** Asks on the page by an address, and answers the link that came to it. */
export async function mailedLink(stack: Site, page: Page, { email }: Staff) {
  const links = async () =>
    (await stack.mails(email)).flatMap(({ text }) => /\S+\/sign-in\/lost#t=\S+/.exec(text)?.[0] ?? [])
  const before = await links()
  await page.goto(`${stack.baseUrl}/sign-in`)
  await page.getByRole('link', { name: 'Passphrase and recovery kit both lost?' }).click()
  await page.getByLabel('E-mail').fill(email)
  await page.getByRole('button', { name: 'Send me the link' }).click()
  await expect(page.getByText('a link is on its way')).toBeVisible()
  let fresh: string | undefined
  await expect
    .poll(async () => (fresh = (await links()).find((link) => !before.includes(link))), { timeout: 30_000 })
    .toBeTruthy()
  return fresh!
}

/** On the link: a passphrase, new keys, and the words as the page shows them. */
export async function newKeys(page: Page, link: string): Promise<string> {
  await page.goto(link)
  await page.getByRole('button', { name: 'Choose my own instead' }).click({ timeout: 30_000 })
  await page.getByLabel('Your own passphrase').fill(NEW)
  await page.getByLabel('Type it once more').fill(NEW)
  await page.getByLabel('I have it written down').check()
  await page.getByRole('button', { name: 'Make my new keys' }).click()
  return shownWords(page)
}

export async function shownWords(page: Page): Promise<string> {
  const words = page.getByRole('list', { name: 'The eight words' }).getByRole('listitem')
  await expect(words).toHaveCount(8, { timeout: 60_000 })
  return (await words.allInnerTexts()).join(' ')
}

/** The one that is open for this member. */
export async function openRequest({ door }: Staff, memberId: string) {
  const { requests } = await door.get('rekey/list', {})
  return requests.find((row) => row.memberId === memberId)!
}

/** The first colleague's word, signed by their own keys at this time. */
async function wordAt(
  { clinicId }: Pick<ClinicWorld, 'clinicId'>,
  first: Staff,
  memberId: string,
  words: string,
  at: Date,
) {
  const { id, keys } = await openRequest(first, memberId)
  const chain = await first.door.get('access/chain', { clinicId })
  const told = { clinicId, chain, memberId, keys, words, at: Math.floor(at.getTime() / 1000) }
  return { id, approval: await first.vault.approveRekey(told) }
}

export async function approveNow(world: Pick<ClinicWorld, 'clinicId'>, first: Staff, memberId: string, words: string) {
  await first.door.get('rekey/approve', await wordAt(world, first, memberId, words, new Date()))
}

/** As if everything up to here had happened 25 hours ago: the first one's word is signed anew, with the time of then. */
export async function aDayPasses(
  stack: Pick<TestStack, 'sql'>,
  world: Pick<ClinicWorld, 'clinicId'>,
  first: Staff,
  memberId: string,
  words: string,
) {
  const then = new Date(Date.now() - 25 * 3_600_000)
  const { id, approval } = await wordAt(world, first, memberId, words, then)
  await stack.sql(`UPDATE rekey_request SET asked_at = $2, approved_at = $2, approval = $3 WHERE id = $1`, [
    id,
    then,
    approval,
  ])
}
