// What a time is that was taken from its link, while its message, the desk or its reader's second thought comes in between.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { StaffActor } from '../access/rules'
import { renewHold } from '../booking/hold'
import { testDb } from '../server/testing'
import * as desk from './desk'
import * as flow from './flow'
import { anyone, ctx, dayAfter, mailServer, newSecret, waitingWorld } from './testing'
import { tellOffer } from './mail'
import { tendClinic } from './offers'

const { admin } = testDb()
let mails: Awaited<ReturnType<typeof mailServer>>
let world: Awaited<ReturnType<typeof waitingWorld>>
beforeAll(async () => {
  mails = await mailServer()
  process.env.SMTP_URL = mails.url
})
afterAll(() => mails?.close())
beforeEach(async () => {
  await admin('DELETE FROM rate_limit')
  await admin('DELETE FROM pgboss.job')
  mails.taken.length = 0
  mails.server.answer = null
  world = await waitingWorld(admin)
})

const minutes = (n: number, from: Date) => new Date(from.getTime() + n * 60_000)
type Link = Awaited<ReturnType<typeof world.waits>>
const offerOf = async (link: Link, at: Date) => {
  const view = await flow.open(anyone, link, ctx(at))
  return view.ok ? view.value.offer! : (null as never)
}
async function taken(link: Link, at: Date) {
  const { appointmentId } = await offerOf(link, at)
  const secret = newSecret()
  const held = await flow.take(anyone, { ...link, appointmentId, holdSecret: secret }, ctx(at))
  return { appointmentId, secret, held }
}
const missedOf = async ({ id }: Link) =>
  (await admin<{ missed: number }>('SELECT missed FROM waitlist_entry WHERE id = $1', [id]))[0]!.missed

// Defence: `isTaken` in lib/waitlist/mail.ts.
it.each([450, 550])('is kept though its mail is answered by %i meanwhile', async (answer) => {
  const { now, clinicId } = world
  const ada = await world.waits('ada@example.org')
  await tendClinic(clinicId, now)
  const [offer] = await admin<{ id: string }>('SELECT id FROM waitlist_offer WHERE clinic_id = $1', [clinicId])
  // The page is open, and shows it before the mail server has answered.
  const { appointmentId, secret, held } = await taken(ada, now)
  expect(held).toMatchObject({ ok: true })
  await admin('UPDATE waitlist_offer SET told_at = NULL WHERE id = $1', [offer!.id])
  mails.server.answer = answer
  await tellOffer(clinicId, offer!.id, () => minutes(1, now)).catch(() => undefined)
  expect(await renewHold(anyone, { id: appointmentId, secret }, ctx(minutes(12, now)))).toMatchObject({ ok: true })
  expect(await world.stateOf(ada.id)).toBe('waiting')
})

// Defence: the outcome that `leave` asks for.
it('who booked and leaves has booked; who was never told, or is about to pay, has let nothing pass', async () => {
  const { now, clinicId } = world
  const ada = await world.waits('ada@example.org', { last: 3 })
  await world.work(now)
  const first = await taken(ada, now)
  await admin(`UPDATE appointment SET status = 'booked', held_until = NULL WHERE id = $1`, [first.appointmentId])
  expect(await flow.leave(anyone, ada, ctx(now))).toMatchObject({ ok: true })
  expect(await world.stateOf(ada.id)).toBe('ended booked')
  expect((await world.offers()).map(({ outcome }) => outcome)).toEqual(['booked'])

  const ben = await world.waits('ben@example.org', { first: 2, last: 2 })
  await tendClinic(clinicId, now)
  expect(await offerOf(ben, now)).not.toBeNull()
  expect(await flow.leave(anyone, ben, ctx(now))).toMatchObject({ ok: true })
  expect([await world.stateOf(ben.id), await missedOf(ben)]).toEqual(['ended left', 0])

  const eve = await world.waits('eve@example.org', { first: 3, last: 3 })
  await world.work(now)
  const kept = await offerOf(eve, now)
  expect(kept.heldUntil).toBe(minutes(30, now).toISOString())
  expect(await flow.leave(anyone, eve, ctx(now))).toMatchObject({ ok: true })
  expect([await world.stateOf(eve.id), await missedOf(eve)]).toEqual(['ended left', 1])
})

// Defence: `add` ends what nobody confirmed.
it('what the desk hears of a caller counts, whatever a stranger asked for in their name before', async () => {
  const { now, serviceId } = world
  const { id: strangers } = await world.ask('caller@example.org', { first: 20, last: 30, timeZone: 'Pacific/Auckland' })
  const owner: StaffActor = {
    ...{ kind: 'staff', clinicId: world.clinicId, memberId: world.memberId, sessionId: '', roles: ['admin'] },
  }
  const wish = {
    ...{ id: randomUUID(), serviceId, memberId: null, siteId: null, parts: ['morning' as const] },
    ...{ firstDay: dayAfter(now, 1), lastDay: dayAfter(now, 2), email: 'caller@example.org', phone: '' },
    locale: 'en' as const,
  }
  expect(await desk.add(owner, wish, { now })).toEqual({ ok: true, value: { added: true } })
  expect(await world.stateOf(strangers)).toBe('ended unconfirmed')
  const listed = await desk.list(owner, {}, { now })
  expect(listed.ok && listed.value.rows).toMatchObject([
    { id: wish.id, firstDay: wish.firstDay, lastDay: wish.lastDay, state: 'waiting' },
  ])
  await world.greet()
  expect(mails.taken.map(({ text }) => text.includes(`/wait/${wish.id}#s=`))).toContain(true)
})
