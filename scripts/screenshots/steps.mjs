// The journey, as two people would make it, with a picture at each step.
import { say, Sentence } from '../base.mjs'

const button = (page, name) => page.getByRole('button', { name })
const next = (page) => page.getByRole('button', { name: 'Continue', exact: true }).click()
const settled = (page) => page.waitForLoadState('networkidle', { timeout: 8_000 }).catch(() => undefined)

export async function booking({ facts, person, shoot }) {
  const wide = await person('desktop', 'patient')
  await wide.goto(facts.bookingUrl)
  await settled(wide)
  await shoot(wide, '01-clinic-desktop', 'The clinic’s booking page, on a desktop')
  await wide.context().addCookies([{ name: 'locale', value: 'fr', url: facts.baseUrl }])
  await wide.reload()
  await shoot(wide, '01-clinic-french', 'The same in French')
  await wide.context().browser().close()

  const page = await person('phone', 'patient')
  await page.goto(facts.bookingUrl)
  await settled(page)
  await shoot(page, '01-clinic-phone', 'The clinic’s booking page, on a phone')
  const paid = page
    .getByRole('listitem')
    .filter({ hasText: /[€£$]\s?\d/ })
    .filter({ hasNotText: 'paid to the clinic' })
  await paid.getByRole('link').first().click()
  await settled(page)
  await shoot(page, '02-times-phone', 'Free times, in the patient’s own time zone')
  await shoot(page, '02-times-dark', 'The same in the dark theme', { theme: 'dark' })
  await page.locator('a[href*="slot="]').nth(1).click()
  await button(page, 'Continue with this time').waitFor()
  await shoot(page, '03-slot-phone', 'The time chosen')
  await button(page, 'Continue with this time').click()
  await page.locator('#name').waitFor({ timeout: 60_000 })
  await page.locator('#name').fill('Clara Whitfield')
  for (const [part, value] of [
    ['Day', '14'],
    ['Month', '6'],
    ['Year', '1991'],
  ])
    await page.getByLabel(part, { exact: true }).fill(value)
  await page.locator('#email').fill('clara@patients.example')
  await page.locator('#reason').fill('A sore throat for five days, and a little fever in the evening.')
  await page.locator('#name').scrollIntoViewIfNeeded()
  await page.evaluate(() => scrollTo(0, document.querySelector('#name').getBoundingClientRect().top + scrollY - 300))
  await shoot(page, '04-who-phone', 'Who is coming: what is typed is encrypted on the phone')
  await next(page)
  await page.getByText('Answer now').click()
  await answer(page)
  await toForm(page)
  await shoot(page, '05-questions-phone', 'The clinic’s questions')
  await next(page)
  await page.locator('#signedName').waitFor()
  await page.locator('#signedName').fill('Clara Whitfield')
  await page.getByRole('checkbox', { name: 'I have read this' }).check()
  await toForm(page)
  await shoot(page, '06-consent-phone', 'The consent, read and signed')
  await next(page)
  await button(page, /^Book/).waitFor()
  await toForm(page)
  await shoot(page, '07-review-phone', 'A last look')
  await button(page, /^Book/).click()
  await button(page, /^Pay [€£$]/).waitFor({ timeout: 60_000 })
  await shoot(page, '08-payment-phone', 'The payment, on the stand-in for Stripe’s page')
  await button(page, /^Pay [€£$]/).click()
  await page.waitForURL(/\/paid/)
  await page.locator('h1').waitFor()
  await shoot(page, '09-paid-phone', 'Paid, and back')
  await page.locator('main a').first().click()
  await page
    .getByText('Documents')
    .first()
    .waitFor()
    .catch(() => undefined)
  await settled(page)
  await shoot(page, '10-appointment-phone', 'The patient’s own appointment page')
  await page.context().browser().close()
}

/** Scrolls so that the steps stand at the top. */
const toForm = (page) =>
  page.evaluate(() => {
    const steps = document.querySelector('main h2')
    if (steps) scrollTo(0, steps.getBoundingClientRect().top + scrollY - 120)
  })

/** Something into every question that is asked. */
async function answer(page) {
  const form = page.locator('form').first()
  for (const box of await form
    .locator('input:not([type=radio], [type=checkbox], [type=hidden]):visible, textarea:visible')
    .all())
    if (!(await box.inputValue()))
      await box.fill((await box.getAttribute('inputmode')) === 'decimal' ? '38' : 'Since Monday')
  const names = await form
    .locator('input[type=radio][name^="answers"]')
    .evaluateAll((all) => [...new Set(all.map((each) => each.name))])
  for (const name of names) await form.locator(`input[type=radio][name="${name}"]`).last().check({ force: true })
}

export async function consult({ facts, seed, person, shoot }) {
  const patient = await person('phone', 'patient')
  const visit = await joinable(patient, facts, seed)
  if (!visit)
    throw new Sentence('No appointment of the demo can be joined now: run `npm run db:reset`, then start it again.')
  await patient.reload()
  await button(patient, 'Turn on camera and microphone').click()
  await button(patient, 'Go to the waiting room').waitFor()
  await patient.waitForTimeout(1500)
  await shoot(patient, '11-check-phone', 'Camera and microphone, before going in')

  const doctor = await person('desktop', 'doctor')
  const { page, open } = await practitionerOf(doctor, facts, visit, shoot)
  await button(patient, 'Go to the waiting room').click()
  await patient.getByText('You are in the waiting room').waitFor()
  await patient.waitForTimeout(1500)
  await shoot(patient, '14-waiting-phone', 'The waiting room')
  await confirmDevice(patient, facts)
  await page
    .locator('main')
    .getByText(/^Waiting (now|for)/)
    .first()
    .waitFor()
  await shoot(page, '13-today-desktop', 'The practitioner’s day: who is waiting, who has paid')
  await shoot(page, '13-today-dark', 'The same in the dark theme', { theme: 'dark' })
  await open.click()
  await page.waitForURL(/\/encounter\//)
  const admit = button(page, 'Admit').first()
  await admit.waitFor({ timeout: 40_000 })
  await shoot(page, '15-door-desktop', 'The encounter: the chart, decrypted here, and the patient at the door')
  await admit.click()
  const join = button(patient, 'Join the call')
  await join.waitFor({ timeout: 40_000 })
  await shoot(patient, '16-admitted-phone', 'Let in')
  await join.click()
  for (const side of [patient, page])
    await side.waitForFunction(() => document.querySelector('video[data-call=remote]')?.videoWidth > 0, null, {
      timeout: 40_000,
    })
  await page.waitForTimeout(5000)
  await button(page, 'Matches').click()
  await page.getByText('This device is now known').waitFor({ timeout: 30_000 })
  await page.evaluate(() => scrollTo(0, 0))
  await shoot(page, '17-call-desktop', 'The call beside the chart')
  await shoot(patient, '17-call-phone', 'The same call on the phone, with the safety code')

  await page
    .getByLabel('Note of this encounter')
    .fill(
      'Sore throat for five days, evening fever up to 38.4 °C. No cough, tender nodes, white spots on both tonsils.\n\nLikely bacterial tonsillitis. Antibiotic for seven days, rest, plenty to drink. Back sooner if swallowing gets hard.',
    )
  const share = page.getByRole('checkbox', { name: 'Share with the patient' })
  if (await share.isEnabled()) await share.check()
  await bring(page, page.getByRole('tab', { name: 'Note' }))
  await shoot(page, '18-note-desktop', 'A note, kept sealed while it is typed')
  await button(page, 'Finish note').click()
  await page.getByRole('list', { name: 'Finished notes' }).waitFor()
  await page.getByRole('tab', { name: 'Prescription' }).click()
  for (const [label, text] of [
    ['Medicine', 'Amoxicillin'],
    ['Dose', '500 mg'],
    ['Form', 'capsule'],
    ['How often', 'three times a day'],
    ['For how long', '7 days'],
    ['Route', 'by mouth'],
    ['Quantity', '21'],
  ])
    await page.getByRole('tabpanel').getByLabel(label, { exact: true }).fill(text)
  await bring(page, page.getByRole('tab', { name: 'Prescription' }))
  await shoot(page, '19-prescription-desktop', 'A prescription')
  await button(page, 'Check and sign').click()
  await button(page, 'Sign and issue').waitFor()
  await shoot(page, '20-sign-desktop', 'Read as the pharmacist will read it, then signed')
  await button(page, 'Sign and issue').click()
  await button(page, 'Sign and issue').waitFor({ state: 'detached' })
  await page.getByText('Prescription issued').waitFor({ state: 'detached' })
  await button(page, 'More for this prescription').first().click()
  const rx = await page.getByRole('menuitem', { name: 'pharmacist' }).getAttribute('href')
  await page.keyboard.press('Escape')
  await page.getByRole('tab', { name: 'Recall' }).click()
  await bring(page, page.getByRole('tab', { name: 'Recall' }))
  await shoot(page, '21-recall-desktop', 'A recall: the patient gets a neutral mail when it is due')
  await button(patient, 'Hang up').click()
  await patient.locator('h1').waitFor()
  await shoot(patient, '22-left-phone', 'After the call')
  await patient.context().browser().close()
  await page.context().browser().close()
  return rx
}

const bring = (page, target) =>
  target.evaluate((element) => scrollTo(0, element.getBoundingClientRect().top + scrollY - 90))

/** With the six digits from the mail, as on any phone that did not book. */
async function confirmDevice(patient, { mailboxUrl }) {
  // The mail's own clock counts in seconds.
  const asked = Date.now() - 1000
  await button(patient, 'Send me a code').click()
  const field = patient.getByLabel('Code from the e-mail')
  await field.waitFor()
  for (let tries = 0; ; tries++) {
    const mails = await (await fetch(`${mailboxUrl}/api/messages`)).json()
    const code = mails
      .filter(({ date }) => Date.parse(date) >= asked)
      .map(({ text }) => /\b\d{6}\b/.exec(text)?.[0])
      .find(Boolean)
    if (code) {
      await field.fill(code)
      await button(patient, 'Confirm this device').click()
      return field.waitFor({ state: 'detached' })
    }
    if (tries > 30) throw new Sentence('The code for a new device did not arrive in the demo’s mailbox.')
    await patient.waitForTimeout(1000)
  }
}

/** The first appointment whose waiting room is open; the phone stands at its door then. */
async function joinable(patient, { baseUrl }, { appointments = [] }) {
  for (const visit of appointments) {
    const url = new URL(visit.url, baseUrl)
    await patient.goto(`${baseUrl}${url.pathname}/call${url.hash}`)
    await button(patient, 'Turn on camera and microphone').click()
    const answer = await Promise.race([
      button(patient, 'Go to the waiting room')
        .waitFor()
        .then(() => 'open'),
      patient
        .getByText('You are early')
        .waitFor()
        .then(() => 'early'),
      patient
        .getByText('time is over')
        .waitFor()
        .then(() => 'over'),
      patient
        .getByText('cannot be joined')
        .waitFor()
        .then(() => 'closed'),
    ]).catch(() => 'lost')
    say(`  ${visit.name}: ${answer}`)
    if (answer === 'open') return { ...visit, id: url.pathname.split('/').pop() }
  }
  return null
}

/** Signs in whoever sees that patient. */
async function practitionerOf(page, facts, visit, shoot) {
  const staff = facts.staff.filter(({ role }) => role === 'practitioner')
  for (const who of staff) {
    await page.goto(`${facts.baseUrl}/sign-in`)
    await page.getByLabel('E-mail').fill(who.email)
    await page.locator('input[type=password]').fill(who.password)
    if (who === staff[0]) await shoot(page, '12-sign-in-desktop', 'The staff’s sign-in')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(/\/today/, { timeout: 60_000 })
    const open = page.locator(`main a[href="/encounter/${visit.id}"]`).first()
    const mine = await open
      .waitFor({ timeout: 12_000 })
      .then(() => true)
      .catch(() => false)
    if (mine) return { page, open }
    await page.context().clearCookies()
  }
  throw new Sentence(
    `No practitioner of the demo sees ${visit.name} today: run \`npm run db:reset\`, then start it again.`,
  )
}

export async function pharmacy({ facts, person, shoot }, rx) {
  const page = await person('desktop', 'doctor')
  await page.goto(new URL(rx, facts.baseUrl).href)
  await page.getByText('Signed by a clinic that calls itself').waitFor({ timeout: 40_000 })
  await shoot(page, '23-pharmacist-desktop', 'The pharmacist’s copy: decrypted and checked in their browser')
  await page.context().browser().close()
}

export async function clinicDesk({ facts, person, shoot }) {
  const page = await person('desktop', 'doctor')
  const admin = facts.staff.find(({ role }) => role === 'admin')
  await page.goto(`${facts.baseUrl}/sign-in`)
  await page.getByLabel('E-mail').fill(admin.email)
  await page.locator('input[type=password]').fill(admin.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(/\/today/, { timeout: 60_000 })
  for (const [path, name, caption] of [
    ['/admin/services', '24-services-desktop', 'Services, prices and questions'],
    ['/admin/hours', '25-hours-desktop', 'Weekly hours'],
    ['/admin/staff', '26-staff-desktop', 'Staff, vouched for by the clinic’s own keys'],
    ['/admin/clinic', '27-profile-desktop', 'The clinic and its booking link'],
  ]) {
    await page.locator(`a[href="${path}"]`).first().click()
    await page.waitForURL(`**${path}`)
    await page.locator('main h1').waitFor()
    await settled(page)
    await shoot(page, name, caption)
  }
  await page.setViewportSize({ width: 390, height: 844 })
  await page.locator('a[href="/today"]').locator('visible=true').first().click()
  await page.waitForURL('**/today')
  await settled(page)
  await shoot(page, '28-today-phone', 'The day on a phone')
  await page.goto(`${facts.baseUrl}/start`)
  await settled(page)
  await shoot(page, '29-start-phone', 'Opening a clinic of one’s own')
  await page.context().browser().close()
}
