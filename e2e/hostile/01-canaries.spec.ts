// What whoever runs the servers finds of what was typed, said and shown: nothing.
import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import type * as LiveKit from 'livekit-client'
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk'
import { root } from '../../scripts/base.mjs'
import { desktop, phone, signInPage, type Device } from '../browsers.ts'
import { pixels } from '../call-world.ts'
import * as journey from '../journey.ts'
import { dumpOf } from '../rows.ts'
import { up, type TestStack } from '../stack.ts'
import { clinicWorld, PASSWORD, type ClinicWorld } from '../world.ts'
import { canary, encodingsOf, hitsBelow, hitsIn } from './canaries.ts'

test.describe.configure({ mode: 'serial' })

let stack: TestStack
let world: ClinicWorld
let patient: Device
let doctor: Device
let appointmentId = ''
/** Every request that a browser made: address, headers and body. */
const requests: Buffer[] = []

const own = {
  ...{ name: canary('name'), reason: canary('reason'), since: canary('since'), story: canary('story') },
  ...{ note: canary('note'), draft: canary('draft'), medicine: canary('drug'), dose: canary('dose') },
  ...{ frequency: canary('often'), instructions: canary('advice'), recall: canary('recall') },
}
const birthDate = '1951-10-23'
const secrets = [...Object.values(own), PASSWORD]
const needles = new Map(secrets.map((word) => [word, encodingsOf(word)]))

function record(page: Page) {
  page.on('request', (request) => {
    requests.push(
      Buffer.from(`${request.url()}\n${JSON.stringify(request.headers())}\n`),
      request.postDataBuffer() ?? Buffer.alloc(0),
    )
  })
}

// The patient's camera shows this: left half red, right half blue, with the words written on it.
const camera = (text: string) => {
  const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await get(wish)
    const [real] = stream.getVideoTracks()
    if (!real) return stream
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width: 640, height: 360 })
    const pen = canvas.getContext('2d')!
    let turn = 0
    setInterval(() => {
      pen.fillStyle = '#ff0000'
      pen.fillRect(0, 0, 320, 360)
      pen.fillStyle = '#0000ff'
      pen.fillRect(320, 0, 320, 360)
      pen.fillStyle = '#ffffff'
      pen.font = '28px monospace'
      pen.fillText(`${text} ${turn++}`, 20, 180)
    }, 40)
    const drawn = canvas.captureStream(25).getVideoTracks()[0]!
    return new MediaStream([drawn, ...stream.getAudioTracks()])
  }
}

const bare = createServer((_, answer) =>
  answer.setHeader('content-type', 'text/html').end('<!doctype html><body>'),
).listen(0, '127.0.0.1')

test.beforeAll(async () => {
  test.setTimeout(400_000)
  stack = await up({ mode: process.env.E2E_DEV ? 'dev' : 'production', env: { LOG_LEVEL: 'trace' } })
  world = await clinicWorld(stack)
  ;[patient, doctor] = await Promise.all([phone(), desktop()])
  for (const { page } of [patient, doctor]) record(page)
  await patient.context.addInitScript(camera, own.story)
})
test.afterAll(async () => {
  bare.close()
  await Promise.all([patient?.close(), doctor?.close()])
  await stack?.down()
})

test('attack 1: canaries are typed into every clinical field, and shown in the video', async () => {
  test.setTimeout(300_000)
  const { page } = patient
  await journey.chooseSlot(page, world.bookingUrl, 'Video consult')
  await journey.fillForm(page, {
    ...{ name: own.name, reason: own.reason, email: 'canary@patient.test', phone: '+33 6 99 88 77 66' },
    birth: { day: '23', month: '10', year: '1951' },
    texts: { 'Since when do you have it?': own.since, 'Tell us more': own.story },
  })
  await page.getByRole('button', { name: /^Book and pay/ }).click()
  await journey.pay(page)
  await page.getByRole('link', { name: 'Open my appointment' }).click({ timeout: 30_000 })
  await page.waitForURL(/\/a\/[0-9a-f-]{36}(#|$)/)
  appointmentId = /\/a\/([0-9a-f-]{36})/.exec(page.url())![1]!
  const booked = async () =>
    (await stack.mails('canary@patient.test')).filter(({ subject }) => subject.startsWith('Your appointment with'))
  await expect.poll(async () => (await booked()).length, { timeout: 30_000 }).toBe(1)

  await signInPage(doctor.page, stack.baseUrl, world.doctor)
  await doctor.page.goto(`${stack.baseUrl}/encounter/${appointmentId}`)
  await expect(doctor.page.getByText(own.reason)).toBeVisible({ timeout: 30_000 })
  await journey.toWaitingRoom(page)
  await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
  await page.getByRole('button', { name: 'Join the call' }).click()
  await expect.poll(async () => (await pixels(doctor.page)).brightness, { timeout: 40_000 }).toBeGreaterThan(20)
  await expect
    .poll(() => halvesOf(doctor.page, 'video[data-call="remote"]'), 'the practitioner sees it')
    .toBe('red blue')

  await journey.writeNote(doctor.page, own.note)
  const medicine = { medicine: own.medicine, dose: own.dose, frequency: own.frequency, instructions: own.instructions }
  await journey.prescribe(doctor.page, medicine)
  await journey.setRecall(doctor.page, own.recall)
  await doctor.page.getByRole('tab', { name: 'Note' }).click()
  await doctor.page.getByLabel('Note of this encounter').fill(own.draft)
  await expect(doctor.page.getByText('Draft kept, sealed.').first()).toBeVisible()
})

/** The colours of a video's left and right half. */
function halvesOf(page: Page, selector: string): Promise<string> {
  return page.evaluate((which) => {
    const video = document.querySelector<HTMLVideoElement>(which)
    if (!video?.videoWidth) return 'no picture'
    const pen = new OffscreenCanvas(100, 100).getContext('2d')!
    pen.drawImage(video, 0, 0, 100, 100)
    return [25, 75]
      .map((x) => {
        const [red = 0, green = 0, blue = 0] = pen.getImageData(x, 10, 1, 1).data
        return red > 150 && green < 100 && blue < 100
          ? 'red'
          : blue > 150 && red < 100 && green < 100
            ? 'blue'
            : 'neither'
      })
      .join(' ')
  }, selector)
}

/** A page of nobody's, from this machine so that it may reach the SFU, with the SFU's own client in it. */
async function openBare(page: Page) {
  await page.goto(`http://localhost:${(bare.address() as AddressInfo).port}/`)
  await page.addScriptTag({ path: join(root, 'node_modules/livekit-client/dist/livekit-client.umd.js') })
}

/** A participant of the operator's own making, hidden and without keys: what the SFU gives it, decoded as far as it goes. */
async function eavesdrop(room: string, ms: number) {
  const { key, secret, url } = stack.sfu[0]!
  const token = new AccessToken(key, secret, { identity: randomBytes(8).toString('hex'), ttl: 60 })
  // As a recorder's: such a one comes in although the room is full.
  token.addGrant({ room, roomJoin: true, canSubscribe: true, canPublish: false, hidden: true, recorder: true })
  token.kind = 'egress'
  const device = await desktop()
  try {
    const { page } = device
    await openBare(page)
    const seen = await page.evaluate(
      async ({ url, token, ms }) => {
        const { Room, RoomEvent } = (window as never as { LivekitClient: typeof LiveKit }).LivekitClient
        const room = new Room({ adaptiveStream: false })
        room.on(RoomEvent.TrackSubscribed, (track) => {
          if (track.kind !== 'video') return
          const video = track.attach() as HTMLVideoElement
          video.id = `v${document.querySelectorAll('video').length}`
          document.body.append(video)
        })
        await room.connect(url, token, { autoSubscribe: true })
        await new Promise((resolve) => setTimeout(resolve, ms))
        let bytes = 0
        let decoded = 0
        let received = 0
        for (const participant of room.remoteParticipants.values())
          for (const publication of participant.trackPublications.values()) {
            const report = await publication.track?.getRTCStatsReport()
            report?.forEach((entry: Record<string, number | string>) => {
              if (entry.type !== 'inbound-rtp' || entry.kind !== 'video') return
              bytes += Number(entry.bytesReceived)
              received += Number(entry.framesReceived)
              decoded += Number(entry.framesDecoded)
            })
          }
        return { bytes, received, decoded, videos: document.querySelectorAll('video').length }
      },
      { url, token: await token.toJwt(), ms },
    )
    const halves: string[] = []
    for (let index = 0; index < seen.videos; index++) halves.push(await halvesOf(page, `#v${index}`))
    return { ...seen, halves }
  } finally {
    await device.close()
  }
}

// Defence: lib/browser/frames.ts seals each frame before it leaves; let encrypt() pass it on, and this one decodes.
test('attack 1: whoever holds the SFU’s own key receives frames, and no picture', async () => {
  test.setTimeout(180_000)
  const [call] = await stack.sql<{ room: string }>('SELECT room FROM call WHERE appointment_id = $1', [appointmentId])
  const seen = await eavesdrop(call!.room, 8000)
  expect(seen.bytes, 'it did receive the video').toBeGreaterThan(20_000)
  expect(seen.halves.length).toBeGreaterThan(0)
  expect(seen.halves).not.toContain('red blue')

  await test.step('a picture sent in the clear is seen by the same means', async () => {
    const { api, key, secret, url } = stack.sfu[0]!
    const room = randomBytes(8).toString('hex')
    await new RoomServiceClient(api, key, secret).createRoom({ name: room })
    const token = new AccessToken(key, secret, { identity: 'planted', ttl: 60 })
    token.addGrant({ room, roomJoin: true, canPublish: true })
    const sender = await desktop()
    try {
      await sender.context.addInitScript(camera, 'planted')
      const { page } = sender
      await openBare(page)
      await page.evaluate(
        async ({ url, token }) => {
          const { Room } = (window as never as { LivekitClient: typeof LiveKit }).LivekitClient
          const room = new Room()
          await room.connect(url, token)
          const stream = await navigator.mediaDevices.getUserMedia({ video: true })
          await room.localParticipant.publishTrack(stream.getVideoTracks()[0]!, { simulcast: false })
        },
        { url, token: await token.toJwt() },
      )
      const clear = await eavesdrop(room, 6000)
      expect(clear.halves).toEqual(['red blue'])
    } finally {
      await sender.close()
    }
  })
})

// Defence: the vault seals what was typed before a page sends it. Send one field as it is, and its word is in each of these.
test('attack 1: no word and no password in database, WAL, jobs, logs, mails, Stripe’s data or a request', async () => {
  test.setTimeout(180_000)
  // Everything the machines keep lies below this folder; a checkpoint writes what was still in memory.
  await stack.sql('CHECKPOINT')
  expect(hitsBelow(stack.home, needles), 'in a file of any server').toEqual([])
  for (const [table, bytes] of await dumpOf(stack)) expect(hitsIn(bytes, needles), table).toEqual([])
  expect(requests.length).toBeGreaterThan(100)
  expect(
    requests.flatMap((bytes) => hitsIn(bytes, needles)),
    'in a request',
  ).toEqual([])
  expect(hitsIn(Buffer.from(JSON.stringify(await stack.mails())), needles), 'in a mail').toEqual([])
  // The birth date is no word of its own: where it is looked for it is written as such.
  for (const [table, bytes] of await dumpOf(stack)) expect(bytes.includes(birthDate), table).toBe(false)
  expect(requests.some((bytes) => bytes.includes(birthDate))).toBe(false)
})

test('attack 1: a word planted in each of these places is found', async () => {
  const planted = canary('planted')
  const wanted = new Map([[planted, encodingsOf(planted)]])
  await stack.sql(`UPDATE clinic SET about = $1`, [planted])
  await stack.sql(`INSERT INTO nonce (clinic_id, value, purpose, expires_at) VALUES ($1, 'planted', $2, now())`, [
    ...[world.clinicId, Buffer.from(`x${planted}`).toString('base64')],
  ])
  await stack.sql('CHECKPOINT')
  const inFiles = () => hitsBelow(stack.home, wanted)
  expect(
    inFiles().some((hit) => /pg_wal/.test(hit)),
    'the WAL',
  ).toBe(true)
  expect(
    inFiles().some((hit) => /base\/\d+/.test(hit)),
    'the tables',
  ).toBe(true)
  const dump = await dumpOf(stack)
  expect(hitsIn(dump.get('"public"."clinic"')!, wanted)).toContain(`${planted} (raw)`)
  expect(hitsIn(dump.get('"public"."nonce"')!, wanted)).toContain(`${planted} (base64, offset 1)`)
  appendFileSync(join(stack.home, 'logs', 'app.log'), encodeURIComponent(planted))
  for (const dir of ['mail', 'stripe']) {
    mkdirSync(join(stack.home, dir), { recursive: true })
    writeFileSync(join(stack.home, dir, 'planted'), Buffer.from(planted, 'utf16le'))
  }
  for (const place of ['logs/app.log', 'mail/planted', 'stripe/planted'])
    expect(
      inFiles().some((hit) => hit.startsWith(place)),
      place,
    ).toBe(true)
  for (const [encoding, bytes] of encodingsOf(planted))
    expect(hitsIn(Buffer.concat([Buffer.from('…'), bytes, Buffer.from('…')]), wanted), encoding).not.toEqual([])
  for (const offset of [0, 1, 2]) {
    const whole = Buffer.from(`${'.'.repeat(offset)}${planted} and more`).toString('base64')
    expect(hitsIn(Buffer.from(whole), wanted), `base64 at ${offset}`).not.toEqual([])
  }
})
