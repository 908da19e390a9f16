// An operator with the SFU's own key in hand: puts people out, and others in, and lies about who and what is there.
import {
  Codec,
  Encryption_Type,
  MuteTrackRequest,
  type SignalResponse,
  type TrackInfo,
  TrackSource,
  TrackType,
} from '@livekit/protocol'
import { expect, test } from '@playwright/test'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk'
import { parse, stringify } from 'yaml'
import { callSite, comeIn, loudness, makeWorld, meet, type Person, person, pixels, type World } from '../call-world.ts'
import { watchFrames } from '../frame-watch.ts'
import { keepConnections, lieTo, traffic } from './signalling.ts'
import { openStranger } from './stranger.ts'

let site: Awaited<ReturnType<typeof callSite>>
let world: World
test.beforeAll(async () => {
  site = await callSite()
  world = await makeWorld(site)
})
test.afterAll(() => site?.down())

let doctor: Person
let phone: Person
test.beforeEach(async () => {
  ;[doctor, phone] = await Promise.all([person('desktop'), person('phone')])
})
test.afterEach(() => Promise.all([doctor?.close(), phone?.close()]))

/** The practitioner leaves within fifteen seconds, and is told why. `meanwhile` is looked at until then. */
async function leaves(meanwhile: () => Promise<unknown>) {
  const begun = Date.now()
  const shown = doctor.page.locator('[data-call="stopped"][data-code="UNVERIFIED"]')
  while (Date.now() - begun < 15_000 && !(await shown.isVisible())) await meanwhile()
  await expect(shown).toBeVisible({ timeout: 1_000 })
  await expect(doctor.page.locator('video[data-call="remote"]')).toHaveCount(0)
  await expect(doctor.page.getByText('The call was stopped for your safety')).toBeVisible()
}

/** Neither seen nor heard, whoever that is. */
async function leavesUnharmed() {
  let seen = 0
  await leaves(async () => {
    const { brightness } = await pixels(doctor.page)
    // Red and white by turns: nothing of ours is as bright.
    if (brightness > 120) seen++
    if ((await loudness(doctor.page, 200)) > 0.9) seen++
  })
  expect(seen).toBe(0)
}

// Defences: `refresh` in lib/browser/media-room.ts gives the page no track that no member's key has opened, and
// `lookForStrangers` in lib/browser/call-session.ts leaves. The frame worker drops what it cannot open, and `run` in
// lib/browser/frames.worker.ts counts what is of another codec.
for (const [how, codec] of [
  ['picture and sound', 'vp8'],
  ['a picture alone, in a codec that is not ours', 'vp9'],
] as const)
  test(`attack 2: a participant without keys, with ${how}, is neither seen nor heard, and the victim leaves with a clear message`, async () => {
    const appointment = await world.appointment()
    const stranger = await openStranger()
    try {
      if (codec !== 'vp8') await anyCodec()
      await meet(site, world, { doctor, phone }, appointment)
      const { url, api, key, secret } = site.sfu[0]!
      const [{ room }] = (await site.sql(`SELECT room FROM call WHERE appointment_id = $1`, [appointment.id])) as [
        { room: string },
      ]
      const [{ identity }] = (await site.sql(
        `SELECT p.identity FROM call_participant p JOIN call c ON c.id = p.call_id
          WHERE c.appointment_id = $1 AND p.role = 'patient' AND p.identity IS NOT NULL`,
        [appointment.id],
      )) as [{ identity: string }]
      const token = new AccessToken(key, secret, { identity: randomBytes(16).toString('hex'), ttl: 60 })
      token.addGrant({ room, roomJoin: true, canPublish: true, canSubscribe: true })

      await phone.context.setOffline(true)
      await new RoomServiceClient(api, key, secret).removeParticipant(room, identity)
      await stranger.join(url, await token.toJwt())
      await stranger.publish(codec)
      await leavesUnharmed()
    } finally {
      await stranger.close()
    }
  })

/** An SFU that takes every codec, as a hostile one would: restarted with its own defaults. */
async function anyCodec() {
  const file = join(site.home, 'livekit-0.yaml')
  const config = parse(readFileSync(file, 'utf8')) as { room: { enabled_codecs?: object } }
  if (!config.room.enabled_codecs) return
  delete config.room.enabled_codecs
  writeFileSync(file, stringify(config))
  await site.stack!.stop('livekit')
  await site.stack!.start('livekit')
}

/** Every track of which the SFU tells, wherever it tells of it. */
function tracksIn(said: SignalResponse['message']): TrackInfo[] {
  if (said.case === 'trackPublished') return [said.value.track!]
  const people =
    said.case === 'join' ? said.value.otherParticipants : said.case === 'update' ? said.value.participants : []
  return people.flatMap(({ tracks }) => tracks)
}

// Defences: `setup` in lib/browser/e2ee-manager.ts asks nobody whether to encrypt; `publish` in lib/browser/media-room.ts
// leaves unmuting to the person.
test('attack 2: an older path, “not encrypted” and “unmute”, all by the SFU’s word: sealed frames alone, and silence', async () => {
  const appointment = await world.appointment()
  const microphones: string[] = []
  await keepConnections(doctor.page)
  const watch = watchFrames(doctor.page)
  const lie = await lieTo(doctor.page, {
    onlyOldPath: true,
    rewrite(said) {
      for (const track of tracksIn(said)) track.encryption = Encryption_Type.NONE
      if (said.case === 'trackPublished' && said.value.track!.type === TrackType.AUDIO)
        microphones.push(said.value.track!.sid)
      if (said.case !== 'join') return
      // What ends so is passed on unopened by livekit-client's own worker.
      said.value.sifTrailer = new Uint8Array(1)
      said.value.serverVersion = '0.15.0'
      Object.assign(said.value.serverInfo!, { version: '0.15.0', protocol: 1 })
    },
  })
  await meet(site, world, { doctor, phone }, appointment)
  expect(lie.paths).toEqual(['/rtc/v1', '/rtc'])
  await expect.poll(async () => (await traffic(doctor.page)).sent).toBeGreaterThan(10_000)
  const { connections, bare } = await traffic(doctor.page)
  expect(connections).toBeGreaterThanOrEqual(2)
  expect(bare).toBe(0)
  // Sound may come later than the picture, and its sender is known once a frame was opened.
  await expect.poll(async () => (await watch.report()).received.map(({ from }) => Boolean(from))).toEqual([true, true])
  const { received } = await watch.report()
  for (const { counters } of received) expect(counters).toMatchObject({ codec: 0, malformed: 0, forged: 0 })

  await doctor.page.getByRole('button', { name: 'Mute microphone' }).click()
  await expect.poll(() => loudness(phone.page, 500)).toBe(0)
  expect(microphones).toHaveLength(1)
  lie.say({ case: 'mute', value: new MuteTrackRequest({ sid: microphones[0]!, muted: false }) })
  expect(await loudness(phone.page, 3_000)).toBe(0)
})

// Defence: `isAnother` in lib/browser/media-room.ts.
test('attack 2: a camera announced as a microphone, and the other way round: neither is given to the page', async () => {
  const appointment = await world.appointment()
  await lieTo(doctor.page, {
    rewrite(said) {
      if (said.case === 'trackPublished') return
      for (const track of tracksIn(said)) {
        const camera = track.type === TrackType.VIDEO
        track.type = camera ? TrackType.AUDIO : TrackType.VIDEO
        track.source = camera ? TrackSource.MICROPHONE : TrackSource.CAMERA
      }
    },
  })
  await comeIn(site, world, { doctor, phone }, appointment)
  let shown = 0
  await leaves(async () => {
    shown += (await pixels(doctor.page)).width + (await loudness(doctor.page, 200))
  })
  expect(shown).toBe(0)
})

// Defence: `speaksOurCodec` in lib/browser/frames.worker.ts passes no such frame, and counts it.
test('attack 2: the SFU wants a codec whose head we do not know: no frame of it leaves, and the victim does', async () => {
  const appointment = await world.appointment()
  await anyCodec()
  await keepConnections(doctor.page)
  await lieTo(doctor.page, {
    rewrite(said) {
      if (said.case === 'join') said.value.enabledPublishCodecs = [new Codec({ mime: 'video/VP9' })]
    },
  })
  await comeIn(site, world, { doctor, phone }, appointment)
  let shown = 0
  let sent = 0
  await leaves(async () => {
    sent = Math.max(sent, (await traffic(doctor.page)).video)
    shown += (await pixels(phone.page)).width
  })
  expect({ shown, sent }).toEqual({ shown: 0, sent: 0 })
})
