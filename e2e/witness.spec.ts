// A live witness beside the clinic's server, and hands on the database: whoever was never here before is told all the same.
import { expect, test, type Page } from '@playwright/test'
import { desktop, phone, type Device } from './browsers.ts'
import { leave } from './leave.ts'
import { look } from './page-checks.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type ClinicWorld } from './world.ts'
import { fromB64 } from '../lib/crypto/bytes.ts'
import { checkHead } from '../lib/crypto/witness.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []

test.describe.configure({ timeout: 240_000 })
test.beforeAll(async () => {
  test.setTimeout(400_000)
  stack = await up({ witnessSeconds: 1 })
})
test.afterAll(() => stack?.down())
test.afterEach(() => Promise.all(open.splice(0).map((device) => device.close())))

const own = async (made: Promise<Device>): Promise<Page> => {
  const device = await made
  open.push(device)
  return device.page
}

/** Until the witness signed for every statement of this clinic's members; it watches from the first time that somebody asks. */
async function witnessed(): Promise<number> {
  const { WITNESS_URL, WITNESS_KEY } = stack.env
  const length = await statements()
  const seen = async () => {
    const { heads } = (await (await fetch(`${WITNESS_URL}/heads/${world.clinicId}`)).json()) as { heads: string[] }
    const read = await Promise.all(heads.map((head) => checkHead(fromB64(WITNESS_KEY!, 32), fromB64(head))))
    return read.find((head) => head.kind === 'members')?.length
  }
  await expect.poll(seen, { timeout: 30_000 }).toBe(length)
  return length
}
async function statements(): Promise<number> {
  const [row] = await stack.sql<{ n: number }>('SELECT count(*)::int AS n FROM chain_statement WHERE clinic_id = $1', [
    world.clinicId,
  ])
  return row!.n
}

/** A clinic that somebody left; then the server's hands, that would have them back. */
async function hideRemoval() {
  world = await clinicWorld(stack)
  const kim = await world.join(['practitioner'], 'Kim Rowe')
  const before = await statements()
  await leave(stack, world, kim.memberId)
  expect(await witnessed()).toBeGreaterThan(before)
  await stack.sql('DELETE FROM chain_statement WHERE clinic_id = $1 AND seq >= $2', [world.clinicId, before])
}

// Defence: compareWitness() in holdToWitness() (lib/browser/staff-session.ts), and in lib/browser/vault-witness.ts its last lines.
test('attack 11: a chain cut back by SQL is refused by a receptionist’s browser that was never here', async () => {
  await hideRemoval()
  const page = await own(desktop())
  await page.goto(`${stack.baseUrl}/sign-in`)
  await page.getByLabel('E-mail').fill(world.desk.email)
  await page.locator('input[type=password]').fill(world.desk.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { name: 'Part of the clinic’s list of members is missing' })).toBeVisible({
    timeout: 40_000,
  })
  await expect(page.getByText('that somebody was removed, for example')).toBeVisible()
  await expect(page.getByText('Call the clinic’s owner, on a number that you know already')).toBeVisible()
  await look(page, 'witness-refused')
})

// Defence: compareWitness() in loadChain() of lib/browser/booking-device.ts.
test('attack 11: a chain cut back by SQL is refused by the browser of a patient who is here for the first time', async () => {
  await hideRemoval()
  const page = await own(phone())
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/api/booking/book')) sent.push(request.url())
  })
  await page.goto(world.bookingUrl)
  await page.getByRole('link', { name: `Choose a time: ${world.services.free.name}` }).click()
  await page.locator('a[href*="slot="]').first().click()
  await page.getByRole('button', { name: 'Continue with this time' }).click()
  await expect(page.getByText('or by the witness that watches over the clinic’s list of members')).toBeVisible({
    timeout: 30_000,
  })
  await expect(page.getByLabel('Full name')).toHaveCount(0)
  expect(sent).toEqual([])
})
