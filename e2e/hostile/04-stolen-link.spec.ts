// A link, a ticket or a proof in the wrong hands gets as far as a stranger at the door.
import { expect, test } from '@playwright/test'
import { decodeJwt } from 'jose'
import { createVault } from '../../lib/browser/vault-core.ts'
import { memoryStorage } from '../../lib/browser/vault-storage.ts'
import { toB64 } from '../../lib/crypto/bytes.ts'
import { generateDeviceKeys } from '../../lib/crypto/keys.ts'
import { sign } from '../../lib/crypto/sign.ts'
import { signedFields, type Knock } from '../../lib/call/messages.ts'
import {
  addPatient,
  ask,
  callSite,
  enterWaitingRoom,
  knockOn,
  makeWorld,
  person,
  signIn,
  type Appointment,
  type Person,
  type World,
} from '../call-world.ts'
import { clinicWorld } from '../world.ts'
import { canary, encodingsOf, hitsIn } from './canaries.ts'

let site: Awaited<ReturnType<typeof callSite>>
let world: World
test.beforeAll(async () => {
  site = await callSite()
  world = await makeWorld(site)
})
test.afterAll(() => site?.down())

/** A device as an attacker would script one: real keys, and any proof they like to sign with them. */
async function device() {
  const keys = await generateDeviceKeys()
  const names = { sign: toB64(keys.public.sign), dh: toB64(keys.public.dh) }
  const { createHash } = await import('node:crypto')
  return {
    keyId: crypto.randomUUID(),
    keys: names,
    async knock(callId: string, ticket: string, nonce: string, over: Partial<Knock> = {}): Promise<Knock> {
      const unsigned = {
        ticketHash: createHash('sha256').update(ticket).digest('base64url'),
        nonce,
        origin: site.baseUrl,
        keys: names,
        ...over,
      }
      const signature = await sign(keys.sign.privateKey, 'call-knock', signedFields.knock(callId, unsigned))
      return { ...unsigned, signature: toB64(signature) }
    },
  }
}
type Device = Awaited<ReturnType<typeof device>>
interface Ticket {
  ticket: string
  nonce: string
  callId: string
}
const ticketFor = (appointment: Appointment, { keyId, keys }: Device) =>
  ask<Ticket>(site.baseUrl, 'call/ticket', { appointmentId: appointment.id, secret: appointment.secret, keyId, keys })
const knock = (ticket: string, signed: Knock) => knockOn(site.baseUrl, 'call/knock', { ticket, knock: signed })
const participants = (appointment: Appointment) =>
  site.sql<{ state: string; confirmed: boolean; patient_key_id: string | null }>(
    `SELECT p.state, p.confirmed, p.patient_key_id FROM call_participant p JOIN call c ON c.id = p.call_id
      WHERE c.appointment_id = $1 AND p.role = 'patient'`,
    [appointment.id],
  )

/** A sealed record or a grant, as the door or as a page brings it. */
const sealed = /\\?"(ciphertext|header|wrapped|ct)\\?":\\?"[\w-]{40}/

/** All that this page's browser is answered from now on, as it comes in: an event stream never ends by itself. */
async function everythingToldTo({ page }: Person): Promise<() => string> {
  const told: string[] = []
  await page.exposeFunction('tellTheTest', (text: string) => told.push(text))
  await page.addInitScript(() => {
    const { fetch, tellTheTest } = globalThis as typeof globalThis & { tellTheTest: (text: string) => void }
    globalThis.fetch = async (...input) => {
      const answer = await fetch(...input)
      if (answer.headers.get('content-type')?.startsWith('text/event-stream'))
        void answer
          .clone()
          .body!.pipeThrough(new TextDecoderStream())
          .pipeTo(new WritableStream({ write: (text) => tellTheTest(text) }))
          .catch(() => undefined)
      return answer
    }
  })
  page.on('response', async (response) => told.push(await response.text().catch(() => '')))
  return () => told.join('\n')
}

// Defence: `isKnown` in lib/call/flow.ts `knock` is true for a filed key alone, and no other is filed without a code or
// "matches"; the pane's `trust` comes from the vault; lib/patient answers filed keys only.
test('attack 4: a stolen link waits as "not confirmed, new device", and shows no name and no record', async () => {
  test.setTimeout(180_000)
  const clinic = await clinicWorld(site)
  const [name, reason, since] = [canary('name'), canary('reason'), canary('since')]
  const [email, born] = [`${canary('mail')}@patient.test`, '1931-07-23']
  const words = new Map([name, born, reason, since, email.split('@')[0]!].map((word) => [word, encodingsOf(word)]))
  const {
    appointmentId: id,
    linkSecret,
    link,
  } = await clinic.book({
    fields: { name, email, birthDate: born },
    reason,
    answers: { since, smoke: false },
  })
  const stolen = { id, secret: linkSecret, link, callLink: `${site.baseUrl}/a/${id}/call#s=${linkSecret}` }
  const [thief, doctor] = await Promise.all([person('desktop'), person('desktop')])
  try {
    const told = await everythingToldTo(thief)
    const shown: string[] = []
    const look = async () => shown.push(await thief.page.locator('body').innerText(), await thief.page.content())
    await thief.page.goto(link)
    await expect(thief.page.getByText(clinic.services.free.name).first()).toBeVisible()
    await look()
    await enterWaitingRoom(thief.page, stolen.callLink)
    await look()

    await signIn(doctor.page, site.baseUrl, clinic.doctor)
    const toldToDoctor = await everythingToldTo(doctor)
    await doctor.page.goto(`${site.baseUrl}/encounter/${id}`)
    await test.step('there is a name and a record to be had, of this very appointment', async () => {
      await expect(doctor.page.getByRole('heading', { level: 1, name })).toBeVisible()
      await expect(doctor.page.getByText(reason).first()).toBeVisible()
      await expect(doctor.page.getByText(since).first()).toBeVisible()
      await expect.poll(() => sealed.test(toldToDoctor())).toBe(true)
    })
    const visitor = doctor.page.locator('[data-call="visitor"]')
    await expect(visitor).toHaveAttribute('data-trust', 'none')
    await expect(visitor.getByText('Not confirmed, new device')).toBeVisible()
    expect(await participants(stolen)).toEqual([{ state: 'waiting', confirmed: false, patient_key_id: null }])
    // Nobody has arrived for a link's holder.
    const [row] = await site.sql<{ status: string }>(`SELECT status FROM appointment WHERE id = $1`, [id])
    expect(row!.status).toBe('booked')
    await expect(thief.page.getByRole('button', { name: 'Join the call' })).toHaveCount(0)
    await look()

    await doctor.page.getByRole('button', { name: 'Turn away' }).click()
    await expect(thief.page.getByText('You were not let in')).toBeVisible()
    await expect
      .poll(() => told().match(/"state":"(waiting|refused)"/g), 'the event stream was heard')
      .toContain('"state":"refused"')
    // With keys of its own by now, it asks for what is the patient's.
    await thief.page.goto(link)
    await expect(thief.page.getByText(clinic.services.free.name).first()).toBeVisible()
    await look()

    expect(sealed.test(told())).toBe(false)
    expect(hitsIn(Buffer.from(told()), words)).toEqual([])
    expect(hitsIn(Buffer.from(shown.join('\n')), words)).toEqual([])
  } finally {
    await Promise.all([thief.close(), doctor.close()])
  }
})

// Defence: the thumbprint check in lib/call/flow.ts `knock`.
test('attack 4: a copied ticket does not work with another device’s key', async () => {
  const appointment = await world.appointment()
  const [owner, thief] = [await device(), await device()]
  const { ticket, nonce, callId } = await ticketFor(appointment, owner)
  expect(decodeJwt(ticket)).toMatchObject({
    aud: 'curtain-call',
    cnf: { jkt: expect.any(String) },
    jti: expect.any(String),
  })
  const stolen = await knock(ticket, await thief.knock(callId, ticket, nonce))
  expect(stolen).toMatchObject({ status: 401, body: { code: 'BAD_PROOF' } })
  expect(await participants(appointment)).toEqual([])
})

// Defence: `useNonce` in lib/call/flow.ts `knock`, once for each nonce; the ticket's jti is unique beside it.
test('attack 4: a proof that was used is worth nothing again', async () => {
  const appointment = await world.appointment()
  const owner = await device()
  const { ticket, nonce, callId } = await ticketFor(appointment, owner)
  const proof = await owner.knock(callId, ticket, nonce)
  expect((await knock(ticket, proof)).status).toBe(200)
  expect(await knock(ticket, proof)).toMatchObject({ status: 401, body: { code: 'PROOF_USED' } })
  const { nonce: fresh } = await ticketFor(appointment, owner)
  const again = await knock(ticket, await owner.knock(callId, ticket, fresh))
  expect(again).toMatchObject({ status: 401, body: { code: 'PROOF_USED' } })
  expect(await participants(appointment)).toHaveLength(1)
})

// Defence: ticket hash and origin in lib/call/flow.ts `knock`, and the call's id inside the signature.
test('attack 4: a proof for another room, origin, ticket or nonce is refused', async () => {
  const [here, there] = [await world.appointment(), await world.appointment()]
  const owner = await device()
  const at = await ticketFor(here, owner)
  const other = await ticketFor(there, owner)
  const proofs = {
    'another room': await owner.knock(other.callId, at.ticket, at.nonce),
    'another origin': await owner.knock(at.callId, at.ticket, at.nonce, { origin: 'https://curtain.evil.test' }),
    'another ticket': await owner.knock(at.callId, other.ticket, at.nonce),
    'a nonce of another call': await owner.knock(at.callId, at.ticket, other.nonce),
    'a nonce of its own': await owner.knock(at.callId, at.ticket, toB64(crypto.getRandomValues(new Uint8Array(16)))),
  }
  for (const [what, proof] of Object.entries(proofs)) {
    const { status, body } = await knock(at.ticket, proof)
    expect(status, what).toBe(401)
    expect(['BAD_PROOF', 'PROOF_USED'], what).toContain(body.code)
  }
  expect(await participants(here)).toEqual([])
})

// Defence: `lookups by link hash` in lib/call/store.ts `findByLink`, and `decideDoor`.
test('attack 4: another appointment’s secret, and any time but its own, open no door', async () => {
  const [here, there] = [await world.appointment(), await world.appointment()]
  const { keyId, keys } = await device()
  const input = { appointmentId: here.id, secret: there.secret, keyId, keys }
  expect(await knockOn(site.baseUrl, 'call/ticket', input)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  for (const [minutes, code] of [
    [24 * 60, 'TOO_EARLY'],
    [-24 * 60, 'TOO_LATE'],
  ] as const) {
    const other = await world.appointment(minutes)
    const answer = await knockOn(site.baseUrl, 'call/ticket', {
      appointmentId: other.id,
      secret: other.secret,
      keyId,
      keys,
    })
    expect(answer).toMatchObject({ status: 409, body: { code } })
  }
})

// Defence: `decideRelay` and `decideToken` in lib/call/rules.ts; `view` in lib/call/flow.ts tells an unadmitted device nothing.
test('attack 4: a device at the door hears nothing, says nothing and gets no token', async () => {
  const appointment = await world.appointment(0, await addPatient(site, world.clinicId))
  const thief = await device()
  const { ticket, nonce, callId } = await ticketFor(appointment, thief)
  const entered = await knock(ticket, await thief.knock(callId, ticket, nonce))
  const { door } = entered.body.value as { door: string }
  expect(await knockOn(site.baseUrl, 'call/token', { door })).toMatchObject({
    status: 409,
    body: { code: 'WRONG_STATE' },
  })
  const heard = await ask<{ messages: unknown[]; state: string }>(site.baseUrl, 'call/sync', { door, after: 0 })
  expect(heard).toMatchObject({ messages: [], state: 'waiting' })

  // A vault that was admitted elsewhere, to have something well-formed to say.
  const stranger = createVault(memoryStorage())
  const patientId = crypto.randomUUID()
  await stranger.createPatient({ clinicId: world.clinicId, patientId, home: 'memory' })
  const bytes = (length: number) => toB64(crypto.getRandomValues(new Uint8Array(length)))
  const messages = [
    { kind: 'commit', epoch: 1, nonce: bytes(16), commitment: bytes(32), signature: bytes(64) },
    { kind: 'reveal', epoch: 1, role: 'patient', ephemeral: bytes(32), random: bytes(32), signature: bytes(64) },
  ]
  for (const message of messages) {
    const said = await knockOn(site.baseUrl, 'call/send', { door, message })
    expect([403, 409]).toContain(said.status)
  }
  const [{ count }] = (await site.sql(`SELECT count(*)::int AS count FROM call_message WHERE call_id = $1`, [
    callId,
  ])) as [{ count: number }]
  expect(count).toBe(0)
})
