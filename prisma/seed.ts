// Fills a new database through the app's own door: a clinic with real keys, patients who book, notes and prescriptions that
// only their browsers open. Runs against a running app (BASE_URL or APP_ORIGIN); writes $CURTAIN_HOME/seed.json at its end.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Role } from '../lib/access/rules.ts'
import { bookingFields, bookingPurpose } from '../lib/booking/rules.ts'
import { consentFields, consentPurpose, consentWords } from '../lib/consent/rules.ts'
import type { RecordType, Sealed } from '../lib/crypto/types.ts'
import type { NoteContent } from '../lib/encounter/rules.ts'
import type { PrescriptionContent, SharedPrescription } from '../lib/prescription/rules.ts'
import { dueOn } from '../lib/recall/rules.ts'
import { addDays, dayIn } from '../lib/time.ts'
import { Browser } from './seed-client.ts'
import { clinic, consentText, members, owner, people, profile, services, type Visit, visits } from './seed-data.ts'

const base = new URL(process.env.BASE_URL ?? process.env.APP_ORIGIN ?? '').origin
const home = process.env.CURTAIN_HOME ?? '.curtain'
const now = new Date()
const say = (text: string) => process.stdout.write(`  ${text}\n`)
const secret = () => Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url')

/** The app's role, bound to one clinic: what moves appointments in time, which no door does. */
const database = new pg.Client({ connectionString: process.env.DATABASE_URL })
async function sql(clinicId: string, text: string, values: unknown[]) {
  await database.query('BEGIN')
  await database.query(`SELECT set_config('app.clinic', $1, true)`, [clinicId])
  await database.query(text, values)
  await database.query('COMMIT')
}

interface Opened {
  clinicId: string
  rootFingerprint: string
  desk: Browser
  practitioners: { browser: Browser; memberId: string; name: string; title: string }[]
  memberIds: string[]
}

async function openClinic(): Promise<Opened> {
  const desk = new Browser(base)
  const [clinicId, memberId] = [crypto.randomUUID(), crypto.randomUUID()]
  const { request } = await desk.vault.registerStart(owner.password)
  const { response } = await desk.call('access/register-start', { email: owner.email, request })
  const keys = await desk.vault.registerOwner({ clinicId, memberId, response, roles: [...owner.roles] })
  const { displayName, title, email } = owner
  await desk.call('access/open-clinic', {
    clinicId,
    memberId,
    clinic,
    owner: { displayName, title, email },
    practitioner: false,
    ...keys,
  })
  await desk.signIn(owner.email, owner.password)
  await desk.call('clinic/save-profile', profile)
  const opened: Opened = {
    clinicId,
    rootFingerprint: keys.rootFingerprint,
    desk,
    practitioners: [],
    memberIds: [memberId],
  }
  for (const member of members) await invite(opened, member)
  return opened
}

/** Invited, joined in a browser of their own, vouched for by the owner's. */
async function invite(opened: Opened, member: (typeof members)[number]) {
  const { clinicId, rootFingerprint, desk } = opened
  const { displayName, title, email, password, hours, bio } = member
  const roles = [...member.roles] as Role[]
  const invitation = await desk.vault.newInvitation()
  await desk.call('access/invite', { id: invitation.id, displayName, title, roles })
  const theirs = new Browser(base)
  const shown = await theirs.call('access/invitation', { id: invitation.id })
  await theirs.vault.loadChain({ clinicId, statements: shown.statements }, rootFingerprint)
  const memberId = crypto.randomUUID()
  const { request } = await theirs.vault.registerStart(password)
  const { response } = await theirs.call('access/register-start', { email, request })
  const made = await theirs.vault.registerMember({
    clinicId,
    memberId,
    response,
    invitation: { ...invitation, rootFingerprint },
  })
  await theirs.call('access/join', { id: invitation.id, memberId, email, displayName, title, ...made })
  const { keys, mac } = made
  const chain = await desk.call('access/chain', { clinicId })
  const vouched = await desk.vault.vouch({
    clinicId,
    chain,
    invitation,
    memberId,
    roles,
    groups: shown.groups,
    keys,
    mac,
  })
  await desk.call('access/vouch', { id: invitation.id, ...vouched })
  await desk.loadChain(clinicId)
  await desk.call('access/save-profile', { memberId, displayName, title, bio })
  if (hours.length) await desk.call('clinic/save-hours', { memberId, hours })
  if (roles.includes('practitioner')) {
    await theirs.signIn(email, password)
    opened.practitioners.push({ browser: theirs, memberId, name: displayName, title })
  }
  opened.memberIds.push(memberId)
}

async function addServices({ desk, practitioners }: Opened) {
  await desk.call('clinic/connect-payments', { connected: true })
  const consent = await desk.call('clinic/save-consent-text', { ...consentText, replaces: null })
  const ids = new Map<string, string>()
  for (const [position, { key, consent: asks, by, ...service }] of services.entries()) {
    const saved = await desk.call('clinic/save-service', {
      id: null,
      version: 0,
      service: {
        ...service,
        bufferBefore: 0,
        consentTextId: asks ? consent.id : null,
        active: true,
        position,
        practitionerIds: by.map((index) => practitioners[index]!.memberId),
      },
    })
    ids.set(key, saved.id)
  }
  return { ids, consentId: consent.id }
}

type Shop = Awaited<ReturnType<typeof addServices>>
const taken = new Set<string>()

/** One of the next free slots that this seed has not yet used. */
async function freeSlot(browser: Browser, clinicId: string, serviceId: string, memberId: string): Promise<string> {
  for (let from = addDays(dayIn(clinic.timeZone, now), 1), turns = 0; turns < 6; turns++, from = addDays(from, 7)) {
    const { slots } = await browser.call('booking/slots', { clinicId, serviceId, memberId, from, days: 7 })
    // Not the very next ones: a demo is nicer when the booking page still offers tomorrow morning.
    const free = slots.filter((slot, index) => index % 3 === 1 && !taken.has(slot.startsAt + memberId))
    if (!free[0]) continue
    taken.add(free[0].startsAt + memberId)
    return free[0].startsAt
  }
  throw new Error('no free slot')
}

interface Patient {
  browser: Browser
  patientId: string
  keyId: string
  keys: { sign: string; dh: string }
  /** Hash and number of the consents signed so far. */
  consents: number
  lastConsent: string
}
const patients = new Map<string, Patient>()

async function patientOf(opened: Opened, who: string): Promise<Patient> {
  const known = patients.get(who)
  if (known) return known
  const browser = new Browser(base)
  await browser.loadChain(opened.clinicId, opened.rootFingerprint)
  const handle = await browser.vault.createPatient({
    clinicId: opened.clinicId,
    patientId: crypto.randomUUID(),
    home: 'memory',
  })
  const { patientId, keyId, keys } = handle
  const patient = { browser, patientId, keyId, keys, consents: 0, lastConsent: '' }
  patients.set(who, patient)
  return patient
}

async function book(
  opened: Opened,
  shop: Shop,
  visit: Visit,
): Promise<{ id: string; linkSecret: string; patient: Patient }> {
  const { clinicId } = opened
  const person = people[visit.who]!
  const isNew = !patients.has(visit.who)
  const patient = await patientOf(opened, visit.who)
  const { browser, patientId, keyId, keys } = patient
  const { vault } = browser
  const service = services.find((each) => each.key === visit.service)!
  const serviceId = shop.ids.get(visit.service)!
  const { memberId } = opened.practitioners[visit.by]!
  const [id, hold, linkSecret] = [crypto.randomUUID(), secret(), secret()]
  const startsAt = await freeSlot(browser, clinicId, serviceId, memberId)
  await browser.call('booking/hold', { id, secret: hold, clinicId, serviceId, memberId, startsAt })

  const seal = (
    type: RecordType,
    content: unknown,
    groups: ('desk' | 'clinical')[],
    recordId: string = crypto.randomUUID(),
  ) =>
    vault.seal({
      clinicId,
      patientId,
      recordId,
      revision: 1,
      type,
      schema: 1,
      content,
      managing: groups[0]!,
      groups,
      patients: [{ patientId, key: keys.dh }],
      asPatient: patientId,
    })
  const at = whenOf(visit) ?? new Date(startsAt)
  const signedAt = new Date(Math.min(now.getTime(), at.getTime()) - 26 * 3_600_000).toISOString()
  const { questions } = service.intakeForm
  const formDone = questions.length === 0 || Object.keys(visit.answers).length > 0
  const consent = service.consent ? await signConsent(opened, shop, patient, id) : null
  const records: Sealed[] = [
    ...(isNew
      ? [
          await seal(
            'identity',
            { name: person.name, birthDate: person.birthDate, email: person.email, phone: person.phone || undefined },
            ['desk', 'clinical'],
          ),
        ]
      : []),
    await seal('checklist', { appointmentId: id, formDone, consentSigned: service.consent }, ['desk', 'clinical']),
    await seal('reason', { appointmentId: id, reason: visit.reason }, ['clinical']),
  ]
  if (questions.length) {
    const content = {
      appointmentId: id,
      serviceId,
      intakeVersion: 1,
      form: service.intakeForm,
      answers: visit.answers,
      answeredAt: signedAt,
    }
    records.push(await seal('intake', content, ['clinical']))
  }
  if (consent) {
    const { textHash, consentTextId, recordId } = consent
    const content = {
      appointmentId: id,
      consentTextId,
      version: 1,
      title: consentText.title,
      body: consentText.body,
      textHash,
      signedName: person.name,
      signedAt,
    }
    records.push(await seal('consent', content, ['clinical'], recordId))
  }
  const proof = await vault.signPatient({
    patientId,
    purpose: bookingPurpose,
    fields: bookingFields({ clinicId, appointmentId: id, patientId, keyId, sign: keys.sign, dh: keys.dh }),
  })
  await browser.call('booking/book', {
    id,
    secret: hold,
    key: crypto.randomUUID(),
    linkSecret,
    patient: { patientId, keyId, sign: keys.sign, dh: keys.dh, proof },
    email: person.email,
    phone: person.phone,
    locale: person.locale,
    timeZone: clinic.timeZone,
    records: records as never,
    consent,
  })
  if (visit.paid) {
    const paid = `UPDATE payment SET status = 'paid', payment_intent = 'pi_demo_' || left(id::text, 8), updated_at = now() WHERE appointment_id = $1`
    await sql(clinicId, paid, [id])
    await sql(clinicId, `UPDATE appointment SET status = 'booked', held_until = null WHERE id = $1`, [id])
  }
  return { id, linkSecret, patient }
}

async function signConsent(opened: Opened, shop: Shop, patient: Patient, appointmentId: string) {
  const { vault } = patient.browser
  const { patientId } = patient
  const textHash = await vault.hashText(consentWords(consentText))
  const at = {
    consentTextId: shop.consentId,
    textHash,
    recordId: crypto.randomUUID(),
    seq: patient.consents,
    previous: patient.lastConsent,
  }
  const fields = consentFields({ clinicId: opened.clinicId, patientId, appointmentId, ...at, state: 'signed' })
  const signature = await vault.signPatient({ patientId, purpose: consentPurpose, fields })
  patient.consents += 1
  patient.lastConsent = await hashEvent(fields)
  return { ...at, signature }
}

/** As the server hashes an event: the signed bytes. */
async function hashEvent(fields: (string | number)[]): Promise<string> {
  const { encode, rfc8949EncodeOptions } = await import('cborg')
  const bytes = Buffer.concat([Buffer.from(`curtain/v1/${consentPurpose}`), encode(fields, rfc8949EncodeOptions)])
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('base64url')
}

function whenOf({ at }: Visit): Date | null {
  if (!at) return null
  if ('minutes' in at) return new Date(Math.ceil(now.getTime() / 60_000 + at.minutes) * 60_000)
  const day = addDays(dayIn(clinic.timeZone, now), at.days)
  // The clinic's wall clock, near enough for a past that is made up: its offset of today.
  const offset =
    new Date(now.toLocaleString('en-US', { timeZone: clinic.timeZone })).getTime() -
    new Date(now.toLocaleString('en-US', { timeZone: 'UTC' })).getTime()
  return new Date(new Date(`${day}T${at.hour}:00Z`).getTime() - offset)
}

/** What the practitioner wrote, in their own browser. */
async function write(opened: Opened, shop: Shop, visit: Visit, booked: { id: string; patient: Patient }, at: Date) {
  const { clinicId } = opened
  const { browser, memberId, name, title } = opened.practitioners[visit.by]!
  const { vault } = browser
  const { patientId, keys } = booked.patient
  const view = await browser.call('encounter/open', { appointmentId: booked.id })
  await vault.loadChain({ clinicId, statements: view.statements })
  // Opening the chart is how this browser comes to know the patient's key.
  await vault.open(view.records, { patientId })
  const seal = (type: RecordType, content: unknown, shared: boolean) =>
    vault.seal({
      clinicId,
      patientId,
      recordId: crypto.randomUUID(),
      revision: 1,
      type,
      schema: 1,
      content,
      managing: 'clinical',
      groups: ['clinical'],
      patients: shared ? [{ patientId, key: keys.dh }] : undefined,
    })
  const appointmentId = booked.id
  const author = { memberId, name, title }
  const writtenAt = new Date(at.getTime() + 25 * 60_000).toISOString()
  if (visit.note) {
    const { text, shared } = visit.note
    const content: NoteContent = { text, shared, writtenAt, author, appointmentId }
    await browser.call('encounter/save-record', { appointmentId, record: await seal('note', content, shared) })
  }
  if (visit.rx) {
    const person = people[visit.who]!
    const prescription: SharedPrescription = {
      rxId: crypto.randomUUID(),
      clinic: { name: profile.name, address: profile.address, phone: profile.phone },
      patient: { name: person.name, birthDate: person.birthDate },
      prescriber: author,
      issuedAt: writtenAt,
      expiresAt: new Date(now.getTime() + 90 * 86_400_000).toISOString(),
      items: visit.rx,
      notes: '',
    }
    const { rxId, issuedAt, expiresAt } = prescription
    const { secret: key, share } = await vault.sealShare({ rxId, clinicId, prescriberName: name, prescription })
    const content: PrescriptionContent = { ...prescription, secret: key }
    const record = await seal('prescription', content, true)
    await browser.call('prescription/issue', { rxId, appointmentId, record, share, issuedAt, expiresAt })
    await sql(clinicId, 'UPDATE prescription SET issued_at = $2 WHERE id = $1', [rxId, issuedAt])
  }
  if (visit.recall) {
    const { rule, reason, service } = visit.recall
    const due = dueOn(rule, dayIn(clinic.timeZone, at))
    const later = due <= dayIn(clinic.timeZone, now) ? addDays(dayIn(clinic.timeZone, now), 2) : due
    const record = await seal('recall', { reason, rule, dueOn: later }, false)
    await browser.call('recall/set', {
      id: crypto.randomUUID(),
      appointmentId,
      serviceId: shop.ids.get(service)!,
      dueOn: later,
      record,
    })
  }
}

const move = `UPDATE appointment SET status = $2::appointment_status, starts_at = $3::timestamptz,
  ends_at = $3::timestamptz + (ends_at - starts_at),
  blocked_from = $3::timestamptz - (starts_at - blocked_from),
  blocked_until = $3::timestamptz + (blocked_until - starts_at),
  arrived_at = CASE WHEN $2 = 'completed' THEN $3::timestamptz - interval '3 minutes' END,
  started_at = CASE WHEN $2 = 'completed' THEN $3::timestamptz + interval '1 minute' END,
  completed_at = CASE WHEN $2 = 'completed' THEN $3::timestamptz + (ends_at - starts_at) END,
  created_at = least(created_at, $3::timestamptz - interval '4 days')
  WHERE id = $1`

await database.connect()
say('a clinic with its keys, and its members …')
const opened = await openClinic()
const shop = await addServices(opened)
say('patients, who book, answer and sign …')
const links: { name: string; url: string; startsAt: string }[] = []
for (const visit of visits) {
  const booked = await book(opened, shop, visit)
  const at = whenOf(visit)
  if (visit.note ?? visit.rx ?? visit.recall) await write(opened, shop, visit, booked, at ?? now)
  if (at) await sql(opened.clinicId, move, [booked.id, visit.status, at.toISOString()])
  if (visit.status === 'booked') {
    links.push({
      name: people[visit.who]!.name,
      url: `/a/${booked.id}#s=${booked.linkSecret}`,
      startsAt: (at ?? now).toISOString(),
    })
  }
}
await database.end()

const { slug, name } = clinic
writeFileSync(
  join(home, 'seed.json'),
  JSON.stringify(
    {
      clinic: { id: opened.clinicId, slug, name },
      bookingUrl: `/c/${slug}#k=${opened.rootFingerprint}`,
      staff: [owner, ...members].map(({ displayName, email, password, roles }) => ({
        name: displayName,
        email,
        password,
        role: roles[0],
      })),
      appointments: links,
    },
    null,
    2,
  ),
)
say(`${name} is ready.`)
process.exit(0)
