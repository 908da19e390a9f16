import { randomUUID } from 'node:crypto'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { answer, at, must, openTestClinic, vouchFor } from '../access/testing'
import * as access from '../access/flow'
import { enqueue, startWorker } from '../server/jobs'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import { ask, showLink } from './flow'
import { rekeyJobs } from './mail'
import { saveRequest } from './store'

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
let stop: () => Promise<void>

beforeAll(async () => {
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  process.env.SMTP_URL = `smtp://127.0.0.1:${(smtp.server.address() as { port: number }).port}`
})
afterAll(async () => {
  await stop()
  await new Promise<void>((resolve) => smtp.close(resolve))
})

it('the link goes to the member alone, in a fragment and in no job; that it was used, to them and to every officer', async () => {
  const clinic = await openTestClinic()
  const { clinicId, owner } = clinic
  const { invitation, memberId, email } = await answer(clinic, ['frontdesk'])
  const signed = await vouchFor(clinic, invitation.id, invitation)
  must(await access.vouch(owner.actor, { id: invitation.id, ...signed }, at()))
  must(await ask({ kind: 'public' }, { email, locale: 'fr' }, at()))
  stop = await startWorker({ handlers: rekeyJobs.handlers, pollSeconds: 0.5 })
  const idle = async () =>
    expect(await admin(`SELECT name FROM pgboss.job WHERE name LIKE 'mail.rekey%' AND state < 'completed'`)).toEqual([])
  await vi.waitFor(idle, 20_000)
  expect(taken.map(({ to }) => to)).toEqual([[email]])
  const { text } = await PostalMime.parse(taken[0]!.raw)
  expect(text).toContain('phrase secrète')
  const token = /\/sign-in\/lost#t=(\S+)/.exec(text!)![1]!
  expect(must(await showLink({ kind: 'public' }, { token }, at()))).toMatchObject({ clinicId, memberId })
  const [job] = await admin<{ job: string }>(`SELECT j::text AS job FROM pgboss.job j WHERE name = 'mail.rekey-link'`)
  expect(job!.job).not.toContain(token.slice(0, 20))

  const id = randomUUID()
  const now = new Date()
  await inClinic(clinicId, async (tx) => {
    const waits = { opaqueRecord: 'x', wrappedAccount: 'x', keys: { sign: 'x', dh: 'x' } }
    await saveRequest(tx, { id, clinicId, memberId, ...waits, askedAt: now, expiresAt: new Date(now.getTime() + 9e7) })
    for (const what of ['asked', 'objected', 'done']) await enqueue(tx, 'mail.rekey', { clinicId, requestId: id, what })
  })
  await vi.waitFor(idle, 20_000)
  const mails = await Promise.all(taken.slice(1).map(async ({ to, raw }) => ({ ...(await PostalMime.parse(raw)), to })))
  expect(mails.map(({ to }) => to[0]).sort()).toEqual(
    [email, email, email, owner.email, owner.email, owner.email].sort(),
  )
  const asked = mails.filter(({ subject }) => subject === 'Somebody asks for new keys at Lumen Clinic')
  expect(asked.find(({ to }) => to[0] === email)!.text).toContain('sign in and stop it at once')
  expect(asked.find(({ to }) => to[0] === owner.email)!.text).toContain('Grace says that passphrase and recovery kit')
}, 60_000)
