// A day that runs late: the practitioner says so once, and who waits sees it and is written to once.
import { expect, test } from '@playwright/test'
import { desktop, type Device, phone, signInPage } from './browsers.ts'
import { look, narrow } from './page-checks.ts'
import { pictures } from './pictures.ts'
import { up, type TestStack } from './stack.ts'
import { type ClinicWorld, clinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
const open: Device[] = []

test.beforeAll(async () => {
  test.setTimeout(300_000)
  stack = await up()
  world = await clinicWorld(stack)
})
test.afterAll(() => stack?.down())
test.afterEach(() => Promise.all(open.splice(0).map((device) => device.close())))
const own = async (made: Promise<Device>) => {
  const device = await made
  open.push(device)
  return device
}

const shoot = pictures('late')
const lateMails = async (to: string) =>
  (await stack.mails(to)).map(({ subject }) => subject).filter((subject) => /^(Running late|On time)/.test(subject))

// Defence: `tell` in lib/late/flow.ts, which remembers what each patient was told last.
test('who runs late says so with one tap: the patient sees it without doing anything, is written to once, and again when it is over', async () => {
  const visit = await world.book({ service: 'free', fields: { email: 'ida@example.test' } })
  const patient = await own(phone())
  await patient.page.goto(visit.link)
  await expect(patient.page.getByRole('heading', { level: 1 })).toBeVisible()
  const doctor = await own(desktop())
  await signInPage(doctor.page, stack.baseUrl, world.doctor)
  await doctor.page.goto(`${stack.baseUrl}/today`)
  await doctor.page.getByText('Running late', { exact: true }).click()
  await look(doctor.page, 'saying that one runs late')
  await shoot(doctor.page, 'say')
  await doctor.page.getByRole('button', { name: '+20 min' }).dblclick()
  await expect(doctor.page.getByText('You run 20 minutes late')).toBeVisible()
  await expect(doctor.page.getByText(/^Expected \d\d:\d\d$/)).toBeVisible()
  await look(doctor.page, 'a day that runs late')
  await shoot(doctor.page, 'day')
  // The page asks by itself.
  await expect(patient.page.getByText('About 20 minutes late')).toBeVisible({ timeout: 60_000 })
  await expect(patient.page.getByText(/^Expected at \d\d:\d\d\./)).toBeVisible()
  await look(patient.page, 'an appointment that is late')
  await narrow(patient.page, 'an appointment that is late')
  // No word of where it stands is broken in two on a narrow phone.
  const size = patient.page.viewportSize()!
  await patient.page.setViewportSize({ width: 360, height: size.height })
  const step = patient.page.getByRole('listitem').filter({ hasText: 'With the practitioner' })
  const lines = await step.evaluate((item) => {
    const [text, range] = [item.firstChild!, document.createRange()]
    range.setStart(text, 'With the '.length)
    range.setEnd(text, text.textContent!.length)
    return range.getClientRects().length
  })
  expect(lines).toBe(1)
  await patient.page.setViewportSize(size)
  await shoot(patient.page, 'patient')
  await expect.poll(() => lateMails('ida@example.test')).toHaveLength(1)
  const [mail] = (await stack.mails('ida@example.test')).filter(({ subject }) => subject.startsWith('Running late'))
  for (const word of ['First talk', world.doctor.name]) expect(mail!.text).not.toContain(word)

  await doctor.page.getByRole('button', { name: 'On time again' }).click()
  await expect(doctor.page.getByText('You run 20 minutes late')).toBeHidden()
  await expect(patient.page.getByText('About 20 minutes late')).toBeHidden({ timeout: 60_000 })
  await expect.poll(() => lateMails('ida@example.test')).toHaveLength(2)
  expect((await lateMails('ida@example.test')).filter((subject) => subject.startsWith('On time again'))).toHaveLength(1)
  expect([...patient.faults, ...doctor.faults]).toEqual([])
})
