import { beforeAll, expect, it } from 'vitest'
import type { StaffActor } from '../access/rules.ts'
import { clinicWorld } from '../payment/testing.ts'
import { env } from '../server/env.ts'
import { testDb } from '../server/testing.ts'
import { connectPayments, saveService } from './flow.ts'
import { mayUsePlatform } from './rules.ts'

const { admin } = testDb()
let owner: StaffActor
let slug: string
beforeAll(async () => {
  const { clinicId, memberId } = await clinicWorld(admin, { account: null })
  owner = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['admin'] }
  slug = (await admin<{ slug: string }>('SELECT slug FROM clinic WHERE id = $1', [clinicId]))[0]!.slug
})

it.each([
  ['nobody named, and anybody may open one', 'open', [], false],
  ['nobody named, and clinics need a code', 'code', [], true],
  ['nobody named, and no more clinics', 'closed', [], true],
  ['another is named', 'closed', ['other'], false],
  ['it is named', 'open', ['other', 'lumen'], true],
  ['all are', 'open', ['*'], true],
] as const)('a clinic charges on the installation’s account when %s: %s %j %s', (_, signup, named, may) =>
  expect(mayUsePlatform('lumen', signup, named)).toBe(may),
)

// Defence: mayUsePlatform in connectPayments. Without it a stranger opens a clinic and tries stolen cards on our account.
it('payments are not connected by a clinic that nobody let', async () => {
  const set = env()
  const before = { ...set }
  const account = async () => (await admin('SELECT stripe_account FROM clinic'))[0]
  try {
    Object.assign(set, { CLINIC_SIGNUP: 'open', STRIPE_CLINICS: [] })
    expect(await connectPayments(owner, { connected: true })).toEqual({ ok: false, code: 'PAYMENTS_NOT_LISTED' })
    expect(await account()).toEqual({ stripe_account: null })
    Object.assign(set, { STRIPE_CLINICS: [slug] })
    expect(await connectPayments(owner, { connected: true })).toMatchObject({ ok: true })
    // What was once let may always be taken back.
    Object.assign(set, { STRIPE_CLINICS: [] })
    expect(await connectPayments(owner, { connected: false })).toMatchObject({ ok: true })
    expect(await account()).toEqual({ stripe_account: null })
  } finally {
    Object.assign(set, before)
  }
})

// Defence: tooSmall in saveService.
it.each([
  [{ paymentMode: 'online', priceMinor: 49 }, { 'service.priceMinor': 'smallCharge' }],
  [
    { paymentMode: 'deposit', priceMinor: 4500, deposit: { kind: 'percent', percent: 1 } },
    { 'service.deposit': 'smallCharge' },
  ],
  [
    { paymentMode: 'deposit', priceMinor: 4500, deposit: { kind: 'amount', minor: 4460 } },
    { 'service.deposit': 'smallRest' },
  ],
  [{ paymentMode: 'deposit', priceMinor: 4500, deposit: { kind: 'percent', percent: 2 } }, null],
])('a service that asks for less than Stripe charges is refused: %j', async (asked, fields) => {
  await admin(`UPDATE clinic SET currency = 'eur', stripe_account = 'platform' WHERE id = $1`, [owner.clinicId])
  const service = {
    ...{ name: 'Consult', description: '', minutes: 30, bufferBefore: 0, bufferAfter: 0, stepMinutes: null },
    ...{ minNoticeMinutes: null, horizonDays: null, dailyLimit: null, deposit: { kind: 'none' }, ...asked },
    ...{ intakeForm: [], consentTextId: null, active: true, position: 0, practitionerIds: [] },
  }
  const answer = await saveService(owner, { id: null, version: 0, service } as never)
  expect(answer).toMatchObject(fields ? { ok: false, code: 'BAD_INPUT', fields } : { ok: true })
})

// Defence: chargeFault in saveService. Without it the page to pay on fails for every patient of that service.
it.each([
  ['kwd', 12_345, 'lastDigit'],
  ['kwd', 12_340, null],
  ['isk', 4550, 'wholeAmount'],
  ['isk', 4500, null],
  ['jpy', 4501, null],
  ['eur', 4501, null],
])('a price that no card can be charged is refused: %s %i', async (currency, priceMinor, fault) => {
  await admin('UPDATE clinic SET currency = $1 WHERE id = $2', [currency, owner.clinicId])
  const service = {
    ...{ name: 'Consult', description: '', minutes: 30, bufferBefore: 0, bufferAfter: 0, stepMinutes: null },
    ...{ minNoticeMinutes: null, horizonDays: null, dailyLimit: null, priceMinor, paymentMode: 'later' as const },
    ...{ intakeForm: [], consentTextId: null, active: true, position: 0, practitionerIds: [] },
  }
  const answer = await saveService(owner, { id: null, version: 0, service } as never)
  expect(answer).toMatchObject(
    fault ? { ok: false, code: 'BAD_INPUT', fields: { 'service.priceMinor': fault } } : { ok: true },
  )
})
