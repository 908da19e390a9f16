// An operator with the SFU's own key in hand: puts people out, and others in.
import { expect, test } from '@playwright/test'
import { randomBytes } from 'node:crypto'
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk'
import { callSite, enterWaitingRoom, loudness, makeWorld, person, pixels, signIn, type World } from '../call-world.ts'
import { openStranger } from './stranger.ts'

let site: Awaited<ReturnType<typeof callSite>>
let world: World
test.beforeAll(async () => {
  site = await callSite()
  world = await makeWorld(site)
})
test.afterAll(() => site?.down())

// Defence: `refresh` in lib/browser/media-room.ts gives the page no track that no member's key has opened, and
// `lookForStrangers` in lib/browser/call-session.ts leaves. The frame worker drops what it cannot open.
test('attack 2: a participant without keys is neither seen nor heard, and the victim leaves with a clear message', async () => {
  const appointment = await world.appointment()
  const [doctor, phone] = await Promise.all([person('desktop'), person('phone')])
  const stranger = await openStranger()
  try {
    await signIn(doctor.page, site.baseUrl, world)
    await enterWaitingRoom(phone.page, appointment.callLink)
    await doctor.page.goto(`${site.baseUrl}/encounter/${appointment.id}`)
    await doctor.page.getByRole('button', { name: 'Admit', exact: true }).click()
    await phone.page.getByRole('button', { name: 'Join the call' }).click()
    await expect.poll(async () => (await pixels(doctor.page)).change).toBeGreaterThan(0.5)

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
    await stranger.publish()

    const begun = Date.now()
    const shown = doctor.page.locator('[data-call="stopped"][data-code="UNVERIFIED"]')
    let seen = 0
    while (Date.now() - begun < 15_000 && !(await shown.isVisible())) {
      const { brightness } = await pixels(doctor.page)
      // Red and white by turns: nothing of ours is as bright.
      if (brightness > 120) seen++
      if ((await loudness(doctor.page, 200)) > 0.9) seen++
    }
    await expect(shown).toBeVisible({ timeout: 1_000 })
    expect(seen).toBe(0)
    await expect(doctor.page.locator('video[data-call="remote"]')).toHaveCount(0)
    await expect(doctor.page.getByText('The call was stopped for your safety')).toBeVisible()
  } finally {
    await Promise.all([doctor.close(), phone.close(), stranger.close()])
  }
})
