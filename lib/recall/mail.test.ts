import { randomUUID } from 'node:crypto'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { clinicWorld } from '../payment/testing'
import { enqueue, startWorker } from '../server/jobs'
import { testDb } from '../server/testing'
import { inNoClinic } from '../server/tx'
import { recallJobs } from './flow'

const { admin } = testDb()
const taken: { to: string[]; raw: string }[] = []
const smtp = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS', 'AUTH'],
  onData(stream, { envelope }, done) {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      taken.push({ to: envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks).toString() })
      done()
    })
  },
})
let world: Awaited<ReturnType<typeof clinicWorld>>

beforeAll(async () => {
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  process.env.SMTP_URL = `smtp://127.0.0.1:${(smtp.server.address() as { port: number }).port}`
  world = await clinicWorld(admin)
})
afterAll(() => new Promise<void>((resolve) => smtp.close(resolve)))

it('the worker mails a due recall once, to the patient, and no word of why', async () => {
  const { clinicId, appointmentId } = await world.waiting({ status: 'completed', payment: 'paid' })
  const [dueId, farId] = [randomUUID(), randomUUID()]
  for (const [id, due] of [
    [dueId, '-1'],
    [farId, '40'],
  ])
    await admin(
      `INSERT INTO recall (id, clinic_id, patient_id, member_id, service_id, record_id, due_on)
       SELECT $1, clinic_id, patient_id, member_id, service_id, gen_random_uuid(), current_date + $3::int FROM appointment WHERE id = $2`,
      [id, appointmentId, due],
    )
  const stop = await startWorker({ handlers: recallJobs.handlers, pollSeconds: 0.5 })
  const statusOf = async (id: string) =>
    (await admin<{ status: string }>('SELECT status FROM recall WHERE id = $1', [id]))[0]!.status
  const idle = async () =>
    expect(await admin(`SELECT name FROM pgboss.job WHERE name LIKE 'recall.%' AND state < 'completed'`)).toEqual([])
  // The clock strikes again before the patient has answered, and again.
  for (let round = 0; round < 3; round++) {
    await inNoClinic((tx) => enqueue(tx, 'recall.due', { round }))
    await vi.waitFor(idle, 20_000)
    expect(await statusOf(dueId)).toBe('invited')
  }
  await stop()
  expect(await statusOf(farId)).toBe('scheduled')
  expect(taken).toHaveLength(1)
  const [{ to, raw }] = taken as [(typeof taken)[0]]
  expect(to).toEqual(['pat@example.org'])
  const mail = await PostalMime.parse(raw)
  expect(mail.subject).toBe('Time for your next appointment at Lumen Clinic')
  const link = /http\S+/.exec(mail.text!)![0]
  expect(link).toContain(`recall=${dueId}`)
  // Defence: mailInvitation writes no fragment. A fingerprint from our own database anchors a false clinic as if it were the clinic's link.
  expect(link).not.toMatch(/#|root-fingerprint/)
  // Ids and the clinic's name. The service is called "Fertility consultation"; the reason is sealed, and no server has it.
  const said = `${mail.subject} ${mail.text} ${mail.html ?? ''} ${JSON.stringify(mail.headers)}`
  expect(said).not.toMatch(/fertility|consultation|diagnos|treatment|symptom|result|reason|Ada/i)
  expect(mail.attachments).toEqual([])
  const jobs = JSON.stringify(await admin(`SELECT data FROM pgboss.job WHERE name LIKE 'recall.%'`))
  expect(jobs).not.toMatch(/fertility|pat@example/i)
  expect(jobs).toContain(clinicId)
}, 90_000)
