// A token for the SFU in the wrong hands: entry to a room full of ciphertext.
import { expect, test } from '@playwright/test'
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk'
import { startLab } from '../../bench/lab/lab.ts'
import {
  callSite,
  eachSeesTheOther,
  enterWaitingRoom,
  knockOn,
  makeWorld,
  meet,
  person,
  pixels,
  safetyCode,
  signIn,
  type Person,
  type World,
} from '../call-world.ts'
import { likeness, openStranger } from './stranger.ts'

let site: Awaited<ReturnType<typeof callSite>>
let world: World
test.beforeAll(async () => {
  site = await callSite()
  world = await makeWorld(site)
})
test.afterAll(() => site?.down())

// Defence: lib/browser/frames.ts encrypts every frame; the token opens the room and nothing in it.
test('attack 5: a token copied to another device shows nothing of the call, and opens nothing after its end', async () => {
  const appointment = await world.appointment()
  const [doctor, phone] = await Promise.all([person('desktop'), person('phone')])
  const stranger = await openStranger()
  try {
    let stolen: { url: string; token: string } | null = null
    phone.page.on('response', async (response) => {
      if (response.url().endsWith('/api/call/token') && response.ok()) stolen ??= (await response.json()).value
    })
    await signIn(doctor.page, site.baseUrl, world)
    await enterWaitingRoom(phone.page, appointment.callLink)
    await doctor.page.goto(`${site.baseUrl}/encounter/${appointment.id}`)
    await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
    await phone.page.getByRole('button', { name: 'Join the call' }).click()
    await expect.poll(async () => (await pixels(phone.page)).change).toBeGreaterThan(0.5)

    // The phone is held still, so that it does not win its place back while the copy looks around.
    await phone.context.setOffline(true)
    const { url, token } = stolen!
    await stranger.join(url, token)
    // It does receive: what it holds is ciphertext.
    await expect.poll(() => stranger.packets()).toBeGreaterThan(300)
    const looks = await likeness(doctor.page, stranger.page)
    expect(looks.frames === 0 || Math.abs(looks.correlation) < 0.5, JSON.stringify(looks)).toBe(true)
    await stranger.leave()
    await phone.context.setOffline(false)

    await doctor.page.getByRole('button', { name: 'End the call' }).first().click()
    await doctor.page.getByRole('alertdialog').getByRole('button', { name: 'End the call' }).click()
    await expect(doctor.page.getByText('The call has ended.')).toBeVisible()
    // The phone that comes back may have had the room made again, just before: it is taken away again.
    const again = () =>
      stranger.join(url, token).then(
        () => stranger.leave().then(() => 'in'),
        () => 'refused',
      )
    await expect.poll(again).toBe('refused')
  } finally {
    await Promise.all([doctor.close(), phone.close(), stranger.close()])
  }
})

/** From now on the page hears what the server says only while it is told to: a client that takes no notice. */
async function hearing({ page }: Person) {
  await page.addInitScript(() => {
    const { fetch } = globalThis
    globalThis.fetch = async (...input) => {
      const answer = await fetch(...input)
      if (!answer.headers.get('content-type')?.startsWith('text/event-stream')) return answer
      const ear = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, onward) {
          if (!(globalThis as { deaf?: boolean }).deaf) onward.enqueue(chunk)
        },
      })
      return new Response(answer.body!.pipeThrough(ear), answer)
    }
  })
  return { stop: () => page.evaluate(() => void ((globalThis as { deaf?: boolean }).deaf = true)) }
}

// Defence: `give` in `alone` of lib/browser/vault-handshake.ts takes the practitioner's keys away when nobody is inside. Without
// it the picture goes on under keys that whoever left still has.
test('attack 5: a removed participant who reconnects decrypts nothing sent after the removal', async () => {
  const appointment = await world.appointment()
  const [doctor, phone] = await Promise.all([person('desktop'), person('phone')])
  try {
    const ears = await hearing(phone)
    let entry: unknown
    let door: string | undefined
    phone.page.on('response', async (response) => {
      if (!response.url().endsWith('/api/call/token') || !response.ok()) return
      door = (response.request().postDataJSON() as { door: string }).door
      entry = await response.json()
    })
    await meet(site, world, { doctor, phone }, appointment)
    const before = await safetyCode(doctor.page)

    // It leaves, as far as the server knows: put out at the SFU. Keys, token and page it keeps, and comes straight back.
    await ears.stop()
    await phone.page.route('**/api/call/token', (route) => route.fulfill({ json: entry }))
    expect(await knockOn(site.baseUrl, 'call/leave', { door })).toMatchObject({ status: 200 })
    await expect(doctor.page.getByText('Patient has left the call.', { exact: false })).toBeVisible()
    const [{ room }] = (await site.sql(`SELECT room FROM call WHERE appointment_id = $1`, [appointment.id])) as [
      { room: string },
    ]
    const { api, key, secret } = site.sfu[0]!
    const sfu = new RoomServiceClient(api, key, secret)
    await expect.poll(async () => (await sfu.listParticipants(room)).length, { timeout: 15_000 }).toBe(2)

    const changes: number[] = []
    for (let look = 0; look < 8; look++) changes.push((await pixels(phone.page)).change)
    expect(changes).toEqual(changes.map(() => 0))

    await test.step('let in again, it is in a new epoch', async () => {
      await phone.page.unroute('**/api/call/token')
      await phone.page.reload()
      await eachSeesTheOther(doctor, phone)
      await expect.poll(async () => (await safetyCode(doctor.page)) ?? before).not.toBe(before)
      expect(await safetyCode(phone.page)).toBe(await safetyCode(doctor.page))
    })
  } finally {
    await Promise.all([doctor.close(), phone.close()])
  }
})

// Defence: putOutStrangers() in lib/call/flow.ts. The room holds two: without it the patient finds no place.
test('attack 5: whoever sits in the room by an old token makes way for the patient who comes back', async () => {
  const appointment = await world.appointment()
  const [doctor, phone] = await Promise.all([person('desktop'), person('phone')])
  const stranger = await openStranger()
  try {
    await meet(site, world, { doctor, phone }, appointment)
    await phone.page.getByRole('button', { name: 'Hang up' }).click()
    await expect(doctor.page.getByText('Patient has left the call.', { exact: false })).toBeVisible()
    const [{ room }] = (await site.sql(`SELECT room FROM call WHERE appointment_id = $1`, [appointment.id])) as [
      { room: string },
    ]
    const { url, api, key, secret } = site.sfu[0]!
    const old = new AccessToken(key, secret, { identity: 'f'.repeat(32), ttl: 60 })
    old.addGrant({ room, roomJoin: true, canSubscribe: true })
    await stranger.join(url, await old.toJwt())
    const inside = async () =>
      (await new RoomServiceClient(api, key, secret).listParticipants(room)).map(({ identity }) => identity)
    await expect.poll(inside).toContain('f'.repeat(32))

    await phone.page.getByRole('button', { name: 'Return to the call' }).click()
    await phone.page.getByRole('button', { name: 'Join the call' }).click({ timeout: 30_000 })
    await eachSeesTheOther(doctor, phone)
    expect(await inside()).not.toContain('f'.repeat(32))
  } finally {
    await Promise.all([doctor.close(), phone.close(), stranger.close()])
  }
})

// Defence: `setKeys` in lib/browser/frames.ts.
test('attack 5: with the keys of an epoch that is over nothing of the next one is decrypted', async () => {
  const lab = await startLab()
  try {
    const inputs = await lab.inputs('curtain')
    const [practitioner, patient] = lab.pages
    await Promise.all(lab.pages.map((page, me) => page.evaluate((input) => globalThis.lab.ready(input), inputs[me]!)))
    await patient.evaluate(() => globalThis.lab.wait())
    await practitioner.evaluate(() => globalThis.lab.join())
    await patient.evaluate(() => globalThis.lab.firstFrame())
    const counters = async () => {
      const report = await patient.evaluate(() => globalThis.lab.report())
      return report!.received.map((track) => track.counters)
    }
    const passed = async () => (await counters()).map((track) => track.passed)
    await expect.poll(async () => (await passed()).every((frames) => frames > 0)).toBe(true)

    // The practitioner's next epoch, without the patient, who stays connected with the old token and the old keys.
    await practitioner.evaluate((raw) => globalThis.lab.rekey(2, raw), [...crypto.getRandomValues(new Uint8Array(32))])
    // What was on its way has come once a track brings a frame of the next epoch: a track keeps its order.
    const lockedOut = async () => Math.min(...(await counters()).map((track) => track['no-key']))
    await expect.poll(lockedOut).toBeGreaterThan(0)
    const before = await passed()
    await expect.poll(lockedOut).toBeGreaterThan(20)
    expect(await passed()).toEqual(before)
  } finally {
    await lab.close()
  }
})
