// A token for the SFU in the wrong hands: entry to a room full of ciphertext.
import { expect, test } from '@playwright/test'
import { startLab } from '../../bench/lab/lab.ts'
import { callSite, enterWaitingRoom, makeWorld, person, pixels, signIn, type World } from '../call-world.ts'
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
    await stranger.page.waitForTimeout(6_000)
    const looks = await likeness(doctor.page, stranger.page)
    expect(looks.frames === 0 || Math.abs(looks.correlation) < 0.5, JSON.stringify(looks)).toBe(true)
    // It did receive: what it holds is ciphertext.
    expect(await stranger.packets()).toBeGreaterThan(0)
    await stranger.leave()
    await phone.context.setOffline(false)

    await doctor.page.getByRole('button', { name: 'End the call' }).first().click()
    await doctor.page.getByRole('alertdialog').getByRole('button', { name: 'End the call' }).click()
    await expect(doctor.page.getByText('The call has ended.')).toBeVisible()
    await expect(stranger.join(url, token)).rejects.toThrow()
  } finally {
    await Promise.all([doctor.close(), phone.close(), stranger.close()])
  }
})

// Defence: the new epoch's keys: `setKeys` in lib/browser/frames.ts, and `alone` in lib/browser/vault-handshake.ts.
test('attack 5: a removed participant who reconnects decrypts nothing sent after the removal', async () => {
  const lab = await startLab()
  try {
    const inputs = await lab.inputs('curtain')
    const [practitioner, patient] = lab.pages
    await Promise.all(lab.pages.map((page, me) => page.evaluate((input) => globalThis.lab.ready(input), inputs[me]!)))
    await patient.evaluate(() => globalThis.lab.wait())
    await practitioner.evaluate(() => globalThis.lab.join())
    await patient.evaluate(() => globalThis.lab.firstFrame())
    const passed = async () => {
      const report = await patient.evaluate(() => globalThis.lab.report())
      return report!.received.reduce((sum, { counters }) => sum + counters.passed, 0)
    }
    expect(await passed()).toBeGreaterThan(0)

    // The practitioner's next epoch, without the patient, who stays connected with the old token and the old keys.
    await practitioner.evaluate((raw) => globalThis.lab.rekey(2, raw), [...crypto.getRandomValues(new Uint8Array(32))])
    await patient.waitForTimeout(1_000)
    const before = await passed()
    await patient.waitForTimeout(4_000)
    const report = await patient.evaluate(() => globalThis.lab.report())
    expect(await passed()).toBe(before)
    expect(report!.received.reduce((sum, { counters }) => sum + counters['no-key'], 0)).toBeGreaterThan(20)
  } finally {
    await lab.close()
  }
})
