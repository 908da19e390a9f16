// The last resort: a code by e-mail, by the appointment's link, long before and after its call.
import { beforeAll, describe, expect, test } from 'vitest'
import type { PatientActor } from '../access/rules.ts'
import { at, bookAs, testDevice, type TestDevice } from '../booking/testing.ts'
import { codeOf } from '../call/flow-codes.ts'
import { toB64 } from '../crypto/bytes.ts'
import { sign } from '../crypto/sign.ts'
import { clinicWorld } from '../payment/testing.ts'
import { listRecords } from '../record/store.ts'
import { env } from '../server/env.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { exportChart, loadChart } from './flow.ts'
import { confirmDevice, sendCode } from './flow-code.ts'
import { listBehind, listDevices, listLinks } from './flow-devices.ts'
import { confirmFields, confirmPurpose } from './rules.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
beforeAll(async () => {
  world = await clinicWorld(admin)
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0 WHERE id = $1`, [world.serviceId])
})
const anyone = { kind: 'public' } as const
const actorOf = ({ patientId, keyId }: TestDevice): PatientActor => ({
  ...{ kind: 'patient' as const, clinicId: world.clinicId },
  ...{ patientId, keyId },
})

/** A booked patient with two appointments, and a browser that has the link of the second. */
async function linked() {
  const own = await testDevice()
  const [other, booked] = [await bookAs(world, own), await bookAs(world, own)]
  expect([other.ok, booked.ok]).toEqual([true, true])
  const device = await testDevice(own.patientId)
  return { own, device, other: other.appointmentId, appointmentId: booked.appointmentId, secret: booked.linkSecret }
}
type Linked = Awaited<ReturnType<typeof linked>>
const ask = ({ appointmentId, secret }: Linked, { keyId, keys }: TestDevice) =>
  sendCode(anyone, { appointmentId, secret, keyId, keys }, at())
async function newestCode({ appointmentId }: Linked, { keys }: TestDevice): Promise<string> {
  const [row] = await admin<{ id: string }>(
    'SELECT id FROM email_code WHERE appointment_id = $1 AND sign_key = $2 ORDER BY expires_at DESC LIMIT 1',
    [appointmentId, keys.sign],
  )
  return codeOf(row!.id)
}
async function confirm(
  { appointmentId, secret }: Linked,
  { keyId, keys, privateKey }: TestDevice,
  code: string,
  more: { now?: Date; signer?: CryptoKey } = {},
) {
  const fields = confirmFields(env().APP_ORIGIN, { appointmentId, keyId, keys, code })
  const proof = toB64(await sign(more.signer ?? privateKey, confirmPurpose, fields))
  const ctx = { ...at(more.now), userAgent: 'Mozilla/5.0 (X11; Linux) Firefox/150.0' }
  return confirmDevice(anyone, { appointmentId, secret, keyId, keys, code, proof }, ctx)
}
const stateOf = async ({ keys }: TestDevice) =>
  (await admin<{ state: string }>('SELECT state FROM patient_key WHERE sign_key = $1', [keys.sign]))[0]?.state ?? null

test('days before the call a device becomes one that may act, and is told of the appointment whose link it has', async () => {
  const world = await linked()
  const { device, appointmentId } = world
  expect(await ask(world, device)).toEqual({ ok: true, value: { minutes: 10 } })
  expect(await stateOf(device)).toBe(null)
  expect(await confirm(world, device, await newestCode(world, device))).toEqual({ ok: true, value: { done: true } })
  const [row] = await admin('SELECT state, name FROM patient_key WHERE sign_key = $1', [device.keys.sign])
  expect(row).toEqual({ state: 'confirmed', name: 'Firefox · Linux' })
  const chart = await loadChart(actorOf(device), {}, at())
  expect(chart.ok && chart.value.byCode).toBe(true)
  expect(chart.ok && chart.value.appointments.map(({ id }) => id)).toEqual([appointmentId])
  // Asked again it is known.
  expect(await ask(world, device)).toEqual({ ok: false, code: 'WRONG_STATE' })
})

// Defences: asOwn (flow-devices.ts), and that no door grants to a key because of its state. Vaults: vault-recognise.test.ts.
test('attack 14: a code by e-mail alone gets no record, no grant, no other device and no other link from any door', async () => {
  const world_ = await linked()
  const { device } = world_
  expect((await ask(world_, device)).ok).toBe(true)
  expect((await confirm(world_, device, await newestCode(world_, device))).ok).toBe(true)
  for (const read of [loadChart, exportChart]) {
    const chart = await read(actorOf(device), {}, at())
    expect(chart.ok && [chart.value.records, chart.value.keys]).toEqual([[], []])
  }
  expect(await inClinic(world.clinicId, (tx) => listRecords(tx, actorOf(device), { history: true }))).toEqual([])
  for (const door of [listDevices, listBehind])
    expect(await door(actorOf(device))).toEqual({ ok: false, code: 'NOT_CONFIRMED' })
  expect(await listLinks(actorOf(device), {}, at())).toEqual({ ok: false, code: 'NOT_CONFIRMED' })
  expect(await admin('SELECT 1 FROM record_grant WHERE recipient_key = $1', [device.keys.dh])).toEqual([])
})

describe('the code', () => {
  // Defence: decideCode, and `keepRefused` in confirmDevice.
  test('attack 4: is gone after five wrong tries, also when they come at once', async () => {
    const world = await linked()
    await ask(world, world.device)
    const code = await newestCode(world, world.device)
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0')
    const tries = await Promise.all(Array.from({ length: 8 }, () => confirm(world, world.device, wrong)))
    expect(tries.filter((answer) => !answer.ok && answer.code === 'CODE_WRONG')).toHaveLength(5)
    expect(await confirm(world, world.device, code)).toEqual({ ok: false, code: 'CODE_EXPIRED' })
    expect(await stateOf(world.device)).toBe(null)
  })

  test('is of one device, ten minutes, and whoever has the key', async () => {
    const world = await linked()
    await ask(world, world.device)
    const code = await newestCode(world, world.device)
    const other = await testDevice(world.own.patientId)
    expect(await confirm(world, other, code)).toEqual({ ok: false, code: 'CODE_EXPIRED' })
    const refused = await confirm(world, world.device, code, { signer: other.privateKey })
    expect(refused).toEqual({ ok: false, code: 'BAD_PROOF' })
    const late = new Date(Date.now() + 10 * 60_000 + 1)
    expect(await confirm(world, world.device, code, { now: late })).toEqual({ ok: false, code: 'CODE_EXPIRED' })
    expect((await confirm(world, world.device, code)).ok).toBe(true)
  })

  test('comes to nobody without the link, five times in half an hour at the most, and to no removed device', async () => {
    const world = await linked()
    const stranger = { ...world, secret: 'x'.repeat(22) }
    expect(await ask(stranger, world.device)).toEqual({ ok: false, code: 'NOT_FOUND' })
    await admin(`UPDATE patient_key SET state = 'revoked', revoked_at = now() WHERE sign_key = $1`, [
      world.own.keys.sign,
    ])
    expect(await ask(world, world.own)).toEqual({ ok: false, code: 'NOT_ALLOWED' })
    const factor = env().RATE_LIMIT_FACTOR
    for (let sent = 0; sent < 5 * factor; sent++) expect((await ask(world, await testDevice())).ok).toBe(true)
    expect(await ask(world, await testDevice())).toEqual({ ok: false, code: 'TOO_MANY' })
  })

  // Defence: `answered` in listCameTo: a code that was only overtaken says nothing.
  test('attack 4: asking twice at another appointment tells the device nothing of it', async () => {
    const world = await linked()
    const { device, own } = world
    await ask(world, device)
    const more = await bookAs(worldIds(), own)
    const second = { ...world, appointmentId: more.appointmentId, secret: more.linkSecret }
    await ask(second, device)
    await ask(second, device)
    expect((await confirm(world, device, await newestCode(world, device))).ok).toBe(true)
    const chart = await loadChart(actorOf(device), {}, at())
    expect(chart.ok && chart.value.appointments.map(({ id }) => id)).toEqual([world.appointmentId])
  })
})
const worldIds = () => ({ clinicId: world.clinicId, serviceId: world.serviceId })
