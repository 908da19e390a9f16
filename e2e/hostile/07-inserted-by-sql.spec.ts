// What the database alone says of who belongs to the clinic, and whose key is whose: shown as such, and given nothing.
import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from '@playwright/test'
import { desktop, signInPage, type Device } from '../browsers.ts'
import * as journey from '../journey.ts'
import { up, type TestStack } from '../stack.ts'
import { clinicWorld, signIn, type ClinicWorld } from '../world.ts'
import { Door } from '../door.ts'
import { createVault } from '../../lib/browser/vault-core.ts'
import { memoryStorage } from '../../lib/browser/vault-storage.ts'

let stack: TestStack
let world: ClinicWorld
let device: Device

test.beforeAll(async () => {
  test.setTimeout(400_000)
  stack = await up({ mode: process.env.E2E_DEV ? 'dev' : 'production' })
})
test.afterAll(() => stack?.down())
test.beforeEach(async () => {
  ;[world, device] = await Promise.all([clinicWorld(stack), desktop()])
})
test.afterEach(() => device?.close())

const key = () => randomBytes(32).toString('base64url')

// Defence: verify() in lib/crypto/chain.ts says who is a member; components/staff shows whom it does not name.
test('attack 7: a member, a role and a key inserted by SQL are shown as not vouched for', async () => {
  await stack.sql(
    `INSERT INTO member (clinic_id, email_index, email_sealed, display_name, roles, status, sign_key, dh_key)
     VALUES ($1, $2, $2, 'Eve Intruder', '{practitioner,admin}', 'active', $3, $4)`,
    [world.clinicId, randomBytes(32), key(), key()],
  )
  await stack.sql(`UPDATE member SET roles = '{practitioner}' WHERE id = $1`, [world.desk.memberId])
  await stack.sql(`UPDATE member SET dh_key = $2 WHERE id = $1`, [world.doctor.memberId, key()])
  await signInPage(device.page, stack.baseUrl, world.owner)
  await device.page.goto(`${stack.baseUrl}/admin/staff`)
  await expect(device.page.getByText('3 people listed here are not vouched for')).toBeVisible({ timeout: 30_000 })
  const row = (name: string) =>
    device.page.getByRole('listitem').or(device.page.getByRole('row')).filter({ hasText: name })
  await expect(row('Eve Intruder').getByText('Not vouched for')).toBeVisible()
  await expect(row(world.desk.name).getByText('Roles differ from the signed ones')).toBeVisible()
  await expect(row(world.doctor.name).getByText('Keys swapped: not vouched for')).toBeVisible()
})

// Defence: recipientsOf() in lib/browser/vault-records.ts takes only keys that a record or a member has proved.
test("attack 7: a patient's key inserted or replaced by SQL is given no record", async () => {
  const booked = await world.book({ fields: { name: 'Tam Brill' } })
  const { patientId, keys } = booked.patient.handle
  const [evil, swapped] = [key(), key()]
  await stack.sql(
    `INSERT INTO patient_key (clinic_id, patient_id, sign_key, dh_key, state, vouch) VALUES ($1, $2, $3, $4, 'vouched', $5)`,
    [world.clinicId, patientId, key(), evil, randomBytes(200).toString('base64url')],
  )
  await signInPage(device.page, stack.baseUrl, world.doctor)
  await device.page.goto(`${stack.baseUrl}/encounter/${booked.appointmentId}`)
  await expect(device.page.getByText('A device of this patient is not vouched for')).toBeVisible({ timeout: 30_000 })
  await journey.writeNote(device.page, 'For the true device alone.')
  const readers = await stack.sql<{ key: string }>(
    `SELECT g.recipient_key AS key FROM record_grant g JOIN record r USING (record_id) WHERE r.type = 'note' AND g.recipient_kind = 'patient'`,
  )
  expect(readers.map((row) => row.key)).toEqual([keys.dh])

  await test.step('the booking key itself replaced', async () => {
    await stack.sql(`UPDATE patient_key SET dh_key = $2 WHERE dh_key = $1`, [keys.dh, swapped])
    await device.page.reload()
    await expect(device.page.getByText('2 devices of this patient are not vouched for')).toBeVisible({
      timeout: 30_000,
    })
    await expect(device.page.getByText('No device of the patient can read it yet.')).toBeVisible()
    const [row] = await stack.sql<{ count: string }>(
      `SELECT count(*) FROM record_grant WHERE recipient_key IN ($1, $2)`,
      [evil, swapped],
    )
    expect(row!.count).toBe('0')
  })
})

// Defence: trustPatient() in lib/browser/vault-records.ts, in a browser that never saw this patient before.
test('attack 7: what a device with a mailed code books in the patient’s name is shown apart, as not vouched for', async () => {
  const booked = await world.book({ fields: { name: 'Tam Brill' } })
  const { clinicId, patientId } = booked.patient.handle
  const thief = await world.patient({ name: 'Eve Intruder' })
  thief.handle = await thief.vault.createPatient({ clinicId, patientId, home: 'memory' })
  const [last] = await stack.sql<{ seq: number; hash: string }>(
    `SELECT seq, hash FROM consent_event WHERE patient_id = $1 ORDER BY seq DESC LIMIT 1`,
    [patientId],
  )
  thief.history = { seq: last!.seq + 1, previous: last!.hash }
  await stack.sql(
    `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, 'confirmed')`,
    [thief.handle.keyId, clinicId, patientId, thief.handle.keys.sign, thief.handle.keys.dh],
  )
  const forged = await world.book({ patient: thief, at: 1, answers: { since: 'never was', smoke: false } })
  await signInPage(device.page, stack.baseUrl, world.doctor)
  await device.page.goto(`${stack.baseUrl}/encounter/${forged.appointmentId}`)
  await expect(device.page.getByRole('heading', { level: 1, name: 'Tam Brill' })).toBeVisible({ timeout: 30_000 })
  const apart = device.page.locator('[data-chart="not-vouched"]')
  await expect(apart).toContainText('Not vouched for: do not take this for what the patient said')
  await apart.getByText(/^Form, handed in on/).click()
  await expect(apart.getByText('never was')).toBeVisible()
  await expect(device.page.getByText('never was')).toHaveCount(1)
  await expect(device.page.getByText('The form is not filled in yet.')).toBeVisible()
  await expect(device.page.getByText('A device of this patient is not vouched for')).toBeVisible()
  await journey.writeNote(device.page, 'For the true device alone.')
  const readers = await stack.sql<{ key: string }>(
    `SELECT recipient_key AS key FROM record_grant g JOIN record r USING (record_id)
     WHERE r.patient_id = $1 AND r.type = 'note' AND g.recipient_kind = 'patient'`,
    [patientId],
  )
  expect(readers.map((row) => row.key)).toEqual([booked.patient.handle.keys.dh])
})

// Defence: the successor and signature checks in lib/crypto/chain.ts; without them the forged member would be sealed for.
test('attack 7: a statement inserted into the chain by SQL stops the clients, and nothing is sealed for its member', async () => {
  const { statements } = await world.owner.door.get('access/chain', { clinicId: world.clinicId })
  const last = statements.at(-1)!
  await stack.sql(
    `INSERT INTO chain_statement (clinic_id, seq, previous, hash, body, signer, signature)
     SELECT clinic_id, seq + 1, hash, $2, body, signer, signature FROM chain_statement WHERE clinic_id = $1 AND seq = $3`,
    [world.clinicId, randomUUID(), last.seq],
  )
  await device.page.goto(`${stack.baseUrl}/sign-in`)
  await device.page.getByLabel('E-mail', { exact: false }).first().fill(world.doctor.email)
  await device.page.locator('input[type=password]').first().fill(world.doctor.password)
  await device.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(device.page.getByText(/list of members is not properly signed/)).toBeVisible({ timeout: 40_000 })
  const fresh = { ...world.doctor, door: new Door(stack.baseUrl), vault: createVault(memoryStorage()) }
  await expect(signIn(fresh)).rejects.toMatchObject({ code: expect.stringMatching(/^CHAIN_/) })
  const patient = await world.patient().catch((error: { code?: string }) => error.code)
  expect(patient, 'a patient’s browser refuses it too').toMatch(/^CHAIN_/)
})

// Defence: open() in lib/crypto/record.ts compares row and header; the grant's AAD names the record.
test('attack 8: rows and grants moved by SQL to another patient or record do not open', async () => {
  const [one, two] = [await world.book({ reason: 'first' }), await world.book({ reason: 'second', at: 1 })]
  const of = (booked: typeof one) => booked.patient.handle.patientId
  const view = () => world.doctor.door.get('encounter/open', { appointmentId: two.appointmentId })
  const before = await view()
  expect((await world.doctor.vault.open(before.records, { patientId: of(two) })).every((each) => each.ok)).toBe(true)
  await stack.sql(`UPDATE record SET patient_id = $2, appointment_id = $3 WHERE patient_id = $1 AND type = 'reason'`, [
    ...[of(one), of(two), two.appointmentId],
  ])
  const after = await view()
  const opened = await world.doctor.vault.open(after.records, { patientId: of(two) })
  expect(opened.filter((each) => each.ok).length).toBe(before.records.length)
  for (const each of opened)
    if (each.ok) expect(JSON.stringify(each.value.content)).not.toContain('first')
    else expect(each.code).toBe('BAD_ENVELOPE')

  // The server's own layer: a grant of one patient does not open as another's, and nothing of it is answered.
  await test.step('a grant carried to another patient', async () => {
    await stack.sql(`UPDATE record_grant SET patient_id = $2 WHERE patient_id = $1`, [of(one), of(two)])
    const reply = await world.doctor.door.ask('encounter/open', { appointmentId: two.appointmentId })
    const answered = reply.ok ? reply.value.records : []
    const still = await world.doctor.vault.open(answered, { patientId: of(two) })
    expect(JSON.stringify(still)).not.toContain('first')
    await stack.sql(`DELETE FROM record_grant g USING record r WHERE r.record_id = g.record_id AND r.type = 'reason'`)
  })

  await test.step('one byte of a ciphertext altered is shown as such', async () => {
    await stack.sql(
      `UPDATE record SET ciphertext = set_byte(ciphertext, 5, get_byte(ciphertext, 5) # 1) WHERE patient_id = $1 AND type = 'intake'`,
      [of(two)],
    )
    await signInPage(device.page, stack.baseUrl, world.doctor)
    await device.page.goto(`${stack.baseUrl}/encounter/${two.appointmentId}`)
    await expect(device.page.getByText(/records? (is|are) not shown/)).toBeVisible({ timeout: 30_000 })
  })
})
