// The server in the middle of the handshake: whatever it changes, the browsers notice.
import { expect, test, type Page } from '@playwright/test'
import { createVault } from '../../lib/browser/vault-core.ts'
import { memoryStorage } from '../../lib/browser/vault-storage.ts'
import { commitTo, newEphemeral } from '../../lib/crypto/sas.ts'
import { toB64 } from '../../lib/crypto/bytes.ts'
import type { CallMessage, Knock } from '../../lib/call/messages.ts'
import {
  callSite,
  enterWaitingRoom,
  makeWorld,
  person,
  signIn,
  type Appointment,
  type Person,
  type World,
} from '../call-world.ts'

let site: Awaited<ReturnType<typeof callSite>>
let world: World
let doctor: Person
let phone: Person
test.beforeAll(async () => {
  site = await callSite()
  world = await makeWorld(site)
})
test.afterAll(() => site?.down())
test.beforeEach(async () => {
  ;[doctor, phone] = await Promise.all([person('desktop'), person('phone')])
})
test.afterEach(() => Promise.all([doctor?.close(), phone?.close()]))

/** The hostile server's hands on what one browser says. Null keeps the message back. */
async function between(page: Page, change: (message: CallMessage) => CallMessage | null | Promise<CallMessage | null>) {
  await page.route('**/api/call/send', async (route) => {
    const { door, message } = route.request().postDataJSON() as { door: string; message: CallMessage }
    const changed = await change(message)
    if (!changed) return route.fulfill({ json: { ok: true, value: { id: 1 } } })
    await route.continue({ postData: JSON.stringify({ door, message: changed }) })
  })
}
async function atTheDoor(appointment: Appointment) {
  await signIn(doctor.page, site.baseUrl, world)
  await enterWaitingRoom(phone.page, appointment.callLink)
  await doctor.page.goto(`${site.baseUrl}/encounter/${appointment.id}`)
  await doctor.page.getByRole('button', { name: 'Admit', exact: true }).waitFor()
}
const stopped = (page: Page) => page.locator('[data-call="stopped"]')

// Defence: `checkReveal` in lib/crypto/sas.ts, and the signature check before it in lib/browser/vault-handshake.ts `takeReveal`.
test('attack 6: an ephemeral key swapped in transit ends the call with a clear message', async () => {
  const appointment = await world.appointment()
  await between(doctor.page, async (message) => {
    if (message.kind !== 'reveal') return message
    const { reveal } = await newEphemeral('practitioner', appointment.id)
    return { ...message, ephemeral: toB64(reveal.ephemeral), random: toB64(reveal.random) }
  })
  await atTheDoor(appointment)
  await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
  await expect(stopped(phone.page)).toBeVisible()
  expect(['BAD_SIGNATURE', 'BAD_COMMITMENT']).toContain(await stopped(phone.page).getAttribute('data-code'))
  await expect(phone.page.getByText('The call was stopped for your safety')).toBeVisible()
  await expect(phone.page.locator('[data-call="safety-code"]')).toHaveCount(0)
  await expect(phone.page.getByRole('button', { name: 'Join the call' })).toHaveCount(0)
})

// Defence: the signature over the commitment in `takeAdmit`: a commitment of the server's own is nobody's.
test('attack 6: a commitment swapped in transit ends it too', async () => {
  const appointment = await world.appointment()
  const { reveal } = await newEphemeral('practitioner', appointment.id)
  const commitment = toB64(await commitTo(reveal))
  await between(doctor.page, (message) => (message.kind === 'admit' ? { ...message, commitment } : message))
  await atTheDoor(appointment)
  await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
  await expect(stopped(phone.page)).toHaveAttribute('data-code', 'BAD_SIGNATURE')
})

// Defence: `decideRelay` in lib/call/rules.ts on the server; `takeReveal` in the vault, which reveals nothing before.
test('attack 6: no ephemeral key is visible before both commitments are in', async () => {
  const appointment = await world.appointment()
  // The patient's commitment is kept back; its reveal is let through.
  await between(phone.page, (message) => (message.kind === 'commit' ? null : message))
  const refused: number[] = []
  phone.page.on('response', (response) => {
    if (response.url().endsWith('/api/call/send') && response.status() >= 400) refused.push(response.status())
  })
  await atTheDoor(appointment)
  await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
  await expect.poll(() => refused).toEqual([409])
  // The practitioner's page goes on, and says nothing more.
  await doctor.page.waitForResponse(/\/api\/call\/beat$/)
  const rows = await site.sql<{ kind: string }>(
    `SELECT m.kind FROM call_message m JOIN call c ON c.id = m.call_id WHERE c.appointment_id = $1 ORDER BY m.id`,
    [appointment.id],
  )
  expect(rows.map(({ kind }) => kind)).toEqual(['admit'])
})

// Defence: `requirePractitioner` in lib/browser/vault-call.ts: the verified chain, not the server, says who is one.
test('attack 6: a false practitioner whom the server puts in is refused by the patient’s browser', async () => {
  const appointment = await world.appointment()
  await enterWaitingRoom(phone.page, appointment.callLink)
  const [device] = await site.sql<{ id: string; call_id: string; clinic_id: string; knock: string }>(
    `SELECT p.* FROM call_participant p JOIN call c ON c.id = p.call_id WHERE c.appointment_id = $1`,
    [appointment.id],
  )
  const knock = JSON.parse(device!.knock) as Knock
  // A whole clinic of the operator's own making: its practitioner signs a perfect admission.
  const impostor = await makeWorld(site)
  const vault = await unlocked(impostor)
  globalThis.location ??= { origin: site.baseUrl } as Location
  const { send } = await vault.callAdmit({
    clinicId: impostor.clinicId,
    callId: device!.call_id,
    patientId: appointment.id,
    knock,
    above: 0,
  })
  const admit = send[0] as Extract<CallMessage, { kind: 'admit' }>
  const [false_] = await site.sql<{ id: string }>(
    `INSERT INTO call_participant (clinic_id, call_id, role, member_id, sign_key, dh_key, confirmed, state)
     VALUES ($1, $2, 'practitioner', $3, $4, $5, true, 'admitted') RETURNING id`,
    [device!.clinic_id, device!.call_id, world.memberId, admit.practitioner.sign, admit.practitioner.dh],
  )
  await site.sql(`UPDATE member SET sign_key = $2, dh_key = $3 WHERE id = $1`, [
    world.memberId,
    admit.practitioner.sign,
    admit.practitioner.dh,
  ])
  await site.sql(`UPDATE call SET epoch = 1, state = 'live' WHERE id = $1`, [device!.call_id])
  await site.sql(`UPDATE call_participant SET state = 'admitted', epoch = 1 WHERE id = $1`, [device!.id])
  await site.sql(
    `INSERT INTO call_message (clinic_id, call_id, epoch, from_id, kind, body) VALUES ($1, $2, 1, $3, 'admit', $4)`,
    [device!.clinic_id, device!.call_id, false_!.id, JSON.stringify(admit)],
  )
  await site.sql(`SELECT pg_notify('curtain', $1)`, [`call:${device!.call_id}`])
  await expect(stopped(phone.page)).toBeVisible()
  expect(['NOT_VOUCHED', 'CHAIN_SHORTER']).toContain(await stopped(phone.page).getAttribute('data-code'))
  const said = await site.sql(`SELECT 1 FROM call_message WHERE call_id = $1 AND kind <> 'admit'`, [device!.call_id])
  expect(said).toEqual([])
})

/** The impostor's own account, unlocked outside of any browser. */
async function unlocked(impostor: World) {
  const { ask } = await import('../call-world.ts')
  const vault = createVault(memoryStorage())
  const { request } = await vault.signInStart(impostor.password)
  const started = await ask<{ response: string; state: string }>(site.baseUrl, 'access/sign-in-start', {
    email: impostor.email,
    request,
  })
  await vault.signInFinish({ response: started.response })
  const [member] = await site.sql<{ wrapped_account: string }>(`SELECT wrapped_account FROM member WHERE id = $1`, [
    impostor.memberId,
  ])
  const statements = await site.sql<{ seq: number; body: string; signer: string; signature: string }>(
    `SELECT seq, body, signer, signature FROM chain_statement WHERE clinic_id = $1 ORDER BY seq`,
    [impostor.clinicId],
  )
  const grants = await site.sql<{ group: 'desk' | 'clinical'; epoch: number; to_key: string; enc: string; ct: string }>(
    `SELECT "group", epoch, to_key, enc, ct FROM epoch_grant WHERE clinic_id = $1`,
    [impostor.clinicId],
  )
  await vault.unlock({
    clinicId: impostor.clinicId,
    memberId: impostor.memberId,
    wrappedAccount: member!.wrapped_account,
    epochGrants: grants.map(({ to_key, ...grant }) => ({ ...grant, to: to_key })),
    chain: { clinicId: impostor.clinicId, statements },
  })
  return vault
}
