// The link by text message: to a real server that answers as Twilio does.
import { createServer } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { clinicWorld, type Waiting } from '../payment/testing.ts'
import { partsOf } from '../reminder/text.ts'
import { sealField } from '../server/kms.ts'
import { testDb } from '../server/testing.ts'
import { deskJobs } from './text.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
const texts: URLSearchParams[] = []
let status = 201
const carrier = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  texts.push(new URLSearchParams(Buffer.concat(chunks).toString()))
  response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
})
beforeAll(async () => {
  await new Promise<void>((done) => carrier.listen(0, '127.0.0.1', done))
  Object.assign(process.env, {
    ...{ TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`, TWILIO_KEY_SID: 'SKkey', TWILIO_KEY_SECRET: 'secret' },
    SMS_FROM: '+15005550006',
    TWILIO_API_BASE: `http://127.0.0.1:${(carrier.address() as { port: number }).port}`,
  })
})
afterAll(() => void carrier.close())
beforeEach(async () => {
  await admin('DELETE FROM rate_limit')
  texts.length = 0
  status = 201
  world = await clinicWorld(admin)
})

async function visit(phone: string, state: 'booked' | 'cancelled' = 'booked'): Promise<Waiting> {
  const made = await world.waiting({ status: state, payment: 'due', mode: 'later', locale: 'fr' })
  const { clinicId, appointmentId } = made
  const [row] = await admin<{ id: string }>('SELECT patient_id AS id FROM appointment WHERE id = $1', [appointmentId])
  const sealed = await sealField(phone, `patient.phone|${clinicId}|${row!.id}`)
  await admin('UPDATE patient SET phone_sealed = $2 WHERE id = $1', [row!.id, sealed])
  return made
}
const send = ({ clinicId, appointmentId }: Waiting) =>
  deskJobs.handlers['text.link']({ clinicId, appointmentId }, 'job')

test('says the clinic and the link, in the patient’s language, and nothing that says what for', async () => {
  const made = await visit('+33 6 12 34 56 78')
  await send(made)
  expect(texts).toHaveLength(1)
  expect(texts[0]!.get('To')).toBe('+33612345678')
  const text = texts[0]!.get('Body')!
  expect(text).toContain(`/a/${made.appointmentId}#s=${made.secret}`)
  const [names] = await admin<{ clinic: string; service: string; practitioner: string }>(
    `SELECT c.name AS clinic, s.name AS service, m.display_name AS practitioner FROM appointment a JOIN clinic c ON c.id = a.clinic_id
     JOIN service s ON s.id = a.service_id JOIN member m ON m.id = a.member_id WHERE a.id = $1`,
    [made.appointmentId],
  )
  expect(text).toContain(names!.clinic)
  for (const word of [names!.service, names!.practitioner]) expect(text).not.toContain(word)
  expect(text).toMatch(/rendez-vous/i)
  expect(partsOf(text)).toBeLessThanOrEqual(2)
})

test('goes to no number without its country, and to nobody whose appointment is cancelled', async () => {
  await send(await visit('06 12 34 56 78'))
  await send(await visit('+33 6 12 34 56 78', 'cancelled'))
  expect(texts).toEqual([])
})

test('goes once, although nobody takes it', async () => {
  status = 500
  await send(await visit('+33 6 12 34 56 78'))
  expect(texts).toHaveLength(1)
})

test('to one number goes six times a day, whoever books with it', async () => {
  for (let nth = 0; nth < 8; nth++) await send(await visit('+33 6 12 34 56 78'))
  expect(texts).toHaveLength(6)
})
