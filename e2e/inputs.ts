// One well-formed input for every action, near enough to the truth to pass every check of shape. A new action without a row
// here does not compile, and e2e/bad-input.spec.ts refuses to run.
import { randomBytes, randomUUID } from 'node:crypto'
import type { ActionName, Contract } from '../lib/contract.ts'
import type { Booked, ClinicWorld } from './world.ts'
import { bookInput, hold, intakeForm, sealInput, type SealedInput } from './world.ts'

export type Inputs = { [Name in ActionName]: Contract[Name]['in'] }

const b64 = (length: number) => randomBytes(length).toString('base64url')
const days = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString()

export async function wellFormed(world: ClinicWorld, baseUrl: string, booked: Booked): Promise<Inputs> {
  const { clinicId, doctor, owner, services, consentTextId } = world
  const { appointmentId, patient } = booked
  const { handle } = patient
  const { patientId, keyId, keys } = handle
  const base = { baseUrl, ...world }
  const held = await hold(base, patient.door, services.free.id, 8)
  const { startsAt, ...ref } = held
  const book = await bookInput(base, patient, ref)
  await doctor.vault.open([book.records[0]!], { patientId })
  const sealed = async (type: 'note' | 'prescription' | 'recall', content: unknown) =>
    (await doctor.vault.seal(sealInput(handle, type, content))) as SealedInput
  const opaque = b64(32)
  const owned = { id: randomUUID(), secret: b64(16) }
  const mine = { id: appointmentId, secret: booked.linkSecret }
  const door = 'x'.repeat(40)
  const account = { record: b64(60), wrappedAccount: b64(60), keys: { sign: b64(32), dh: b64(32) } }
  const statement = { seq: 0, body: b64(40), signer: b64(32), signature: b64(64) }
  const epochGrant = { group: 'desk' as const, epoch: 1, to: b64(32), enc: b64(32), ct: b64(48) }
  const person = { displayName: 'Kim Rowe', title: 'GP', email: `kim-${b64(4)}@clinic.test` }
  const settings = await owner.door.get('clinic/settings', {})
  const { name, about, phone, address, timeZone, holdMinutes, horizonDays } = settings.clinic
  const [service] = settings.services
  const consent = { consentTextId, textHash: b64(32), recordId: randomUUID(), seq: 9, previous: '', signature: b64(64) }
  const link = { appointmentId, secret: booked.linkSecret }
  const knock = { ticketHash: b64(32), nonce: b64(16), origin: baseUrl, keys, signature: b64(64) }
  const password = { proof: b64(32), record: b64(60), wrappedAccount: b64(60) }
  const kit = { state: b64(200), handle: b64(32), signature: b64(64) }
  const credential = {
    id: b64(16),
    rawId: b64(16),
    type: 'public-key' as const,
    response: {},
    clientExtensionResults: {},
  }
  const waits = {
    ...{ id: randomUUID(), serviceId: services.free.id, memberId: randomUUID(), siteId: randomUUID() },
    ...{ firstDay: days(1).slice(0, 10), lastDay: days(20).slice(0, 10), parts: ['morning' as const] },
    ...{ email: 'waits@example.org', locale: 'en' as const },
  }
  const comes = {
    ...{ id: randomUUID(), kind: 'interpreter' as const, name: 'Noor', language: 'Dari', locale: 'en' as const },
    email: 'noor@example.org',
  }
  return {
    'access/register-start': { email: person.email, request: opaque },
    'access/slug-free': { slug: 'a-free-slug' },
    'access/open-clinic': {
      ...{ clinicId: randomUUID(), memberId: randomUUID(), practitioner: false, ...account },
      clinic: {
        name: 'Other',
        slug: 'other-clinic',
        timeZone: 'Europe/Paris',
        country: 'FR',
        currency: 'eur',
        locale: 'en',
      },
      owner: person,
      ...{ rootKey: b64(32), rootFingerprint: b64(32), statements: [statement], epochGrants: [epochGrant] },
    },
    'access/sign-in-start': { email: person.email, request: opaque },
    'access/sign-in-finish': { state: b64(200), finish: b64(64) },
    'access/me': {},
    'access/save-wrap': { wrappedAccount: b64(60), signature: b64(64) },
    'access/sign-out': {},
    'access/chain': { clinicId },
    'access/staff': {},
    'access/save-profile': { memberId: doctor.memberId, displayName: doctor.name, title: 'GP', bio: '' },
    'access/invite': {
      id: randomUUID(),
      claimHash: b64(32),
      displayName: 'Kim Rowe',
      title: 'GP',
      roles: ['frontdesk'],
    },
    'access/cancel-invitation': { id: randomUUID() },
    'desk/options': {},
    'desk/times': { serviceId: services.free.id, memberId: doctor.memberId, from: days(1).slice(0, 10), days: 7 },
    'desk/place': { serviceId: services.free.id, memberId: doctor.memberId, startsAt: days(1) },
    'desk/patients': {},
    'desk/book': {
      ...{ id: randomUUID(), key: randomUUID(), linkSecret: b64(16), serviceId: services.free.id, siteId: null },
      ...{ memberId: doctor.memberId, startsAt: days(9), anyway: false },
      patient: {
        ...{ kind: 'new', patientId, email: 'caller@example.org', phone: '', locale: 'en' },
        records: [book.records[0]!],
      },
      companion: { who: comes, first: true },
    },
    'desk/check': {
      ...{ serviceId: services.free.id, memberId: doctor.memberId, siteId: null },
      starts: [days(9)],
    },
    'desk/book-series': {
      ...{ id: randomUUID(), serviceId: services.free.id, memberId: doctor.memberId, siteId: null },
      visits: [9, 16].map((day) => ({
        ...{
          id: randomUUID(),
          key: randomUUID(),
          linkSecret: b64(16),
          startsAt: days(day),
          anyway: false,
          records: [],
        },
      })),
      patient: { kind: 'known', patientId: randomUUID() },
    },
    'desk/later': { id: appointmentId },
    'desk/cancel-later': { visits: [9, 16].map((day) => ({ id: randomUUID(), startsAt: days(day) })) },
    'desk/link': { id: appointmentId },
    'desk/send': { id: appointmentId },
    'desk/claim': { ...mine, patient: book.patient, records: [book.records[0]!] },
    'companion/list': {},
    'companion/of': { appointmentId },
    'companion/add': { appointmentId, who: { ...comes, id: randomUUID() } },
    'companion/remove': { id: randomUUID() },
    'companion/again': {
      ...{ appointmentId, memberId: doctor.memberId, siteId: null, startsAt: days(9), anyway: false },
      ask: { kind: 'other', who: { ...comes, id: randomUUID() } },
    },
    'companion/drop': { appointmentId },
    'companion/open': owned,
    'companion/accept': { ...owned, startsAt: days(9) },
    'companion/decline': { ...owned, startsAt: days(9) },
    'audit/log': { before: 50 },
    'elsewhere/save': { url: 'https://calendar.example.org/mine.ics' },
    'elsewhere/remove': {},
    'feed/make': {},
    'feed/remove': {},
    'reminder/save': { leads: [1440], texts: false },
    'reminder/choose': { ...mine, on: true },
    'late/say': { memberId: randomUUID(), minutes: 20 },
    'waitlist/join': { clinicId, timeZone: 'Europe/Paris', ...waits },
    'waitlist/open': owned,
    'waitlist/confirm': owned,
    'waitlist/take': { ...owned, appointmentId, holdSecret: b64(16) },
    'waitlist/decline': { ...owned, appointmentId },
    'waitlist/leave': owned,
    'waitlist/list': {},
    'waitlist/add': { ...waits, phone: '' },
    'waitlist/remove': { id: randomUUID() },
    'waitlist/save': { minutes: 60 },
    'audit/names': { patientIds: [patientId] },
    'audit/mine': { skip: 0 },
    'audit/witness': {},
    'audit/links': { clinicId, from: 0 },
    'access/invitation': { id: randomUUID() },
    'access/join': { id: randomUUID(), memberId: randomUUID(), ...person, ...account, mac: b64(32), claim: b64(32) },
    'access/change-member': {
      ...{ memberId: owner.memberId, roles: ['admin', 'practitioner'], ownPatients: false },
      ...{ statements: [statement], epochGrants: [] },
    },
    'access/remove-member': { memberId: doctor.memberId, statements: [statement], epochGrants: [] },
    'access/renew-epochs': { statements: [statement], epochGrants: [epochGrant] },
    'access/colleagues': {},
    'access/coming': { memberId: doctor.memberId },
    'access/vouch': { id: randomUUID(), statements: [statement], epochGrants: [epochGrant] },
    'account/view': {},
    'account/end-session': { id: randomUUID() },
    'account/end-others': {},
    'account/password-start': { request: opaque },
    'account/change-password': password,
    'account/add-kit': { proof: b64(32), id: randomUUID(), handle: b64(32), wrapped: b64(60) },
    'account/kit-start': {},
    'account/try-kit': kit,
    'account/kit-open': { ...kit, request: opaque },
    'account/kit-password': password,
    'account/remove-wrap': { id: randomUUID() },
    'account/passkey-options': {},
    'account/add-passkey': {
      ...{ proof: b64(32), state: b64(200), id: randomUUID(), wrapped: b64(60), label: 'Laptop' },
      response: credential,
    },
    'account/passkey-start': {},
    'account/passkey-finish': { state: b64(200), response: credential },
    'account/security': {},
    'account/save-security': { lockMinutes: 15, passkeyRequired: false },
    'booking/slots': { clinicId, serviceId: services.free.id, from: days(0).slice(0, 10), days: 3 },
    'booking/work': { id: owned.id },
    'booking/hold': { ...owned, clinicId, serviceId: services.free.id, memberId: doctor.memberId, startsAt },
    'booking/renew': ref,
    'booking/release': ref,
    'booking/book': book,
    'booking/appointment': mine,
    'booking/cancel': mine,
    'booking/cancel-by-clinic': { id: appointmentId, startsAt: booked.startsAt },
    'consent/sign': { appointmentId, consent, records: [book.records[4]!] },
    'intake/submit': { appointmentId, records: [book.records[3]!] },
    'payment/checkout': mine,
    'payment/return': { appointmentId, sessionId: 'cs_test_nothing' },
    'care/let-in': {
      ...{ careId: randomUUID(), role: 'carer' as const, until: null, keyId: randomUUID(), name: 'Firefox' },
      ...{ keys: { sign: b64(32), dh: b64(32) }, record: book.records[0]! },
    },
    'care/save-age': { age: 16, word: { signedAt: days(0), signature: b64(64) } },
    'care/end': { careId: randomUUID(), ending: b64(200) },
    'clinic/settings': {},
    'clinic/save-profile': {
      ...{ name, about, phone, address, timeZone, holdMinutes, horizonDays, locale: 'en' },
      ...{ earlyJoinMinutes: 15, graceMinutes: 30, minNoticeMinutes: 0 },
    },
    'clinic/save-cancellation': {
      ...{ freeUntilMinutes: 1440, lateFee: { kind: 'percent', percent: 50 } },
      noShowFee: { kind: 'amount', minor: 4000 },
    },
    'clinic/save-legal': { legalName: 'Lumen SAS', taxNumber: '', invoicePrefix: 'INV', invoiceFooter: '' },
    'clinic/save-service': {
      ...{ id: service!.id, version: service!.version },
      service: {
        ...{ name: 'Talk', description: '', minutes: 15, bufferBefore: 0, bufferAfter: 0, priceMinor: 0, position: 0 },
        ...{ taxRate: 0, way: 'video', assignment: 'choose', audience: 'anyone' },
        ...{ paymentMode: 'free', intakeForm, consentTextId, active: true, practitionerIds: [doctor.memberId] },
      },
    },
    'booking/other-times': { ...mine, from: '2026-12-01', days: 7 },
    'booking/reschedule': { ...mine, sequence: 0, startsAt: '2027-12-27T09:00:00Z' },
    'booking/move-times': { id: randomUUID(), memberId: doctor.memberId, from: '2026-12-01', days: 7 },
    'booking/move': {
      ...{ id: randomUUID(), sequence: 0, memberId: doctor.memberId, anyway: false },
      ...{ startsAt: '2027-12-27T08:00:00Z', endsAt: '2027-12-27T08:30:00Z' },
    },
    'booking/move-group': {
      ...{ visits: [{ id: randomUUID(), sequence: 0 }], memberId: doctor.memberId, anyway: false },
      ...{ startsAt: '2027-12-27T08:00:00Z', endsAt: '2027-12-27T08:30:00Z' },
    },
    'booking/cancel-group': { ids: [randomUUID()], startsAt: '2027-12-27T08:00:00Z' },
    'schedule/load': { from: '2026-12-01', until: '2026-12-31' },
    'schedule/save-week': {
      ...{ memberId: doctor.memberId, period: { from: '2027-07-01', until: '2027-08-31' }, was: null },
      hours: [{ weekday: 1, startMinute: 0, endMinute: 60, siteId: null }],
    },
    'schedule/remove-period': { memberId: doctor.memberId, period: { from: '2027-07-01', until: '2027-08-31' } },
    'schedule/save-day': {
      ...{ memberId: doctor.memberId, day: '2027-12-24' },
      hours: [{ startMinute: 0, endMinute: 60, siteId: null }],
    },
    'schedule/add-absence': {
      ...{ id: randomUUID(), memberId: doctor.memberId },
      ...{ startsAt: '2027-12-27T08:00:00Z', endsAt: '2027-12-28T08:00:00Z' },
    },
    'schedule/remove-absence': { id: randomUUID(), memberId: doctor.memberId },
    'schedule/add-clinic-days': { id: randomUUID(), firstDay: '2027-12-24', lastDay: '2027-12-26', closed: true },
    'schedule/remove-clinic-days': { id: randomUUID() },
    'schedule/save-holidays': { region: 'FR-57' },
    'clinic/save-consent-text': { title: 'Consent', body: 'I agree.', locale: 'en', replaces: consentTextId },
    'clinic/save-cache': { seconds: 60 },
    'clinic/connect-payments': { connected: true },
    'merchant/connect': { key: 'rk_test_nobodys_key' },
    'merchant/remove': { id: randomUUID() },
    'emergency/my-card': {},
    'emergency/save-card': { id: randomUUID(), claimHash: b64(32), sealed: b64(60) },
    'emergency/revoke-card': {},
    'emergency/open-card': { id: randomUUID(), claim: b64(32) },
    'emergency/keep': { patientId },
    'emergency/make': {
      ...{ patientId, epoch: 1, publicKey: b64(32), statement: b64(200) },
      shares: [0, 1].map(() => ({ memberId: randomUUID(), enc: b64(32), ct: b64(49) })),
    },
    'emergency/grant': { patientId, grants: [] },
    'emergency/officers': {},
    'emergency/waiting': {},
    'emergency/records': { patientId },
    'emergency/ask': { id: randomUUID(), patientId, recordId: null, request: b64(200), reason: b64(200) },
    'emergency/share': { id: randomUUID() },
    'emergency/approve': { id: randomUUID(), answer: b64(200) },
    'emergency/decline': { id: randomUUID() },
    'emergency/withdraw': { id: randomUUID() },
    'emergency/open': { id: randomUUID() },
    'emergency/tell': { id: randomUUID(), reason: b64(200) },
    'emergency/end': { id: randomUUID() },
    'emergency/told': {},
    'encounter/day': { day: days(0).slice(0, 10), memberId: doctor.memberId },
    'calendar/load': { day: days(0).slice(0, 10), span: 'day', memberId: doctor.memberId, names: true },
    'encounter/open': { appointmentId },
    'encounter/save-record': { appointmentId, record: await sealed('note', { text: 'x' }) },
    'encounter/complete': { appointmentId },
    'encounter/missing': { appointmentId },
    'encounter/arrive': { appointmentId },
    'encounter/unarrive': { appointmentId },
    'encounter/miss': { appointmentId },
    'pair/post': { relay: b64(16), seq: 1, body: b64(60) },
    'pair/read': { relay: b64(16), seq: 1 },
    'patient/challenge': { clinicId, patientId, keyId },
    'patient/session': { clinicId, patientId, keyId, nonce: b64(16), signature: b64(64) },
    'patient/code': { appointmentId, secret: booked.linkSecret, keyId: randomUUID(), keys },
    'patient/confirm': {
      ...{ appointmentId, secret: booked.linkSecret, keyId: randomUUID(), keys, code: '123456', proof: b64(64) },
    },
    'patient/chart': {},
    'patient/export': {},
    'patient/devices': {},
    'patient/remove-device': { keyId: randomUUID() },
    'patient/add-device': { keyId: randomUUID(), keys, kind: 'device' as const, name: 'Firefox', link: b64(300) },
    'patient/find-backup': { keyId: randomUUID() },
    'patient/behind': {},
    'patient/links': {},
    'patient/hand-on': { grants: [] },
    'recognition/devices': { appointmentId },
    'recognition/records': { appointmentId },
    'recognition/recognise': { appointmentId, keyId: randomUUID(), keys, vouch: b64(60), grants: [] },
    'prescription/issue': {
      ...{ rxId: randomUUID(), appointmentId, record: await sealed('prescription', {}), share: b64(60) },
      ...{ issuedAt: days(0), expiresAt: days(30) },
    },
    'prescription/cancel': { id: randomUUID() },
    'prescription/dispense': { id: randomUUID() },
    'rekey/ask': { email: person.email, locale: 'en' },
    'rekey/link': { token: b64(200) },
    'rekey/start': { token: b64(200), request: opaque },
    'rekey/request': { token: b64(200), id: randomUUID(), ...account },
    'rekey/status': { clinicId, id: randomUUID() },
    'rekey/list': {},
    'rekey/approve': { id: randomUUID(), approval: b64(200) },
    'rekey/finish': { id: randomUUID(), statements: [statement], epochGrants: [epochGrant] },
    'rekey/object': { id: randomUUID() },
    'rewrap/next': {
      begins: true,
      done: [{ patientId: booked.patient.handle.patientId, recordId: randomUUID(), revision: 1, grants: [] }],
      failed: [{ recordId: randomUUID(), revision: 1, code: 'BAD_SIGNATURE' }],
    },
    'recall/set': {
      ...{ id: randomUUID(), appointmentId, serviceId: services.free.id, dueOn: days(90).slice(0, 10) },
      record: await sealed('recall', {}),
    },
    'recall/list': { status: 'open' },
    'recall/invite-now': { id: randomUUID() },
    'recall/decline': { id: randomUUID() },
    'retention/ask': {},
    'retention/mine': {},
    'retention/overview': {},
    'payment/take': { appointmentId, key: randomUUID(), method: 'cash', amountMinor: 3000 },
    'payment/hand-back': { appointmentId, method: 'cash', amountMinor: 3000 },
    'payment/refund-again': { appointmentId, amountMinor: 3000 },
    'payment/standing': { appointmentId },
    'payment/give-back': { appointmentId, key: randomUUID(), amountMinor: 1000 },
    'payment/write-off': { appointmentId, key: randomUUID(), amountMinor: 1000 },
    'invoice/list': { month: null },
    'invoice/name': { id: randomUUID() },
    'ledger/days': {},
    'ledger/close': { day: '2026-11-01' },
    'ledger/closing': { day: '2026-11-01' },
    'ledger/month': { month: null },
    'ledger/entries': { month: '2026-11' },
    'voucher/list': {},
    'voucher/make': { batchId: randomUUID(), serviceId: services.online.id, count: 2, days: 90 },
    'voucher/withdraw': { batchId: randomUUID() },
    'site/list': {},
    'site/add': {
      id: randomUUID(),
      name: 'North',
      address: '5 High Street',
      here: { id: randomUUID(), name: 'South' },
    },
    'site/save': { id: randomUUID(), name: 'North', address: '' },
    'site/close': { id: randomUUID() },
    'site/earlier': { appointmentId },
    'site/share': {
      ...{ appointmentId, siteId: randomUUID() },
      grants: [
        {
          ...{ recordId: randomUUID(), revision: 1 },
          grant: {
            recipient: { kind: 'group', id: 'clinical', key: b64(32), epoch: 1 },
            ...{ enc: b64(32), ct: b64(48), granter: b64(32), signature: b64(64) },
          },
        },
      ],
    },
    'retention/save-settings': {
      ...{ identity: 20, clinical: 20, administrative: 3, autoDays: null },
      word: { signedAt: days(0), signature: b64(64) },
    },
    'retention/place-hold': { patientId, ground: 'court' },
    'retention/lift-hold': { id: randomUUID(), ground: 'closed' },
    'retention/purge': {
      ...{ patientId, classes: ['clinical'] },
      word: { signedAt: days(0), signature: b64(64) },
    },
    'retention/answer': { id: randomUUID(), state: 'refused', statement: b64(200) },
    'record/mine': { appointmentId, types: ['note'], recordIds: [randomUUID()], history: true },
    'call/look': link,
    'call/ticket': { ...link, keyId, keys },
    'call/knock': { ticket: door, knock },
    'call/sync': { door, after: 0 },
    'call/beat': { door },
    'call/send': {
      door,
      message: { kind: 'commit', epoch: 1, nonce: b64(16), commitment: b64(32), signature: b64(64) },
    },
    'call/token': { door },
    'call/leave': { door },
    'call/code': { door },
    'call/confirm': { door, code: '123456' },
    'call/open': { appointmentId },
    'call/queue': {},
    'call/turn-away': { appointmentId, participantId: randomUUID() },
    'call/end': { appointmentId, differs: false },
    'call/readable': { appointmentId },
    'call/matches': { appointmentId, participantId: randomUUID(), keys, vouch: b64(60), grants: [] },
  }
}

export interface Garbled {
  what: string
  input: unknown
}

const kindsOfGarbage: [string, unknown][] = [
  ['null', null],
  ['a number', 7.5],
  ['a long text', 'x'.repeat(700_000)],
  ['a text that is none of its kind', '\u0000<script>'],
  ['a list', [[]]],
  ['an object', { $ne: null }],
]

/** The input with each of its parts missing or replaced by garbage of each kind. `skip` names parts where some of it is fine. */
export function garblings(input: unknown, skip: (path: string, kind: string) => boolean): Garbled[] {
  const found: Garbled[] = []
  const walk = (at: unknown, path: (string | number)[]) => {
    if (path.length) {
      const name = path.join('.')
      if (!skip(name, 'missing')) found.push({ what: `${name} missing`, input: changed(input, path, undefined) })
      for (const [kind, value] of kindsOfGarbage)
        if (!skip(name, kind)) found.push({ what: `${name} is ${kind}`, input: changed(input, path, value) })
    }
    if (Array.isArray(at)) {
      // The first of a list stands for the rest.
      if (at.length) walk(at[0], [...path, 0])
    } else if (at && typeof at === 'object') for (const [key, value] of Object.entries(at)) walk(value, [...path, key])
  }
  walk(input, [])
  return found
}

function changed(input: unknown, path: (string | number)[], value: unknown): unknown {
  const copy = structuredClone(input)
  let at = copy as Record<string | number, unknown>
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>
  const last = path.at(-1)!
  if (value === undefined) {
    if (Array.isArray(at)) at.splice(Number(last), 1)
    else delete at[last]
  } else at[last] = value
  return copy
}
