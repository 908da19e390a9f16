import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { placeName } from './rules.ts'
import { clinicWorld } from '../payment/testing'
import { sealField } from '../server/kms'
import { testDb } from '../server/testing'
import { mailJobs, placeWords } from './mail'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const { admin } = testDb()
const taken: string[] = []
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData(stream, _, done) {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => (taken.push(Buffer.concat(chunks).toString()), done()))
  },
})
let world: Awaited<ReturnType<typeof clinicWorld>>

beforeAll(async () => {
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  process.env.SMTP_URL = `smtp://127.0.0.1:${(smtp.server.address() as { port: number }).port}`
  world = await clinicWorld(admin)
})
afterAll(() => new Promise<void>((resolve) => smtp.close(resolve)))

/** Runs the job, and answers the one mail that it sent, with its calendar's lines unfolded. */
async function mailed(
  name: keyof typeof mailJobs.handlers,
  at: { clinicId: string; appointmentId: string },
  more: { place?: string; also?: string } = {},
) {
  taken.length = 0
  await mailJobs.handlers[name]({ clinicId: at.clinicId, appointmentId: at.appointmentId, ...more }, 'job')
  expect(taken).toHaveLength(1)
  const mail = await PostalMime.parse(taken[0]!)
  return { mail, lines: calendarIn(mail) }
}

function calendarIn(mail: Email): string[] {
  const part = mail.attachments.find(({ mimeType }) => mimeType === 'text/calendar' || mimeType === 'application/ics')
  return part ? linesOf(part) : []
}

function linesOf({ content }: Email['attachments'][number]): string[] {
  // The parser gives text with plain line ends.
  const text = (typeof content === 'string' ? content : new TextDecoder().decode(content)).replaceAll('\r\n', '\n')
  const long = text.split('\n').filter((line) => new TextEncoder().encode(line).length > 75)
  expect(long).toEqual([])
  return text.replaceAll('\n ', '').split('\n')
}
const valueOf = (lines: string[], name: string) =>
  lines.find((line) => line.startsWith(`${name}:`) || line.startsWith(`${name};`))?.replace(/^[^:]*:/, '')

const clinical = ['Fertility', 'Ada']

it('says that it is booked: when, where, and an invitation, in neutral words', async () => {
  const startsAt = new Date('2027-03-02T13:30:00Z')
  const at = await world.waiting({ status: 'booked', payment: 'paid', startsAt, timeZone: 'America/New_York' })
  const { mail, lines } = await mailed('mail.booked', at)
  const link = `http://localhost:3000/a/${at.appointmentId}#s=${at.secret}`
  expect(mail.to).toMatchObject([{ address: 'pat@example.org' }])
  expect(mail.subject).toBe('Your appointment with Lumen Clinic')
  expect(mail.messageId).toBe(`<booked-${at.appointmentId}@localhost>`)
  // Their own time, and the clinic's where it differs.
  for (const word of [link, '08:30', '14:30', 'New York', 'Paris', '€45', '+33 1 23 45 67 89'])
    expect(mail.text).toContain(word)
  for (const word of clinical) expect(taken[0]).not.toContain(word)

  expect(lines[0]).toBe('BEGIN:VCALENDAR')
  expect(lines.filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(1)
  expect(valueOf(lines, 'METHOD')).toBe('REQUEST')
  expect(valueOf(lines, 'UID')).toBe(at.appointmentId)
  expect(valueOf(lines, 'SEQUENCE')).toBe('0')
  expect(valueOf(lines, 'DTSTART')).toBe('20270302T133000Z')
  expect(valueOf(lines, 'DTEND')).toBe('20270302T140000Z')
  expect(valueOf(lines, 'SUMMARY')).toBe('Appointment with Lumen Clinic')
  expect(valueOf(lines, 'ORGANIZER')).toBe('mailto:no-reply@curtain.test')
  expect(valueOf(lines, 'STATUS')).toBe('CONFIRMED')
  expect(lines.some((line) => line.includes(link))).toBe(true)
  for (const word of clinical) expect(lines.join('\n')).not.toContain(word)

  // Tried again it is the same mail: programs show one.
  expect((await mailed('mail.booked', at)).mail.messageId).toBe(mail.messageId)
})

// Fails when a mail names a site as patients see it: what is treated there may be in its name.
it('says of a site where it is, and not what it is called', () => {
  const site = { id: 's', name: 'Oncology unit', address: '9 quai des Brumes' }
  const clinic = { name: 'Lumen Clinic', address: '4 rue du Port' }
  expect(placeWords('in_person', clinic, site, 'en')).toBe('Lumen Clinic, 9 quai des Brumes')
})

it('says where to come, or that the clinic calls, and of no call to join, in the calendar too', async () => {
  await admin(`UPDATE clinic SET address = '4 rue du Port, 75004 Paris' WHERE id = $1`, [world.clinicId])
  const booked = async (way: string, locale: 'en' | 'fr' = 'en') => {
    const at = await world.waiting({ status: 'booked', payment: 'paid', locale })
    await admin('UPDATE appointment SET way = $2::visit_way WHERE id = $1', [at.appointmentId, way])
    const { mail, lines } = await mailed('mail.booked', at)
    return { text: mail.text!, location: valueOf(lines, 'LOCATION') }
  }
  const video = await booked('video')
  expect(video.text).toContain('join the call')
  expect([video.location, video.text.includes('rue du Port')]).toEqual([undefined, false])
  const phone = await booked('phone')
  expect(phone.text).toContain('By telephone: Lumen Clinic calls you at the number that you gave.')
  expect(phone.text).not.toContain('join the call')
  expect(phone.location).toBe('By telephone: Lumen Clinic calls you at the number that you gave.')
  const here = await booked('in_person', 'fr')
  expect(here.text).toContain('Lumen Clinic, 4 rue du Port, 75004 Paris')
  expect(here.text).not.toContain('rejoignez')
  expect(here.location).toBe('Lumen Clinic\\, 4 rue du Port\\, 75004 Paris')
})

it('takes the same event back when it is cancelled, and says so in French to whoever booked in French', async () => {
  const at = await world.waiting({ status: 'booked', payment: 'paid', locale: 'fr' })
  const booked = await mailed('mail.booked', at)
  expect(booked.mail.subject).toBe('Votre rendez-vous avec Lumen Clinic')
  await admin(`UPDATE appointment SET status = 'cancelled', cancelled_at = now(), sequence = 1 WHERE id = $1`, [
    at.appointmentId,
  ])
  const { mail, lines } = await mailed('mail.cancelled', at)
  expect(mail.subject).toMatch(/^Annulé\s: votre rendez-vous avec Lumen Clinic$/)
  // Defence: mailCancelled writes no fragment. A fingerprint from our own database would anchor a false clinic.
  expect(mail.text).toMatch(/\/c\/lumen-\w+$/m)
  expect(mail.text).not.toMatch(/#k=|root-fingerprint/)
  expect(valueOf(lines, 'METHOD')).toBe('CANCEL')
  expect(valueOf(lines, 'STATUS')).toBe('CANCELLED')
  expect(valueOf(lines, 'UID')).toBe(valueOf(booked.lines, 'UID'))
  expect(valueOf(lines, 'SEQUENCE')).toBe('1')
  // What was cancelled before its mail went out is not said to be booked.
  taken.length = 0
  await mailJobs.handlers['mail.booked']({ clinicId: at.clinicId, appointmentId: at.appointmentId }, 'job')
  expect(taken).toEqual([])
})

it('moves the same event when the appointment is moved, and says nothing of a time that was overtaken', async () => {
  const at = await world.waiting({ status: 'booked', payment: 'paid', startsAt: new Date('2027-04-06T08:00:00Z') })
  const booked = await mailed('mail.booked', at)
  await admin(
    `UPDATE appointment SET starts_at = $2, blocked_from = $2, ends_at = $3, blocked_until = $3, sequence = 2 WHERE id = $1`,
    [at.appointmentId, new Date('2027-04-07T12:00:00Z'), new Date('2027-04-07T12:30:00Z')],
  )
  const place = (day: string) =>
    placeName({ startsAt: new Date(`${day}T12:00:00Z`), endsAt: new Date(`${day}T12:30:00Z`), siteId: null })
  const move = (day: string) => ({ clinicId: at.clinicId, appointmentId: at.appointmentId, place: place(day) })
  // Defence: the place in mailMoved. Not the sequence: that rises too when a colleague takes over, of which no mail tells.
  taken.length = 0
  await mailJobs.handlers['mail.moved'](move('2027-04-08'), 'job')
  expect(taken).toEqual([])
  const { mail, lines } = await mailed('mail.moved', at, { place: place('2027-04-07') })
  expect(mail.subject).toBe('Moved: your appointment with Lumen Clinic')
  for (const word of [`/a/${at.appointmentId}#s=${at.secret}`, '14:00', '7 April']) expect(mail.text).toContain(word)
  for (const word of clinical) expect(taken[0]).not.toContain(word)
  expect(valueOf(lines, 'METHOD')).toBe('REQUEST')
  expect(valueOf(lines, 'UID')).toBe(valueOf(booked.lines, 'UID'))
  expect(valueOf(lines, 'SEQUENCE')).toBe('2')
  expect(valueOf(lines, 'DTSTART')).toBe('20270407T120000Z')
  // Cancelled meanwhile it is not said to be moved.
  await admin(`UPDATE appointment SET status = 'cancelled', cancelled_at = now() WHERE id = $1`, [at.appointmentId])
  taken.length = 0
  await mailJobs.handlers['mail.moved'](move('2027-04-07'), 'job')
  expect(taken).toEqual([])
})

it('says that money is on its way back', async () => {
  const at = await world.waiting({ status: 'expired', payment: 'refunded' })
  const { mail, lines } = await mailed('mail.refunded', at)
  expect(mail.subject).toBe('Refund from Lumen Clinic')
  expect(mail.text).toContain('€45')
  expect(lines).toEqual([])
})

it('tells the address that was of a change, and not where mail goes now', async () => {
  const { clinicId } = world
  const patientId = crypto.randomUUID()
  taken.length = 0
  for (const locale of ['en', 'fr']) {
    const sealed = await sealField('old@example.org', `patient.email|${clinicId}|${patientId}`)
    const data = { clinicId, patientId, to: Buffer.from(sealed).toString('base64url'), locale }
    await mailJobs.handlers['mail.contact'](data, `job-${locale}`)
  }
  const [english, french] = await Promise.all(taken.map((mail) => PostalMime.parse(mail)))
  expect(english!.to).toMatchObject([{ address: 'old@example.org' }])
  expect(english!.subject).toBe('Your contact details with Lumen Clinic')
  expect(english!.messageId).toBe('<contact-job-en@localhost>')
  for (const word of ['were changed', 'not you', '+33 1 23 45 67 89']) expect(english!.text).toContain(word)
  expect(french!.subject).toBe('Vos coordonnées auprès de Lumen Clinic')
  for (const mail of taken) expect(mail).not.toMatch(/Fertility|Ada|\/a\//)
})

it('lists the visits of a series in one mail, each an event of its own, and those that are taken back in another', async () => {
  const days = ['2027-03-22', '2027-03-29', '2027-04-05']
  const visits = []
  for (const day of days) {
    const startsAt = new Date(`${day}T08:00:00Z`)
    visits.push(await world.waiting({ status: 'booked', mode: 'later', payment: 'due', startsAt }))
  }
  const ids = visits.map(({ appointmentId }) => appointmentId)
  await admin(
    `UPDATE appointment a SET series_id = gen.id, patient_id = f.patient_id FROM (SELECT gen_random_uuid() AS id) gen, appointment f
     WHERE a.id = ANY($1) AND f.id = $2`,
    [ids, ids[0]],
  )
  const first = visits[0]!
  const { mail, lines } = await mailed('mail.booked', first)
  expect(mail.subject).toBe('Your appointments with Lumen Clinic')
  // The clock goes forward between the first and the second.
  for (const words of ['22 March 2027, 09:00', '29 March 2027, 10:00', '5 April 2027, 10:00'])
    expect(mail.text).toContain(words)
  expect(mail.text).toContain('€45 is to be paid to the clinic for each.')
  expect(mail.text!.match(/\/a\/[0-9a-f-]{36}#s=/g)).toEqual([`/a/${first.appointmentId}#s=`])
  for (const word of clinical) expect(mail.text).not.toContain(word)
  expect(lines.filter((line) => line.startsWith('UID:')).map((line) => line.slice(4))).toEqual(ids)
  expect(valueOf(lines, 'METHOD')).toBe('PUBLISH')
  expect(lines.filter((line) => line.startsWith('ATTENDEE'))).toEqual([])
  for (const { appointmentId, secret } of visits)
    expect(lines.some((line) => line.startsWith('URL') && line.endsWith(`/a/${appointmentId}#s=${secret}`))).toBe(true)
  // The first is taken back before its mail goes: the others are told of, by the link of the next.
  await admin(`UPDATE appointment SET status = 'cancelled', cancelled_at = now(), sequence = 1 WHERE id = $1`, [ids[0]])
  const late = await mailed('mail.booked', first)
  expect(late.mail.text).toContain(`/a/${ids[1]}#s=`)
  expect(late.mail.text).not.toContain('22 March')
  await admin(`UPDATE appointment SET status = 'cancelled', cancelled_at = now(), sequence = 1 WHERE id = $1`, [ids[1]])
  const [booked, both] = [visits[2]!, { clinicId: first.clinicId, appointmentId: ids[0]! }]
  expect((await mailed('mail.booked', booked)).mail.subject).toBe('Your appointment with Lumen Clinic')
  const gone = await mailed('mail.cancelled', both, { also: [ids[1], ids[2]].join() })
  expect(gone.mail.subject).toBe('Cancelled: your appointments with Lumen Clinic')
  expect(gone.mail.text).toContain('29 March 2027, 10:00')
  // One that stands is not said to be cancelled.
  expect(gone.mail.text).not.toContain('5 April')
  // What takes an event out of a calendar is a file for each, with the id under which it came.
  const files = gone.mail.attachments.filter(({ mimeType }) => mimeType === 'text/calendar').map(linesOf)
  const ended = ['CANCEL', 'CANCELLED']
  expect(
    new Set(files.map((each) => [valueOf(each, 'UID'), valueOf(each, 'METHOD'), valueOf(each, 'STATUS')].join())),
  ).toEqual(new Set([ids[0], ids[1]].map((id) => [id, ...ended].join())))
})
