// Somebody has left: a colleague who only opens Curtain passes the clinic's records on, and sees what could not be.
import { expect, test } from '@playwright/test'
import { desktop, type Device, signInPage } from './browsers.ts'
import { leave } from './leave.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld, sealInput } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let doctor: Device

test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
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
  const note = { ...sealInput(booked.patient.handle, 'note', { text: 'kept' }), patients: [] }
  const { appointmentId } = booked
  await world.doctor.door.get('encounter/save-record', {
    appointmentId,
    record: (await world.doctor.vault.seal(note)) as never,
  })
  const { memberId } = await world.join(['practitioner'], 'Dr Gone')
  const before = await grantsOf(1)
  expect(before).toBeGreaterThan(3)
  await leave(stack, world, memberId)

  const { page } = doctor
  await signInPage(page, stack.baseUrl, world.doctor)
  await expect.poll(() => grantsOf(1), { timeout: 60_000 }).toBe(0)
  expect(await grantsOf(2)).toBe(before)
  await page.goto(`${stack.baseUrl}/encounter/${appointmentId}`)
  await expect(page.getByText('Ines Wolf').first()).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText(/could not be locked anew/)).toHaveCount(0)
})

test('a record that was altered is left as it is, and the shell says so', async () => {
  await stack.sql(
    `UPDATE record SET signature = set_byte(signature, 7, get_byte(signature, 7) # 1) WHERE clinic_id = $1 AND type = 'note'`,
    [world.clinicId],
  )
  const { memberId } = await world.join(['practitioner'], 'Dr Away')
  await leave(stack, world, memberId)
  const { page } = doctor
  await page.goto(`${stack.baseUrl}/today`)
  await expect(page.getByText('1 record could not be locked anew')).toBeVisible({ timeout: 60_000 })
  expect(await grantsOf(2)).toBe(1)
})
