// A consult between two people, each in a browser process of their own, over the real SFU.
import { expect, test } from '@playwright/test'
import { decodeJwt } from 'jose'
import { RoomServiceClient } from 'livekit-server-sdk'
import {
  type Appointment,
  callSite,
  eachSeesTheOther,
  enterWaitingRoom,
  loudness,
  makeWorld,
  meet as meetIn,
  person,
  type Person,
  pixels,
  safetyCode,
  signIn,
  type World,
} from './call-world.ts'
import { type Booked, clinicWorld } from './world.ts'

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

const rooms = () => new RoomServiceClient(site.sfu[0]!.api, site.sfu[0]!.key, site.sfu[0]!.secret)
const hex = /^[0-9a-f]{32}$/

const meet = (appointment: Appointment) => meetIn(site, world, { doctor, phone }, appointment)
const seeEachOther = () => eachSeesTheOther(doctor, phone)

const callOf = ({ appointmentId, linkSecret }: Booked) => ({
  id: appointmentId,
  callLink: `${site.baseUrl}/a/${appointmentId}/call#s=${linkSecret}`,
})

test('two people see and hear each other, and the SFU knows neither', async () => {
  const appointment = await world.appointment()
  const tokens: { url: string; token: string }[] = []
  for (const { page } of [doctor, phone]) {
    page.on('response', async (response) => {
      if (response.url().endsWith('/api/call/token') && response.ok()) tokens.push((await response.json()).value)
    })
  }
  await meet(appointment)

  await test.step('decoded pixels and audible sound at both ends', async () => {
    for (const { page } of [doctor, phone]) {
      // The small layer comes first.
      await expect.poll(async () => (await pixels(page)).width).toBeGreaterThanOrEqual(480)
      await expect.poll(() => loudness(page)).toBeGreaterThan(0.05)
    }
  })

  await test.step('one safety code', async () => {
    const codes = [await safetyCode(doctor.page), await safetyCode(phone.page)]
    expect(codes[0]).toMatch(/^\d{4} \d{4}$/)
    expect(codes[1]).toBe(codes[0])
  })

  let room = ''
  await test.step('the SFU has two random identities in a random room, and nothing else about them', async () => {
    const [call] = await site.sql<{ room: string; state: string }>(
      `SELECT room, state FROM call WHERE appointment_id = $1`,
      [appointment.id],
    )
    room = call!.room
    expect(room).toMatch(hex)
    expect(call!.state).toBe('live')
    const inside = await rooms().listParticipants(room)
    expect(inside).toHaveLength(2)
    for (const { identity, name, metadata, attributes, tracks, permission } of inside) {
      expect(identity).toMatch(hex)
      expect([name, metadata, Object.keys(attributes).length]).toEqual(['', '', 0])
      expect(permission).toMatchObject({ canPublishData: false, recorder: false, hidden: false, agent: false })
      expect(tracks.map(({ mimeType }) => mimeType.toLowerCase()).sort()).toEqual(['audio/opus', 'video/vp8'])
    }
    const [{ metadata, maxParticipants }] = (await rooms().listRooms([room])) as unknown as [
      { metadata: string; maxParticipants: number },
    ]
    expect({ metadata, maxParticipants }).toEqual({ metadata: '', maxParticipants: 2 })
  })

  await test.step('tokens: a minute, one room, camera and microphone, nothing else', () => {
    expect(tokens).toHaveLength(2)
    for (const { token } of tokens) {
      const claims = decodeJwt(token) as Record<string, unknown> & {
        exp: number
        nbf?: number
        iat?: number
        video: object
      }
      expect(claims.sub).toMatch(hex)
      const issued = claims.nbf ?? claims.iat ?? Date.now() / 1000
      expect(claims.exp - issued).toBeLessThanOrEqual(60)
      expect(claims.video).toEqual({
        room,
        roomJoin: true,
        canPublish: true,
        canSubscribe: true,
        canPublishData: false,
        canUpdateOwnMetadata: false,
        canPublishSources: ['camera', 'microphone'],
      })
      expect(
        Object.keys(claims).filter((claim) => !['video', 'iss', 'exp', 'nbf', 'iat', 'sub', 'jti'].includes(claim)),
      ).toEqual([])
    }
  })

  await test.step('mute, camera off, and back', async () => {
    await phone.page.getByRole('button', { name: 'Mute microphone' }).click()
    await expect(doctor.page.getByText('Patient is muted')).toHaveCount(1)
    await phone.page.getByRole('button', { name: 'Turn camera off' }).click()
    await expect(doctor.page.getByText('Patient has turned the camera off')).toBeVisible()
    await phone.page.getByRole('button', { name: 'Unmute microphone' }).click()
    await phone.page.getByRole('button', { name: 'Turn camera on' }).click()
    await seeEachOther()
  })

  await test.step('the practitioner ends it: the room is gone, the notes stay', async () => {
    await doctor.page.getByRole('button', { name: 'End the call' }).first().click()
    await doctor.page.getByRole('alertdialog').getByRole('button', { name: 'End the call' }).click()
    await expect(phone.page.getByText('The consultation has ended')).toBeVisible()
    await expect(doctor.page.getByText('The call has ended. Your notes stay open.')).toBeVisible()
    await expect.poll(async () => (await rooms().listRooms([room])).length).toBe(0)
    const [call] = await site.sql<{ room: string | null; state: string }>(
      `SELECT room, state FROM call WHERE appointment_id = $1`,
      [appointment.id],
    )
    expect(call).toEqual({ room: null, state: 'ended' })
  })
  expect([...doctor.errors, ...phone.errors]).toEqual([])
})

test('hang up and come back, reload and be back, on both sides', async () => {
  const appointment = await world.appointment()
  await meet(appointment)
  const first = await safetyCode(phone.page)

  await test.step('the patient hangs up and returns', async () => {
    await phone.page.getByRole('button', { name: 'Hang up' }).click()
    await expect(doctor.page.getByText('Patient has left the call. They can come back by themselves.')).toBeVisible()
    await phone.page.getByRole('button', { name: 'Return to the call' }).click()
    // The same device that was admitted before: nobody has to click for it again.
    await phone.page.getByRole('button', { name: 'Join the call' }).click()
    await seeEachOther()
    const second = await safetyCode(phone.page)
    expect(second).not.toBe(first)
    expect(await safetyCode(doctor.page)).toBe(second)
  })

  await test.step('the patient reloads', async () => {
    await phone.page.reload()
    await seeEachOther()
  })

  await test.step('the practitioner reloads', async () => {
    await doctor.page.reload()
    await doctor.page.getByRole('button', { name: /Return to the call|Admit/ }).click()
    await seeEachOther()
    await expect.poll(async () => (await safetyCode(phone.page)) === (await safetyCode(doctor.page))).toBe(true)
  })
})

test('a new phone: a code by e-mail confirms it, "matches" makes it known', async () => {
  // Booked in another browser: a patient whose name is in the chart, or there is nobody to vouch for.
  const clinic = await clinicWorld(site)
  const booked = await clinic.book()
  const appointment = callOf(booked)
  await signIn(doctor.page, site.baseUrl, clinic.doctor)
  const begun = Date.now()
  await enterWaitingRoom(phone.page, appointment.callLink)
  // From the mailed link on an empty profile to the waiting room.
  expect(Date.now() - begun).toBeLessThan(60_000)
  await doctor.page.goto(`${site.baseUrl}/encounter/${appointment.id}`)
  await expect(doctor.page.getByText('Not confirmed, new device', { exact: true })).toBeVisible()

  await phone.page.getByRole('button', { name: 'Send me a code' }).click()
  let code = ''
  await expect
    .poll(async () => {
      const mails = await site.mails(booked.patient.fields.email)
      code = mails.map(({ subject }) => /^(\d{6}) /.exec(subject)?.[1]).findLast(Boolean) ?? ''
      return code
    })
    .toMatch(/^\d{6}$/)
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0')
  await phone.page.getByLabel('Code from the e-mail').fill(wrong)
  await phone.page.getByRole('button', { name: 'Confirm this device' }).click()
  await expect(phone.page.getByText('This code is not right')).toBeVisible()
  await phone.page.getByLabel('Code from the e-mail').fill(code)
  await phone.page.getByRole('button', { name: 'Confirm this device' }).click()
  await expect(doctor.page.getByText('New device, confirmed by e-mail')).toBeVisible()

  await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
  await phone.page.getByRole('button', { name: 'Join the call' }).click()
  await seeEachOther()
  await doctor.page.getByRole('button', { name: 'Matches' }).click()
  await expect(doctor.page.getByText('This device is now known as this patient’s.')).toBeVisible()
  const [key] = await site.sql<{ state: string; vouch: string | null }>(
    `SELECT k.state, k.vouch FROM patient_key k JOIN call_participant p ON p.sign_key = k.sign_key
       JOIN call c ON c.id = p.call_id WHERE c.appointment_id = $1 AND p.role = 'patient'`,
    [appointment.id],
  )
  expect(key).toMatchObject({ state: 'vouched', vouch: expect.stringMatching(/^[\w-]{200,}$/) })

  await test.step('another day it is known at the door, and not asked again', async () => {
    await doctor.page.getByRole('button', { name: 'End the call' }).first().click()
    await doctor.page.getByRole('alertdialog').getByRole('button', { name: 'End the call' }).click()
    const [last] = await site.sql<{ seq: number; hash: string }>(
      `SELECT seq, hash FROM consent_event WHERE patient_id = $1`,
      [booked.patient.handle.patientId],
    )
    booked.patient.history = { seq: last!.seq + 1, previous: last!.hash }
    const next = callOf(await clinic.book({ patient: booked.patient, at: 1 }))
    await enterWaitingRoom(phone.page, next.callLink)
    await expect(phone.page.getByText('This device is new to your clinic')).toHaveCount(0)
    await doctor.page.goto(`${site.baseUrl}/encounter/${next.id}`)
    await expect(doctor.page.getByText('Known device')).toBeVisible()
  })
})

test('the queue is honest, and the next patient is one click away', async () => {
  // A practitioner whose door nobody stood at before.
  world = await makeWorld(site)
  const [one, two] = [await world.appointment(), await world.appointment()]
  const second = await person('phone')
  try {
    await signIn(doctor.page, site.baseUrl, world)
    await enterWaitingRoom(phone.page, one.callLink)
    await enterWaitingRoom(second.page, two.callLink)
    await expect(second.page.locator('[data-call="position"]')).toHaveText('1 person is before you.')
    await expect(phone.page.locator('[data-call="position"]')).toHaveText('You are next.')
    await doctor.page.goto(`${site.baseUrl}/encounter/${one.id}`)
    await doctor.page.getByRole('link', { name: 'Go to this appointment' }).click()
    await expect(doctor.page).toHaveURL(new RegExp(two.id))
    await expect(doctor.page.getByRole('button', { name: 'Admit', exact: true })).toBeVisible()
    await phone.page.getByRole('button', { name: 'Leave the waiting room' }).click()
    await expect(second.page.locator('[data-call="position"]')).toHaveText('You are next.')
  } finally {
    await second.close()
  }
})
