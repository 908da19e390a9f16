// Somebody has left, and kept a laptop with an open tab and a copy of its whole profile; whoever runs the server is on their side.
import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type BrowserContext, chromium, expect, test } from '@playwright/test'
import type { NoteContent } from '../../lib/encounter/rules.ts'
import { desktop, type Device, signInPage } from '../browsers.ts'
import { chromiumArgs } from '../playwright.config.ts'
import { up, type TestStack } from '../stack.ts'
import { type Booked, type ClinicWorld, clinicWorld, type Staff } from '../world.ts'

const BEFORE = 'Dizzy on the stairs since May'
const AFTER = 'The biopsy was benign'

let stack: TestStack
let world: ClinicWorld
const open: { close: () => Promise<unknown> }[] = []
const dir = mkdtempSync(join(tmpdir(), 'curtain-laptop-'))

test.describe.configure({ timeout: 480_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
})
test.afterEach(() => Promise.all(open.splice(0).map((each) => each.close())))
test.afterAll(async () => {
  await stack?.down()
  rmSync(dir, { recursive: true, force: true })
})

const own = <T extends { close: () => Promise<unknown> }>(made: T): T => {
  open.push(made)
  return made
}

/** A browser that keeps its profile in this folder, as a person's does. */
async function laptop(profile: string): Promise<BrowserContext> {
  const executablePath = process.env.CHROMIUM_PATH || '/usr/bin/chromium'
  const options = { executablePath, args: chromiumArgs, locale: 'en-GB', timezoneId: 'Europe/Paris' }
  return own(await chromium.launchPersistentContext(join(dir, profile), options))
}
/** The same laptop again: every file of the profile, the session's cookie, and what makes a tab one that was only reloaded. */
async function copyOf(profile: string, cookies: Parameters<BrowserContext['addCookies']>[0], sessionId: string) {
  const copy = randomUUID()
  // Its cache of the web's files comes and goes while the browser runs, and holds no key.
  const filter = (file: string) => !/^(Singleton|LOCK$)|Cache$/.test(basename(file))
  cpSync(join(dir, profile), join(dir, copy), { recursive: true, filter })
  const context = await laptop(copy)
  await context.addCookies(cookies)
  await context.addInitScript((session) => {
    sessionStorage.setItem('curtain.staff-tab', session)
    localStorage.setItem('curtain.staff-touched', String(Date.now()))
  }, sessionId)
  return context.newPage()
}

/** A note as this member's own keys seal it, to the chain that their vault knows. */
async function sealNote({ vault, memberId, name }: Staff, booked: Booked, text: string) {
  const { appointmentId } = booked
  const { patientId } = booked.patient.handle
  const author = { memberId, name, title: 'GP' }
  const content: NoteContent = { text, writtenAt: new Date().toISOString(), author, appointmentId, shared: false }
  const { grants, ...record } = await vault.seal({
    ...{ clinicId: world.clinicId, patientId, recordId: randomUUID(), revision: 1, schema: 1, type: 'note', content },
    ...{ managing: 'clinical', groups: ['clinical'] },
  })
  return { appointmentId, record: { ...record, grants: grants as never } }
}
async function readAgain({ door, vault }: Staff, booked: Booked) {
  const { clinicId, statements, epochGrants } = await door.get('access/me', {})
  await vault.refresh({ chain: { clinicId, statements }, epochGrants })
  const { records } = await door.get('encounter/open', { appointmentId: booked.appointmentId })
  return vault.open(records, { patientId: booked.patient.handle.patientId })
}

/** What the operator gives back by SQL: the member's row and sessions as they were. */
async function hold(member: Staff) {
  const [row] = await stack.sql<{ row: unknown }>('SELECT to_jsonb(m) AS row FROM member m WHERE id = $1', [
    member.memberId,
  ])
  return async () => {
    await stack.sql(
      `UPDATE member SET (email_index, email_sealed, roles, status, opaque_record, wrapped_account) =
         (SELECT r.email_index, r.email_sealed, r.roles, r.status, r.opaque_record, r.wrapped_account
          FROM jsonb_populate_record(NULL::member, $2) r) WHERE id = $1`,
      [member.memberId, JSON.stringify(row!.row)],
    )
    await stack.sql('UPDATE member_session SET revoked_at = NULL WHERE member_id = $1', [member.memberId])
  }
}
async function removeByPage(owner: Device, name: string) {
  const { page } = owner
  await signInPage(page, stack.baseUrl, world.owner)
  await page.goto(`${stack.baseUrl}/admin/staff`)
  await page.getByRole('button', { name: `Edit the profile of ${name}` }).click({ timeout: 30_000 })
  await page.getByRole('button', { name: `Remove ${name} …` }).click()
  await page.getByRole('button', { name: `Remove ${name} now` }).click()
  await expect(page.getByText(`${name} no longer belongs to the clinic. Its keys are new.`)).toBeVisible({
    timeout: 40_000,
  })
}

// Defences: leave() in lib/crypto/chain.ts makes the epochs of whoever left stale, so that nothing is sealed to what they hold;
// isStale() in lib/record/epochs.ts takes nothing of theirs; the session ends with the removal (lib/access/flow-members.ts). What their
// keys open of every row, with the list of members as it was then: lib/access/removal.test.ts.
test('attack 15: a kept laptop, its open tab and a copy of its vault open nothing that was written after, and write nothing', async () => {
  const former = await world.join(['practitioner'], 'Dr Gone')
  const booked = await world.book({ reason: BEFORE, fields: { name: 'Ravi Chandran' } })
  const chart = `${stack.baseUrl}/encounter/${booked.appointmentId}`

  const kept = await laptop('laptop')
  const tab = await kept.newPage()
  await signInPage(tab, stack.baseUrl, former)
  await tab.goto(chart)
  await expect(tab.getByText(BEFORE)).toBeVisible({ timeout: 30_000 })
  const cookies = await kept.cookies()
  const sessionId = await tab.evaluate(() => sessionStorage.getItem('curtain.staff-tab')!)

  await test.step('the copy is a whole one: while its owner belongs to the clinic, it opens the chart without a passphrase', async () => {
    const page = await copyOf('laptop', cookies, sessionId)
    await page.goto(chart)
    await expect(page.getByText(BEFORE)).toBeVisible({ timeout: 30_000 })
    await page.context().close()
  })
  await readAgain(former, booked)
  const giveBack = await hold(former)

  await test.step('removed, the open tab goes dark, and the copy is asked who it is', async () => {
    await removeByPage(own(await desktop()), former.name)
    await expect(tab).toHaveURL(/\/sign-in/, { timeout: 30_000 })
    await expect(tab.getByText(BEFORE)).toHaveCount(0)
    const page = await copyOf('laptop', cookies, sessionId)
    await page.goto(chart)
    await expect(page).toHaveURL(/\/sign-in/)
    await page.context().close()
  })

  await readAgain(world.doctor, booked)
  await world.doctor.door.get('encounter/save-record', await sealNote(world.doctor, booked, AFTER))
  const doctor = own(await desktop())
  await signInPage(doctor.page, stack.baseUrl, world.doctor)
  await doctor.page.goto(chart)
  await expect(doctor.page.getByText(AFTER)).toBeVisible({ timeout: 30_000 })
  await doctor.close()

  // Sealed by the keys and the chain that were theirs, as a program of their own would.
  const forged = await sealNote(former, booked, 'Written by somebody who had left')
  const notes = () => stack.sql(`SELECT 1 FROM record WHERE clinic_id = $1 AND type = 'note'`, [world.clinicId])
  expect(await former.door.ask('encounter/save-record', forged)).toMatchObject({ ok: false, code: 'SIGN_IN_FIRST' })

  await test.step('let in again by SQL, the copy does not open: the clinic’s members say that its owner left', async () => {
    await giveBack()
    const page = await copyOf('laptop', cookies, sessionId)
    await page.goto(chart)
    await expect(page.getByText('Locked, ')).toBeVisible({ timeout: 30_000 })
    await expect(page.getByText(AFTER)).toHaveCount(0)
    await page.context().close()
    expect(await former.door.ask('encounter/save-record', forged)).toMatchObject({ ok: false, code: 'STALE_EPOCH' })
    expect(await world.doctor.door.ask('encounter/save-record', forged)).toMatchObject({ ok: false })
    expect(await notes()).toHaveLength(1)
  })
})
