// Somebody has left: a colleague who only opens Curtain passes the clinic's records on, and sees what could not be.
import { expect, test } from '@playwright/test'
import { desktop, type Device, signInPage } from './browsers.ts'
import { leave } from './leave.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld, type Staff } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let doctor: Device
let gone: Staff
let away: Staff

test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  // Both before the first leaves: whoever invites hands on the epochs of then.
  gone = await world.join(['practitioner'], 'Dr Gone')
  away = await world.join(['practitioner'], 'Dr Away')
  doctor = await desktop()
})
test.afterAll(async () => {
  await doctor?.close()
  await stack?.down()
})
test.describe.configure({ timeout: 240_000 })

/** Grants to groups by epoch. */
const grantsOf = async (epoch: number) => {
  const [row] = await stack.sql<{ count: number }>(
    `SELECT count(*)::int AS count FROM record_grant WHERE clinic_id = $1 AND recipient_kind = 'group' AND epoch = $2`,
    [world.clinicId, epoch],
  )
  return row!.count
}

test('attack 15: after somebody left, the next colleague’s browser leaves no grant to the key that was taken along', async () => {
  const booked = await world.book({ fields: { name: 'Ines Wolf' } })
  const { appointmentId } = booked
  const before = await grantsOf(1)
  expect(before).toBeGreaterThan(3)
  await leave(stack, world, gone.memberId)

  const { page } = doctor
  await signInPage(page, stack.baseUrl, world.doctor)
  await expect.poll(() => grantsOf(1), { timeout: 60_000 }).toBe(0)
  expect(await grantsOf(2)).toBe(before)
  await page.goto(`${stack.baseUrl}/encounter/${appointmentId}`)
  await expect(page.getByText('Ines Wolf').first()).toBeVisible()
  await expect(page.getByText(/could not be locked anew/)).toHaveCount(0)
})

test('a record that was altered is left as it is, and the shell says so', async () => {
  await stack.sql(
    `UPDATE record SET ciphertext = set_byte(ciphertext, 7, get_byte(ciphertext, 7) # 1) WHERE clinic_id = $1 AND type = 'reason'`,
    [world.clinicId],
  )
  await leave(stack, world, away.memberId)
  const { page } = doctor
  await page.goto(`${stack.baseUrl}/today`)
  await expect(page.getByText('1 record could not be locked anew')).toBeVisible({ timeout: 60_000 })
  await expect.poll(() => grantsOf(2)).toBe(1)
})
