// The waiting list: a clinic with one time a day, so that who waits for a day waits for that time.
import { expect, test } from '@playwright/test'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { fillForm, linkIn } from './journey.ts'
import { look, narrow } from './page-checks.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld } from './world.ts'
import { clinicZone } from './zones.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []

test.describe.configure({ timeout: 400_000 })
test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
  await world.owner.door.get('schedule/save-week', {
    memberId: world.doctor.memberId,
    hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, startMinute: 600, endMinute: 615 })),
  })
})
test.afterAll(() => stack?.down())
test.afterEach(() => Promise.all(open.splice(0).map((device) => device.close())))
const own = async (made: Promise<Device>) => {
  const device = await made
  open.push(device)
  return device
}

const shoot = pictures('waitlist')
const mailOf = async (to: string, subject: string) => {
  const found = async () => (await stack.mails(to)).filter((mail) => mail.subject.startsWith(subject))
  await expect.poll(found).toHaveLength(1)
  return (await found())[0]!
}
const place = /https?:\S+\/wait\/\S+#s=[\w-]+/

// Defence of the order: `offerNext` in lib/waitlist/offers.ts asks the first in line, and who is behind after that.
test('who finds no time is told of one that becomes free, and books it; the next has what is declined', async () => {
  const taken = await world.book({ service: 'free', at: 2 })
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: clinicZone }).format(new Date(taken.startsAt))
  const mobile = await own(phone())
  const { page } = mobile
  await page.goto(world.bookingUrl)
  await page.getByRole('link', { name: 'Choose a time: First talk' }).click()
  await page.getByRole('link', { name: 'Tell me when another time is free' }).click()
  await expect(page.getByRole('heading', { name: 'Be told of a free time' })).toBeVisible()
  await page.getByRole('button', { name: 'Put me on the list' }).click()
  await expect(page.getByText('Enter an e-mail address such as name@example.org.')).toBeVisible()
  await expect(page.getByLabel('E-mail')).toBeFocused()
  // What the browser says of a form that was refused.
  expect(mobile.faults.splice(0)).toEqual([expect.stringContaining('400')])
  await look(page, 'joining the waiting list')
  await shoot(page, 'join')
  await page.getByLabel('From').fill(day)
  await page.getByLabel('Until').fill(day)
  await page.getByLabel('Evenings').uncheck()
  await page.getByLabel('E-mail').fill('ines@example.test')
  await page.getByRole('button', { name: 'Put me on the list' }).dblclick()
  await expect(page.getByRole('status').filter({ hasText: 'Look into your mail' })).toBeFocused()
  const asked = await mailOf('ines@example.test', 'Please confirm')
  for (const word of ['First talk', world.doctor.name]) expect(asked.text).not.toContain(word)
  const link = linkIn(asked.text, place)
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'Do you want to be told?' })).toBeVisible()
  await shoot(page, 'confirm')
  await page.getByRole('button', { name: 'Yes, tell me' }).click()
  await expect(page.getByRole('heading', { name: 'You are on the waiting list' })).toBeVisible()
  await look(page, 'a place on the waiting list')
  await shoot(page, 'waiting')

  // The desk sees her, and adds a caller behind her.
  const desk = await own(desktop())
  await signInPage(desk.page, stack.baseUrl, world.desk)
  await desk.page.goto(`${stack.baseUrl}/waitlist`)
  await expect(desk.page.getByText('1 person waits')).toBeVisible()
  await expect(desk.page.getByRole('row', { name: /ines@example\.test/ })).toContainText('Waiting')
  await desk.page.getByRole('button', { name: 'Add a caller' }).click()
  const dialog = desk.page.getByRole('dialog')
  await dialog.getByLabel('Service').selectOption('First talk')
  await dialog.getByLabel('From').fill(day)
  await dialog.getByLabel('Until').fill(day)
  await dialog.getByLabel('E-mail').fill('noel@example.test')
  await look(desk.page, 'adding a caller', { dialog: true })
  await shoot(desk.page, 'add')
  await dialog.getByRole('button', { name: 'Add to the list' }).click()
  await expect(desk.page.getByText('2 people wait')).toBeVisible()
  await mailOf('noel@example.test', 'You are on the waiting list')

  // The time becomes free: it is hers, and nobody else is shown it.
  const free = async () =>
    (
      await world.desk.door.get('booking/slots', {
        clinicId: world.clinicId,
        serviceId: world.services.free.id,
        from: day,
        days: 1,
      })
    ).slots
  expect(await free()).toEqual([])
  await taken.patient.door.get('booking/cancel', { id: taken.appointmentId, secret: taken.linkSecret })
  const told = await mailOf('ines@example.test', 'A time is free')
  for (const word of ['First talk', world.doctor.name]) expect(told.text).not.toContain(word)
  // The caller behind her is told nothing.
  expect((await stack.mails('noel@example.test')).map(({ subject }) => subject.split(' ').slice(0, 3))).toEqual([
    ['You', 'are', 'on'],
  ])
  expect(linkIn(told.text, place)).toBe(link)
  expect(await free()).toEqual([])
  await page.reload()
  await expect(page.getByRole('heading', { name: 'A time is free for you' })).toBeVisible()
  await expect(page.getByText(/^Kept for you until \d\d:\d\d$/)).toBeVisible()
  await look(page, 'a time that is offered')
  await narrow(page, 'a time that is offered')
  await shoot(page, 'offer')
  await desk.page.reload()
  await expect(desk.page.getByRole('row', { name: /ines@example\.test/ })).toContainText('is kept until')
  await look(desk.page, 'the waiting list')
  await shoot(desk.page, 'desk')

  // The link leads into the form, on the time that is held; from there it is a booking like another.
  await page.getByRole('button', { name: 'Take this time' }).click()
  await page.waitForURL(/slot=/)
  await page.getByRole('button', { name: 'Continue with this time' }).click()
  await fillForm(page, {
    ...{ name: 'Ines Vale', birth: { day: '3', month: '4', year: '1986' }, email: 'ines@example.test', phone: '' },
    ...{ reason: 'Marzipanfever', texts: { 'Since when do you have it?': 'Monday' } },
  })
  await page.getByRole('button', { name: 'Book' }).click()
  await page.waitForURL(/\/a\//)
  await expect(desk.page.getByText('1 person waits')).toBeVisible({ timeout: 90_000 })
  await page.goto(link)
  await expect(page.getByText('You have booked a time, and wait no longer.')).toBeVisible()
  await shoot(page, 'ended')

  // Hers is cancelled too: the caller has it, in French, does not want it, and leaves.
  const [visit] = await stack.sql<{ id: string; startsAt: Date }>(
    `SELECT id, starts_at AS "startsAt" FROM appointment WHERE clinic_id = $1 AND status = 'booked'`,
    [world.clinicId],
  )
  await world.desk.door.get('booking/cancel-by-clinic', {
    id: visit!.id,
    startsAt: new Date(visit!.startsAt).toISOString(),
  })
  const next = await mailOf('noel@example.test', 'A time is free')
  const caller = await own(phone({ locale: 'fr-FR' }))
  await caller.page.goto(linkIn(next.text, place))
  await expect(caller.page.getByRole('heading', { name: 'Un horaire est libre pour vous' })).toBeVisible()
  await shoot(caller.page, 'offer-fr')
  await caller.page.getByRole('button', { name: 'Pas celui-ci' }).click()
  await expect(caller.page.getByText('Il revient à la personne suivante. Vous restez sur la liste.')).toBeVisible()
  expect(await free()).toHaveLength(1)
  await caller.page.getByRole('button', { name: 'Quitter la liste' }).click()
  await caller.page.getByRole('alertdialog').getByRole('button', { name: 'Quitter la liste' }).click()
  await expect(
    caller.page.getByText('Vous avez quitté la liste d’attente et ne recevez plus de messages.'),
  ).toBeVisible()
  await expect(desk.page.getByText('Nobody waits', { exact: true }).first()).toBeVisible()
  expect([...mobile.faults, ...caller.faults, ...desk.faults]).toEqual([])
})
