// A voucher beside what else a visit can be: with a deposit, moved, offered by the waiting list, booked by the desk, cut short by a death.
import { randomBytes, randomUUID } from 'node:crypto'
import { encode } from 'cborg'
import { beforeAll, expect, it, vi } from 'vitest'
import type { StaffActor } from '../access/rules'
import { cancelAppointment } from '../booking/cancel'
import { bookSlot, showAppointment } from '../booking/flow'
import { moveAppointment } from '../booking/move'
import { otherTimes, rescheduleAppointment } from '../booking/reschedule'
import { bookingFields, bookingPurpose } from '../booking/rules'
import { anyone, at as ctxAt, bookAs, sealedStub, testDevice } from '../booking/testing'
import { toB64 } from '../crypto/bytes'
import { sign } from '../crypto/sign'
import * as desk from '../desk/book'
import { complete } from '../encounter/flow'
import { loadMonth } from '../ledger/flow'
import { take } from '../payment/desk'
import type * as paymentFlow from '../payment/flow'
import { openCheckout } from '../payment/flow'
import { booksOf, clinicWorld, factsOf, type Waiting } from '../payment/testing'
import { testDb } from '../server/testing'
import { dayIn } from '../time'
import * as waitlist from '../waitlist/flow'
import { ctx, newSecret, waitingWorld } from '../waitlist/testing'
import { make } from './flow'
import { codeLength, triesAnHour, writeCode } from './rules'

vi.setConfig({ testTimeout: 60_000 })
vi.mock('../payment/flow', async (original) => {
  const flow = await original<typeof paymentFlow>()
  return { ...flow, openCheckout: vi.fn(flow.openCheckout) }
})
const { admin } = testDb()
type World = Pick<Awaited<ReturnType<typeof clinicWorld>>, 'clinicId' | 'memberId' | 'serviceId'>
let world: Awaited<ReturnType<typeof clinicWorld>>
let owner: StaffActor
const ownerOf = ({ clinicId, memberId }: World): StaffActor => ({
  ...{ kind: 'staff', clinicId, memberId, sessionId: randomUUID() },
  roles: ['admin', 'practitioner', 'frontdesk'],
})
beforeAll(async () => {
  world = await clinicWorld(admin)
  owner = ownerOf(world)
}, 60_000)

const now = () => ({ now: new Date() })
let address = 0
const nextIp = () => `192.0.2.${++address}`
async function codeFor(serviceId: string, actor = owner, at = new Date()) {
  const made = await make(actor, { batchId: randomUUID(), serviceId, count: 1, days: 30 }, { now: at })
  if (!made.ok) throw new Error(made.code)
  return made.value.codes[0]!
}
async function service(mode: 'deposit' | 'online' | 'later', clinic: World = world): Promise<string> {
  const [row] = await admin<{ id: string }>(
    `INSERT INTO service (clinic_id, name, minutes, price_minor, currency, payment_mode, deposit, intake_form)
     VALUES ($1, 'With a price', 30, 6000, 'eur', $2, $3, '[]') RETURNING id`,
    [clinic.clinicId, mode, JSON.stringify(mode === 'deposit' ? { kind: 'percent', percent: 40 } : { kind: 'none' })],
  )
  await admin('INSERT INTO service_practitioner (clinic_id, service_id, member_id) VALUES ($1, $2, $3)', [
    ...[clinic.clinicId, row!.id, clinic.memberId],
  ])
  return row!.id
}
const book = async (serviceId: string, voucher?: string, more: object = {}) =>
  bookAs({ clinicId: world.clinicId, serviceId }, await testDevice(), { voucher, ip: nextIp(), ...more })
const usedBy = async () =>
  (await admin<{ id: string }>('SELECT used_by AS id FROM voucher WHERE used_by IS NOT NULL')).map(({ id }) => id)
const rowOf = async (id: string) =>
  (
    await admin<{ startsAt: Date; endsAt: Date; sequence: number; deposit: number; status: string; paymentId: string }>(
      `SELECT a.starts_at AS "startsAt", a.ends_at AS "endsAt", a.sequence, a.deposit_minor AS deposit, a.status::text, p.id AS "paymentId"
       FROM appointment a LEFT JOIN payment p ON p.appointment_id = a.id WHERE a.id = $1`,
      [id],
    )
  )[0]!
const look = async ({ appointmentId, linkSecret }: { appointmentId: string; linkSecret: string }) => {
  const seen = await showAppointment(anyone, { id: appointmentId, secret: linkSecret }, ctxAt())
  if (!seen.ok) throw new Error(seen.code)
  return seen.value
}

// Defence: `depositMinor: 0` in redeem, and `amountMinor` in bookIn.
it('covers all of a visit with a deposit: no deposit is asked for, and no rest', async () => {
  const serviceId = await service('deposit')
  const at = await book(serviceId, await codeFor(serviceId))
  expect(at).toMatchObject({ ok: true, value: { status: 'booked', payment: 'none', checkoutUrl: null } })
  expect(await look(at)).toMatchObject({ askedMinor: 0, paidMinor: 0, payable: false, voucher: { is: 'used' } })
  const { appointmentId } = at
  const { deposit, paymentId } = await rowOf(appointmentId)
  expect(deposit).toBe(0)
  expect(await openCheckout(world.clinicId, appointmentId, new Date())).toMatchObject({ ok: false })
  const taking = { appointmentId, key: randomUUID(), method: 'cash' as const, amountMinor: 3600 }
  expect(await take(owner, taking, now())).toEqual({ ok: false, code: 'WRONG_STATE' })
  await admin(`UPDATE appointment SET status = 'in_consult' WHERE id = $1`, [appointmentId])
  expect(await complete(owner, { appointmentId }, now())).toMatchObject({ ok: true })
  expect(await booksOf(admin, { paymentId } as Waiting)).toEqual({})
})

it('is taken where the clinic can take no money itself, and asks nobody’s Stripe', async () => {
  const bare = await clinicWorld(admin, { account: null })
  const code = await codeFor(await service('later', bare), ownerOf(bare))
  const [made] = await admin<{ id: string }>('SELECT service_id AS id FROM voucher WHERE clinic_id = $1', [
    bare.clinicId,
  ])
  const at = await bookAs({ ...bare, serviceId: made!.id }, await testDevice(), { voucher: code, ip: nextIp() })
  expect(at).toMatchObject({ ok: true, value: { status: 'booked', checkoutUrl: null } })
  const jobs = await admin<{ name: string }>(`SELECT name FROM pgboss.job WHERE data->>'appointmentId' = $1`, [
    at.appointmentId,
  ])
  expect(jobs.map(({ name }) => name)).toEqual(['mail.booked'])
})

it('stays with a visit that the clinic or the patient moves', async () => {
  const at = await book(world.serviceId, await codeFor(world.serviceId))
  const { startsAt, endsAt, sequence } = await rowOf(at.appointmentId)
  const later = (date: Date, hours: number) => new Date(+date + hours * 3_600_000).toISOString()
  const moved = await moveAppointment(
    owner,
    {
      ...{ id: at.appointmentId, sequence, memberId: world.memberId, anyway: false },
      ...{ startsAt: later(startsAt, 2), endsAt: later(endsAt, 2) },
    },
    now(),
  )
  expect(moved).toMatchObject({ ok: true })
  const link = { id: at.appointmentId, secret: at.linkSecret }
  const day = startsAt.toISOString().slice(0, 10)
  const free = await otherTimes(anyone, { ...link, from: day, days: 7 }, ctxAt())
  const wanted = free.ok ? free.value.slots.at(-1)!.startsAt : ''
  expect(
    await rescheduleAppointment(anyone, { ...link, sequence: sequence + 1, startsAt: wanted }, ctxAt()),
  ).toMatchObject({ ok: true })
  expect(await look(at)).toMatchObject({ voucher: { is: 'used' }, status: 'booked', payable: false })
  expect(await usedBy()).toContain(at.appointmentId)
})

// Defence: `withdrawnAt: null` and the last day in useVoucher.
it('withdrawn or over between the hold and the booking, it is refused, and the time stays held', async () => {
  for (const end of ['withdrawn_at = now()', `last_day = current_date - 2`]) {
    const code = await codeFor(world.serviceId)
    const meanwhile = () =>
      admin(`UPDATE voucher SET ${end} WHERE clinic_id = $1 AND used_by IS NULL`, [world.clinicId])
    const at = await book(world.serviceId, code, { meanwhile })
    expect(at).toMatchObject({ ok: false, code: 'VOUCHER_REFUSED' })
    expect(await rowOf(at.appointmentId)).toMatchObject({ status: 'held', paymentId: null })
  }
})

// Defence: redeem runs in the booking's own transaction.
it('a death after it was taken and before the booking is whole leaves it unused', async () => {
  const code = await codeFor(world.serviceId)
  const before = await usedBy()
  await admin(`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'dead'; END $$`)
  for (const table of ['payment', 'pgboss.job']) {
    await admin(`CREATE TRIGGER die BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION die()`)
    await expect(book(world.serviceId, code)).rejects.toThrow()
    await admin(`DROP TRIGGER die ON ${table}`)
    expect(await usedBy()).toEqual(before)
  }
  expect(await book(world.serviceId, code)).toMatchObject({ ok: true })
})

it('pays for a time that was taken from the waiting list, which then has come to something', async () => {
  const waiting = await waitingWorld(admin)
  const { clinicId, serviceId, now: noon } = waiting
  const code = await codeFor(serviceId, ownerOf(waiting), noon)
  const ada = await waiting.waits('ada@example.org')
  await waiting.work(noon)
  const view = await waitlist.open(anyone, ada, ctx(noon))
  const { appointmentId } = view.ok ? view.value.offer! : (null as never)
  const secret = newSecret()
  expect(await waitlist.take(anyone, { ...ada, appointmentId, holdSecret: secret }, ctx(noon))).toMatchObject({
    ok: true,
  })
  const who = await testDevice()
  const ids = { clinicId, appointmentId, patientId: who.patientId, keyId: who.keyId, ...who.keys }
  const proof = toB64(await sign(who.privateKey, bookingPurpose, bookingFields(ids)))
  const given = {
    ...{ id: appointmentId, secret, key: randomUUID(), linkSecret: newSecret(), voucher: code, consent: null },
    patient: { patientId: who.patientId, keyId: who.keyId, ...who.keys, proof },
    ...{ email: 'ada@example.org', phone: '', locale: 'en' as const, timeZone: 'Africa/Algiers' },
    records: [sealedStub(clinicId, who.patientId, 'identity')],
  }
  expect(await bookSlot(anyone, given as never, ctx(noon))).toMatchObject({
    ok: true,
    value: { status: 'booked', payment: 'none' },
  })
  await waiting.work(noon)
  expect(await waiting.stateOf(ada.id)).toBe('ended booked')
})

const caller = (voucher: string | null, startsAt: string, change: object = {}) => {
  const patientId = randomUUID()
  const record = (type: 'identity' | 'reason') => ({
    ...sealedStub(world.clinicId, patientId, type),
    header: Buffer.from(encode([...Array<number>(12).fill(0), type === 'identity' ? 'desk' : 'clinical'])).toString(
      'base64url',
    ),
  })
  return {
    ...{ id: randomUUID(), key: randomUUID(), linkSecret: randomBytes(16).toString('base64url'), voucher, startsAt },
    ...{ serviceId: world.serviceId, memberId: world.memberId, siteId: null, anyway: false },
    patient: {
      ...{ kind: 'new' as const, patientId, email: '', phone: '', locale: 'en' as const },
      records: [record('identity'), record('reason')] as never,
    },
    ...change,
  }
}
const noonIn = (days: number) =>
  new Date(Math.floor(Date.now() / 86_400_000 + days) * 86_400_000 + 43_200_000).toISOString()

// Defence: redeem in insertBooked, before the payment is written.
it('is read out to the desk: once, however often it is sent, and nothing is left of a booking whose code is refused', async () => {
  const code = await codeFor(world.serviceId)
  const given = caller(code.toLowerCase(), noonIn(60))
  const answers = await Promise.all([1, 2, 3].map(() => desk.book(owner, given, now())))
  expect(answers.every(({ ok }) => ok)).toBe(true)
  expect(await factsOf(admin, { appointmentId: given.id })).toMatchObject({ appointment: 'booked', payment: 'none' })
  expect((await usedBy()).filter((id) => id === given.id)).toHaveLength(1)
  const seen = await look({ appointmentId: given.id, linkSecret: given.linkSecret })
  expect(seen).toMatchObject({ voucher: { is: 'used' }, askedMinor: 0, payable: false })

  const patients = () =>
    admin('SELECT 1 FROM patient WHERE clinic_id = $1', [world.clinicId]).then((rows) => rows.length)
  const before = await patients()
  const other = await codeFor(await service('later'))
  const unknown = writeCode(crypto.getRandomValues(new Uint8Array(codeLength)))
  for (const wrong of [code, other, unknown, 'no code']) {
    const refused = caller(wrong, noonIn(61))
    expect(await desk.book(owner, refused, now())).toEqual({ ok: false, code: 'VOUCHER_REFUSED' })
    expect(await rowOf(refused.id)).toBeUndefined()
  }
  expect(await patients()).toBe(before)

  // A patient and the desk at once.
  const last = await codeFor(world.serviceId)
  const both = await Promise.all([book(world.serviceId, last), desk.book(owner, caller(last, noonIn(62)), now())])
  expect(both.map(({ ok }) => ok).sort()).toEqual([false, true])
  expect(both.find(({ ok }) => !ok)).toMatchObject({ code: 'VOUCHER_REFUSED' })
})

// Defence: withTries counts what is refused alone.
it('a waiting room with one address uses its codes, and a guesser behind another comes to an end', async () => {
  const factor = Number(process.env.RATE_LIMIT_FACTOR ?? 1)
  await admin('DELETE FROM rate_limit')
  const ip = nextIp()
  for (let nth = 0; nth < triesAnHour.points * factor + 2 && nth < 25; nth++)
    expect(await book(world.serviceId, await codeFor(world.serviceId), { ip })).toMatchObject({ ok: true })
  expect(await admin(`SELECT points FROM rate_limit WHERE key LIKE 'voucher:%'`)).toEqual([])
})

// Defence: the clinic in the name that withTries counts under.
it('who guesses at one clinic ends no voucher of another', async () => {
  const other = await clinicWorld(admin)
  const ip = nextIp()
  await admin('DELETE FROM rate_limit')
  let code = ''
  for (let tries = 0; tries <= 400 && code !== 'TOO_MANY'; tries++) {
    const at = await bookAs(other, await testDevice(), { voucher: 'no code', ip })
    code = at.ok ? 'ok' : at.code
    await admin(`DELETE FROM rate_limit WHERE key LIKE 'hold%' OR key LIKE 'book:%'`)
  }
  expect(code).toBe('TOO_MANY')
  expect(await book(world.serviceId, await codeFor(world.serviceId), { ip })).toMatchObject({ ok: true })
})

// Defence: `withoutVoucher` in bookSlot.
it('typed after the booking has begun, its answer lost, it opens no page that asks for money', async () => {
  const serviceId = await service('online')
  const opened = vi.mocked(openCheckout)
  opened.mockClear()
  const code = await codeFor(serviceId)
  const again = await book(serviceId, undefined, { again: code })
  expect(again).toMatchObject({ ok: true, value: { status: 'held', payment: 'pending', checkoutUrl: null } })
  expect(opened).toHaveBeenCalledTimes(1)
  expect(await usedBy()).not.toContain(again.appointmentId)
  expect(await book(serviceId, code)).toMatchObject({ ok: true, value: { status: 'booked' } })
})

it('the month says how many visits were paid for so, and counts none that came back', async () => {
  const first = await book(world.serviceId, await codeFor(world.serviceId))
  const month = async () => {
    const named = dayIn('Europe/Paris', (await rowOf(first.appointmentId)).startsAt).slice(0, 7)
    const seen = await loadMonth(owner, { month: named }, now())
    return seen.ok ? seen.value.vouchers : -1
  }
  const counted = await month()
  await admin(`UPDATE appointment SET status = 'completed' WHERE id = $1`, [first.appointmentId])
  expect(await month()).toBe(counted + 1)
  await admin(`UPDATE appointment SET status = 'booked' WHERE id = $1`, [first.appointmentId])
  const link = { id: first.appointmentId, secret: first.linkSecret }
  expect(await cancelAppointment(anyone, link, ctxAt())).toMatchObject({ ok: true })
  expect(await month()).toBe(counted)
})
