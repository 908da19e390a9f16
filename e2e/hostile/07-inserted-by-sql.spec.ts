// What the database alone says of who belongs to the clinic, and whose key is whose: shown as such, and given nothing.
import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from '@playwright/test'
import { desktop, signInPage, type Device } from '../browsers.ts'
import * as journey from '../journey.ts'
import { up, type TestStack } from '../stack.ts'
import { clinicWorld, signIn, type ClinicWorld } from '../world.ts'
import { Door } from '../door.ts'
import { canary } from './canaries.ts'
import { createVault } from '../../lib/browser/vault-core.ts'
import { memoryStorage } from '../../lib/browser/vault-storage.ts'
import { toB64 } from '../../lib/crypto/bytes.ts'
import { appendStatement, currentMembers, verifyChain } from '../../lib/crypto/chain.ts'
import { generateDeviceKeys } from '../../lib/crypto/keys.ts'

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
  await expect(device.page.getByText('3 people listed here are not vouched for')).toBeVisible()
  const row = (name: string) =>
    device.page.getByRole('listitem').or(device.page.getByRole('row')).filter({ hasText: name })
  await expect(row('Eve Intruder').getByText('Not vouched for')).toBeVisible()
  await expect(row(world.desk.name).getByText('Roles differ from the signed ones')).toBeVisible()
  await expect(row(world.doctor.name).getByText('Keys swapped: not vouched for')).toBeVisible()
})

// Defences: isAltered() in app/(staff)/(in)/admin/staff/invitations.tsx compares rows with what this browser kept; `unlisted` in
// staff.tsx beside it takes members from the chain.
test('attack 7: an invitation altered by SQL is shown as such, and a signed member whose row was hidden is listed', async () => {
  const { page } = device
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/admin/staff`)
  await page.getByRole('button', { name: 'Invite someone' }).click({ timeout: 30_000 })
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name, as patients see it').fill('Kim Rowe')
  await dialog.getByRole('checkbox', { name: 'Practitioner' }).uncheck()
  await dialog.getByRole('checkbox', { name: 'Front desk' }).check()
  await dialog.getByRole('button', { name: 'Make the invitation' }).click()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('button', { name: 'Show link' })).toBeVisible()
  await stack.sql(
    `UPDATE invitation SET display_name = 'Dr Eve', roles = '{practitioner}', groups = '{desk,clinical}' WHERE clinic_id = $1 AND display_name = 'Kim Rowe'`,
    [world.clinicId],
  )
  await stack.sql(`UPDATE member SET status = 'removed' WHERE id = $1`, [world.desk.memberId])
  await page.reload()
  await expect(page.getByText('You invited Kim Rowe as Front desk; the server now says Practitioner')).toBeVisible({
    timeout: 30_000,
  })
  await expect(page.getByText('Dr Eve')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Show link' })).toHaveCount(0)
  await expect(page.getByText('One signed member is not in the database')).toBeVisible()
  const unlisted = page.getByRole('listitem').filter({ hasText: world.desk.memberId })
  await expect(unlisted.getByText('Signed, but not listed')).toBeVisible()
})

test('an administrator who is no practitioner is told at once that they invite none', async () => {
  const admin = await world.join(['admin'], 'Jo Ledger')
  const { page } = device
  await signInPage(page, stack.baseUrl, admin)
  await page.goto(`${stack.baseUrl}/admin/staff`)
  await page.getByRole('button', { name: 'Invite someone' }).click({ timeout: 30_000 })
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByText('Only the clinic’s owner, or an administrator who is a practitioner too')).toBeVisible()
  await expect(dialog.getByRole('checkbox', { name: 'Practitioner' })).toBeDisabled()
  await expect(dialog.getByRole('checkbox', { name: 'Front desk' })).toBeChecked()
  await dialog.getByLabel('Name, as patients see it').fill('Kim Rowe')
  await dialog.getByRole('button', { name: 'Make the invitation' }).click()
  await expect(dialog.getByRole('textbox', { name: 'Invitation link' })).toBeVisible()
})

// Defences: loadPatientKeys() in lib/browser/vault-records.ts tells the page behind which keys somebody stands, and
// recipientsOf() there seals for no other, whatever a page asks for.
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
  await expect(device.page.getByText('A device of this patient is not vouched for')).toBeVisible()
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
  await expect(device.page.getByRole('heading', { level: 1, name: 'Tam Brill' })).toBeVisible()
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

// Defence: `checkSignature` in lib/crypto/chain.ts: in everything else the statement is a good one, and its member would be sealed for.
test('attack 7: a statement inserted into the chain by SQL stops the clients, and nothing is sealed for its member', async () => {
  const { statements } = await world.owner.door.get('access/chain', { clinicId: world.clinicId })
  const chain = await verifyChain(world.clinicId, statements)
  const [owner] = currentMembers(chain).filter(({ memberId }) => memberId === world.owner.memberId)
  const eve = await generateDeviceKeys()
  const entry = {
    ...{ kind: 'member-added' as const, memberId: randomUUID(), keys: eve.public },
    ...{ roles: ['practitioner'], groups: ['clinical' as const, 'desk' as const] },
  }
  // In the owner's name, and signed by Eve.
  const forger = { key: eve.sign.privateKey, public: owner!.keys.sign }
  const forged = await appendStatement(chain, world.clinicId, entry, forger)
  await stack.sql(
    `INSERT INTO chain_statement (clinic_id, seq, previous, hash, body, signer, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [world.clinicId, forged.seq, toB64(chain.head), randomUUID(), forged.body, forged.signer, forged.signature],
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

// Defences, step by step: open() in lib/crypto/record.ts compares a row's place with its header; openOuter() in lib/server/keystore.ts
// is told whose grant it opens, of which record; a grant's own signature and AAD say so once more; the author signs
// each byte.
test('attack 8: rows and grants moved by SQL to another patient do not open, and the chart says so', async () => {
  const [first, second] = [canary('first'), canary('second')]
  const one = await world.book({ fields: { name: 'Tam Brill' }, reason: first })
  const two = await world.book({ fields: { name: 'Vera Quist' }, reason: second, at: 1 })
  const of = ({ patient }: typeof one) => patient.handle.patientId
  const reasonsIn = async ({ appointmentId }: typeof one) => {
    const { records } = await world.doctor.door.get('encounter/open', { appointmentId })
    return records.filter(({ meta }) => meta.type === 'reason')
  }
  const [mine, theirs] = [(await reasonsIn(two))[0]!, (await reasonsIn(one))[0]!]
  const { recordId } = theirs.meta
  const moved = async () => (await reasonsIn(two)).find(({ meta }) => meta.recordId === recordId)!
  const elsewhere = 'Reason: This is damaged or belongs elsewhere, and is not shown.'
  const { page } = device
  /** The second patient's chart: their own reason is in it, the first one's nowhere, and each record left out is named. */
  const chartLeavesOut = async (refused: string[]) => {
    await page.goto(`${stack.baseUrl}/encounter/${two.appointmentId}`)
    await expect(page.getByRole('heading', { level: 1, name: 'Vera Quist' })).toBeVisible()
    await expect(page.getByText(second).first()).toBeVisible()
    await expect(page.getByText(/records? (is|are) not shown/)).toHaveCount(refused.length)
    expect(
      await page
        .locator('li')
        .filter({ hasText: /^(Reason|Form): / })
        .allInnerTexts(),
    ).toEqual(refused)
    expect(await page.content()).not.toContain(first)
  }
  await signInPage(page, stack.baseUrl, world.doctor)
  await chartLeavesOut([])

  await test.step('a record', async () => {
    await stack.sql(`UPDATE record SET patient_id = $2, appointment_id = $3 WHERE record_id = $1`, [
      ...[recordId, of(two), two.appointmentId],
    ])
    expect((await moved()).grants.length).toBeGreaterThan(0)
    await chartLeavesOut([elsewhere])
  })

  await test.step('a record and its grants: the server’s own layer does not open as another patient’s', async () => {
    await stack.sql(`UPDATE record_grant SET patient_id = $2 WHERE record_id = $1`, [recordId, of(two)])
    expect((await moved()).grants).toEqual([])
    await chartLeavesOut([elsewhere])
  })

  await test.step('a grant alone, where the server’s own layer is in the same hands', async () => {
    const whole = await world.doctor.vault.open([mine, { ...mine, grants: theirs.grants }], { patientId: of(two) })
    expect(whole).toMatchObject([{ ok: true }, { ok: false, code: 'BAD_SIGNATURE' }])
  })

  await test.step('put back, it is shown where it belongs; one byte altered, it is not', async () => {
    await stack.sql(`UPDATE record SET patient_id = $2, appointment_id = $3 WHERE record_id = $1`, [
      ...[recordId, of(one), one.appointmentId],
    ])
    await stack.sql(`UPDATE record_grant SET patient_id = $2 WHERE record_id = $1`, [recordId, of(one)])
    await stack.sql(
      `UPDATE record SET ciphertext = set_byte(ciphertext, 5, get_byte(ciphertext, 5) # 1) WHERE patient_id = $1 AND type = 'intake'`,
      [of(two)],
    )
    await chartLeavesOut(['Form: The signature is not valid: this was changed, or was not written by who it says.'])
    await page.goto(`${stack.baseUrl}/encounter/${one.appointmentId}`)
    await expect(page.getByText(first).first()).toBeVisible()
  })
})
