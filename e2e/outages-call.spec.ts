// The video server dies in the middle of a consult and comes back.
import { expect, test } from '@playwright/test'
import { callSite, eachSeesTheOther, loudness, makeWorld, meet, person, pixels, type World } from './call-world.ts'
import { watchFrames } from './frame-watch.ts'

let site: Awaited<ReturnType<typeof callSite>>
let world: World
test.beforeAll(async () => {
  site = await callSite()
  world = await makeWorld(site)
})
test.afterAll(() => site?.down())

const BROKEN = 'The connection broke. We are bringing it back.'

test('the SFU killed in mid-call and started again: both are told, then see and hear each other by themselves', async () => {
  const appointment = await world.appointment()
  const [doctor, phone] = await Promise.all([person('desktop'), person('phone')])
  const people = [doctor, phone]
  const watches = people.map(({ page }) => watchFrames(page))
  try {
    await meet(site, world, { doctor, phone }, appointment)
    await phone.page.getByRole('button', { name: 'Mute microphone' }).click()
    await expect(doctor.page.getByText('Patient is muted')).toHaveCount(1)
    const before = await Promise.all(watches.map(({ sendKeys }) => sendKeys()))

    // Our own server is asked once the library's tries to resume are used up: by then the room is forgotten.
    const asked = people.map(({ page }) => page.waitForResponse(/\/api\/call\/token$/))
    await site.stack!.stop('livekit')
    for (const { page } of people) await expect(page.getByText(BROKEN)).toBeVisible()
    for (const answer of await Promise.all(asked))
      expect(await answer.json()).toMatchObject({ ok: false, code: 'SFU_UNAVAILABLE' })
    for (const { page } of people) {
      await expect(page.getByText(BROKEN)).toBeVisible()
      expect((await pixels(page)).change).toBe(0)
    }

    await site.stack!.start('livekit')
    const back = Date.now()
    await eachSeesTheOther(doctor, phone)
    expect(Date.now() - back).toBeLessThan(20_000)
    for (const { page } of people) await expect(page.getByText(BROKEN)).toBeHidden()
    await expect.poll(() => loudness(phone.page)).toBeGreaterThan(0.05)

    await test.step('who had muted is still muted', async () => {
      await expect(doctor.page.getByText('Patient is muted')).toHaveCount(1)
      expect(await loudness(doctor.page)).toBe(0)
      await phone.page.getByRole('button', { name: 'Unmute microphone' }).click()
      await expect.poll(() => loudness(doctor.page)).toBeGreaterThan(0.05)
    })

    await test.step('every frame was sealed, under keys that were never used before', async () => {
      for (const [index, watch] of watches.entries()) {
        const keys = await watch.sendKeys()
        expect(keys.length).toBeGreaterThan(before[index]!.length)
        expect(new Set(keys).size).toBe(keys.length)
        await expect
          .poll(async () => (await watch.report()).received.map(({ counters }) => counters.passed > 0))
          .toEqual([true, true])
        const { received } = await watch.report()
        // A frame in the clear would not have authenticated.
        for (const { counters } of received)
          expect(counters).toMatchObject({ codec: 0, malformed: 0, forged: 0, replayed: 0, 'wrong-sender': 0 })
      }
    })
    expect([...doctor.errors, ...phone.errors].filter((line) => !/ERR_CONNECTION_REFUSED/.test(line))).toEqual([])
  } finally {
    await Promise.all(people.map((one) => one.close()))
  }
})
