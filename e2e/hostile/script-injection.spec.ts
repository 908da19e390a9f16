// Text that another person sees, written to run: it must be read, never obeyed.
import { expect, test } from '@playwright/test'
import { desktop, type Device, signInPage } from '../browsers.ts'
import { wouldHaveRun } from '../page-checks.ts'
import { up, type TestStack } from '../stack.ts'
import { clinicWorld } from '../world.ts'

let stack: TestStack
let device: Device
let stranger: Device
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
})
test.afterAll(() => stack?.down())
test.describe.configure({ timeout: 240_000 })
test.beforeEach(async () => {
  ;[device, stranger] = await Promise.all([desktop(), desktop()])
})
test.afterEach(() => Promise.all([device?.close(), stranger?.close()]))

const evil = (mark: string) =>
  `${mark}<img src=x onerror="window.pwned='${mark}'"><script>window.pwned='${mark}'</script><svg/onload=window.pwned='${mark}'>`

async function isInert({ page }: Device) {
  await wouldHaveRun(page)
  expect(await page.evaluate(() => (window as { pwned?: string }).pwned ?? null)).toBeNull()
  // What was typed as markup is text: no element of it was made.
  expect(await page.locator('img[src="x"], svg[onload], [onerror]').count()).toBe(0)
}

// Fails when any of these texts is set as HTML; the policy below is the second wall.
test('attack 23: markup in names, reasons, answers, notes, profile and service is shown as it was typed', async () => {
  const world = await clinicWorld(stack, { doctorName: evil('doc').slice(0, 80) })
  const { owner, doctor } = world
  const settings = await owner.door.get('clinic/settings', {})
  const { timeZone, holdMinutes, horizonDays } = settings.clinic
  await owner.door.get('clinic/save-profile', {
    ...{
      timeZone,
      holdMinutes,
      horizonDays,
      locale: 'en' as const,
      minNoticeMinutes: 0,
      earlyJoinMinutes: 60,
      graceMinutes: 60,
    },
    ...{ name: evil('clinic').slice(0, 80), about: evil('about'), phone: '', address: evil('address').slice(0, 200) },
  })
  await owner.door.get('access/save-profile', {
    memberId: doctor.memberId,
    displayName: evil('doc').slice(0, 80),
    title: evil('title').slice(0, 120),
    bio: evil('bio'),
  })
  const visit = await world.book({
    reason: evil('reason'),
    fields: { name: evil('name') },
    answers: { since: evil('since'), smoke: true, story: evil('story') },
  })
  await stranger.page.goto(world.bookingUrl)
  await expect(stranger.page.getByText('about<img').first()).toBeVisible()
  await isInert(stranger)

  await signInPage(device.page, stack.baseUrl, doctor)
  await expect(device.page.getByText('name<img').first()).toBeVisible()
  await isInert(device)
  await device.page.goto(`${stack.baseUrl}/encounter/${visit.appointmentId}`)
  await expect(device.page.getByText('reason<img').first()).toBeVisible()
  await expect(device.page.getByText('since<img').first()).toBeVisible()
  await device.page.getByLabel('Note of this encounter').fill(evil('note'))
  await device.page.getByRole('button', { name: 'Finish note' }).click()
  await expect(device.page.locator('ul').getByText('note<img').first()).toBeVisible()
  await isInert(device)
})

test('attack 23: the policy has no inline script, no eval and no third-party origin, and blocks one that gets in', async () => {
  for (const path of ['/', '/sign-in', '/start']) {
    const answer = await stranger.page.goto(`${stack.baseUrl}${path}`)
    const policy = answer!.headers()['content-security-policy'] ?? ''
    const directives = new Map(
      policy.split(';').map((part) => [part.trim().split(' ')[0]!, part.trim().split(' ').slice(1)]),
    )
    const script = directives.get('script-src') ?? []
    expect(script).not.toContain("'unsafe-inline'")
    expect(script).not.toContain("'unsafe-eval'")
    const origins = policy.match(/\b(?:https?|wss?):\/\/[^\s;]+/g) ?? []
    const ours = [new URL(stack.baseUrl).host, ...stack.sfu.map((node) => new URL(node.url).host)]
    // Stripe's page is where a form may lead; nothing is loaded from it.
    const loads = origins.filter((origin) => !(directives.get('form-action') ?? []).includes(origin))
    for (const origin of loads) expect(ours).toContain(new URL(origin).host)
    // As if markup had got through: a script element without the nonce does not run.
    await stranger.page.evaluate(() => {
      const script = document.createElement('script')
      try {
        script.textContent = 'window.pwned = 1'
      } catch {
        // Trusted Types refused it before the policy had to.
      }
      document.body.append(script)
    })
    expect(await stranger.page.evaluate(() => (window as { pwned?: number }).pwned ?? null)).toBeNull()
  }
})
