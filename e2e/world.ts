// Clinics, staff and patients made through the JSON door with real keys: what a journey or an attack starts from.
import { randomBytes, randomUUID } from 'node:crypto'
import { groupsOf, type Role } from '../lib/access/rules.ts'
import { bookingFields, bookingPurpose } from '../lib/booking/rules.ts'
import type { PatientHandle, SealInput, Vault } from '../lib/browser/vault-api.ts'
import { createVault } from '../lib/browser/vault-core.ts'
import { memoryStorage } from '../lib/browser/vault-storage.ts'
import type { Contract } from '../lib/contract.ts'
import type { IntakeForm } from '../lib/intake/rules.ts'
import { type ConsentContent, consentFields, consentPurpose, consentWords } from '../lib/consent/rules.ts'
import type { RecordType } from '../lib/crypto/types.ts'
import { sessionFields } from '../lib/patient/rules.ts'
import { Door } from './door.ts'
import { clinicZone } from './zones.ts'

export const PASSWORD = 'tundra-violin-lantern-87'

export interface Staff {
  name: string
  email: string
  password: string
  memberId: string
  roles: Role[]
  vault: Vault
  /** Signed in. */
  door: Door
}

export interface ServiceOf {
  id: string
  name: string
}

export interface ClinicWorld {
  clinicId: string
  slug: string
  name: string
  rootFingerprint: string
  bookingUrl: string
  consentTextId: string
  owner: Staff
  doctor: Staff
  desk: Staff
  services: Record<'free' | 'online' | 'later', ServiceOf>
  /** A patient's own device, with keys of its own. */
  patient: (fields?: Partial<PatientFields>) => Promise<PatientWorld>
  /** A patient with an appointment; `at` is an index among the free starts. */
  book: (options?: BookOptions) => Promise<Booked>
  join: (roles: Role[], name: string) => Promise<Staff>
}

export interface PatientFields {
  name: string
  birthDate: string
  email: string
  phone: string
}
export interface BookOptions {
  service?: 'free' | 'online' | 'later'
  patient?: PatientWorld
  fields?: Partial<PatientFields>
  reason?: string
  answers?: Record<string, string | number | boolean | string[]>
  at?: number
  /** Only from this time on. */
  notBefore?: Date
}
export interface PatientWorld {
  vault: Vault
  door: Door
  handle: PatientHandle
  fields: PatientFields
  /** Opens a device session, so that `door` speaks for the patient. */
  signIn: () => Promise<void>
  history: { seq: number; previous: string }
}
export interface Booked {
  appointmentId: string
  linkSecret: string
  link: string
  startsAt: string
  patient: PatientWorld
  checkoutUrl: string | null
}

const secret128 = () => randomBytes(16).toString('base64url')

export const intakeForm: IntakeForm = {
  questions: [
    { id: 'since', kind: 'text', label: 'Since when do you have it?', required: true },
    { id: 'smoke', kind: 'yesno', label: 'Do you smoke?', required: true },
    { id: 'story', kind: 'long', label: 'Tell us more' },
  ],
}
const consentText = {
  title: 'Consent to a video consult',
  body: 'I agree to be seen by video.\n\nI know that I may withdraw this at any time.',
}

async function registered(door: Door, vault: Vault, email: string): Promise<string> {
  const { request } = await vault.registerStart(PASSWORD)
  return (await door.get('access/register-start', { email, request })).response
}

/** Signs in as the page does: OPAQUE, proof, next-auth's session, keys unlocked. */
export async function signIn(staff: Pick<Staff, 'door' | 'vault' | 'email' | 'password'>): Promise<void> {
  const { door, vault, email, password } = staff
  const { request } = await vault.signInStart(password)
  const { response, state } = await door.get('access/sign-in-start', { email, request })
  const { finish } = await vault.signInFinish({ response })
  const { proof } = await door.get('access/sign-in-finish', { state, finish })
  const { csrfToken } = (await (await door.fetch('/api/auth/csrf')).json()) as { csrfToken: string }
  const answer = await door.fetch('/api/auth/callback/credentials', {
    method: 'POST',
    body: new URLSearchParams({ csrfToken, proof, json: 'true' }),
  })
  if (answer.status >= 400) throw new Error(`sign-in of ${email}: ${answer.status}`)
  const me = await door.get('access/me', {})
  const { clinicId, memberId, wrappedAccount, epochGrants, statements } = me
  await vault.unlock({ clinicId, memberId, wrappedAccount, epochGrants, chain: { clinicId, statements } })
}

export interface WorldOptions {
  name?: string
  timeZone?: string
  /** The owner is a practitioner too. */
  ownerPractices?: boolean
  ownerName?: string
  doctorName?: string
}

/** A clinic open around the clock: owner, practitioner, receptionist, and a service of each way to pay. */
export async function clinicWorld(stack: { baseUrl: string }, options: WorldOptions = {}): Promise<ClinicWorld> {
  const tag = randomBytes(4).toString('hex')
  const name = options.name ?? `Clinic ${tag}`
  const slug = `clinic-${tag}`
  const clinicId = randomUUID()
  const owner = await openClinic(stack.baseUrl, { ...options, clinicId, slug, name, tag })
  const { rootFingerprint } = owner
  const join = (roles: Role[], displayName: string) =>
    invited(stack.baseUrl, { clinicId, rootFingerprint, owner, roles, displayName })
  const doctor = await join(['practitioner'], options.doctorName ?? 'Dr Mira Okafor')
  const desk = await join(['frontdesk'], 'Robin Vance')
  await doctor.vault.loadChain(await chainOf(doctor.door, clinicId))

  await owner.door.get('clinic/connect-payments', { connected: true })
  const settings = await owner.door.get('clinic/settings', {})
  const { about, phone, address, timeZone, holdMinutes, horizonDays } = settings.clinic
  await owner.door.get('clinic/save-profile', {
    ...{ name, about, phone, address, timeZone, holdMinutes, horizonDays },
    locale: 'en',
    minNoticeMinutes: 0,
    earlyJoinMinutes: 120,
    graceMinutes: 240,
  })
  const text = await owner.door.get('clinic/save-consent-text', { ...consentText, locale: 'en', replaces: null })
  await owner.door.get('schedule/save-week', {
    memberId: doctor.memberId,
    hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, startMinute: 0, endMinute: 1440 })),
  })
  const service = async (label: string, paymentMode: 'free' | 'online' | 'later', priceMinor: number) => {
    const saved = await owner.door.get('clinic/save-service', {
      id: null,
      version: 0,
      service: {
        ...{ name: label, description: `${label}.`, minutes: 15, bufferBefore: 0, bufferAfter: 0 },
        ...{ priceMinor, paymentMode, intakeForm, consentTextId: text.id, active: true, position: 0 },
        practitionerIds: [doctor.memberId],
      },
    })
    return { id: saved.id, name: label }
  }
  const services = {
    free: await service('First talk', 'free', 0),
    online: await service('Video consult', 'online', 4500),
    later: await service('Follow-up', 'later', 3000),
  }
  const world = { baseUrl: stack.baseUrl, clinicId, rootFingerprint, doctor, services, consentTextId: text.id }
  return {
    ...{ clinicId, slug, name, rootFingerprint, owner, doctor, desk, services, join, consentTextId: text.id },
    bookingUrl: `${stack.baseUrl}/c/${slug}#k=${rootFingerprint}`,
    patient: (fields) => newPatient(world, fields),
    book: (wish) => book(world, wish),
  }
}

async function chainOf(door: Door, clinicId: string) {
  return door.get('access/chain', { clinicId })
}

async function openClinic(
  baseUrl: string,
  made: WorldOptions & { clinicId: string; slug: string; name: string; tag: string },
): Promise<Staff & { rootFingerprint: string }> {
  const door = new Door(baseUrl)
  const vault = createVault(memoryStorage())
  const { clinicId, slug, name } = made
  const memberId = randomUUID()
  const email = `owner-${made.tag}@clinic.test`
  const practitioner = made.ownerPractices ?? false
  const roles: Role[] = practitioner ? ['admin', 'practitioner'] : ['admin']
  const keys = await vault.registerOwner({ clinicId, memberId, response: await registered(door, vault, email), roles })
  const displayName = made.ownerName ?? 'Ada Winter'
  await door.get('access/open-clinic', {
    ...keys,
    ...{ clinicId, memberId, practitioner },
    clinic: { name, slug, timeZone: made.timeZone ?? clinicZone, country: 'FR', currency: 'eur', locale: 'en' },
    owner: { displayName, title: 'Director', email },
  })
  const staff = { door, vault, email, password: PASSWORD, name: displayName, memberId, roles }
  await signIn(staff)
  return { ...staff, rootFingerprint: keys.rootFingerprint }
}

async function invited(
  baseUrl: string,
  at: { clinicId: string; rootFingerprint: string; owner: Staff; roles: Role[]; displayName: string },
): Promise<Staff> {
  const { clinicId, rootFingerprint, owner, roles, displayName } = at
  const door = new Door(baseUrl)
  const vault = createVault(memoryStorage())
  const email = `staff-${randomBytes(5).toString('hex')}@clinic.test`
  const { claimHash, ...fresh } = await owner.vault.newInvitation()
  const secret = { ...fresh, displayName, roles, groups: groupsOf(roles) }
  await owner.door.get('access/invite', { id: secret.id, claimHash, displayName, title: 'GP', roles })
  const memberId = randomUUID()
  const made = await vault.registerMember({
    ...{ clinicId, memberId },
    response: await registered(door, vault, email),
    invitation: { ...secret, rootFingerprint },
  })
  await door.get('access/join', { id: secret.id, memberId, email, displayName, title: 'GP', ...made })
  const { invitations } = await owner.door.get('access/staff', {})
  const answer = invitations.find((each) => each.id === secret.id)!.answer!
  const vouched = await owner.vault.vouch({
    ...{ clinicId, invitation: secret },
    ...{ memberId: answer.memberId, keys: answer.keys, mac: answer.mac, compared: made.code },
    chain: await chainOf(door, clinicId),
  })
  await owner.door.get('access/vouch', { id: secret.id, ...vouched })
  await owner.vault.loadChain(await chainOf(door, clinicId))
  const staff = { door, vault, email, password: PASSWORD, name: displayName, memberId, roles }
  await signIn(staff)
  return staff
}

interface Base {
  baseUrl: string
  clinicId: string
  rootFingerprint: string
  doctor: Staff
  services: ClinicWorld['services']
  consentTextId: string
}

async function newPatient(world: Base, some: Partial<PatientFields> = {}): Promise<PatientWorld> {
  const door = new Door(world.baseUrl)
  const vault = createVault(memoryStorage())
  const { clinicId } = world
  await vault.loadChain(await chainOf(door, clinicId), world.rootFingerprint)
  const handle = await vault.createPatient({ clinicId, patientId: randomUUID(), home: 'memory' })
  const fields = {
    ...{ name: 'Noor Lindqvist', birthDate: '1984-03-09', phone: '' },
    email: `patient-${randomBytes(4).toString('hex')}@example.test`,
    ...some,
  }
  return {
    ...{ vault, door, handle, fields, history: { seq: 0, previous: '' } },
    async signIn() {
      const ids = { clinicId, patientId: handle.patientId, keyId: handle.keyId }
      const { nonce } = await door.get('patient/challenge', ids)
      const proof = sessionFields(world.baseUrl, { nonce, patientId: ids.patientId, keyId: ids.keyId })
      const signature = await vault.signPatient({
        ...{ patientId: handle.patientId, purpose: 'patient-session' },
        fields: proof,
      })
      await door.get('patient/session', { ...ids, nonce, signature })
      door.headers['curtain-patient'] = handle.patientId
    },
  }
}

const managingOf = (type: RecordType) => (type === 'identity' || type === 'checklist' ? 'desk' : 'clinical') as 'desk'

/** What is sealed of a patient: to the groups that read this type, and to the patient. */
export function sealInput(handle: PatientHandle, type: RecordType, content: unknown): SealInput {
  return {
    ...{ clinicId: handle.clinicId, patientId: handle.patientId, recordId: randomUUID() },
    ...{ revision: 1, schema: 1, type, content },
    managing: managingOf(type),
    groups: managingOf(type) === 'desk' ? ['desk', 'clinical'] : ['clinical'],
    patients: [{ patientId: handle.patientId, key: handle.keys.dh }],
  }
}

export async function hold(world: Base, door: Door, serviceId: string, at: number, notBefore?: Date) {
  const from = new Date((notBefore?.getTime() ?? Date.now()) - 86_400_000).toISOString().slice(0, 10)
  for (let tries = 0; ; tries++) {
    const { slots } = await door.get('booking/slots', { clinicId: world.clinicId, serviceId, from, days: 7 })
    // None that begins while it is being booked.
    const soonest = notBefore ?? new Date(Date.now() + 60_000)
    const free = slots.filter((slot) => new Date(slot.startsAt) >= soonest)
    const slot = free[at + tries]
    if (!slot) throw new Error('no free start')
    const ref = { id: randomUUID(), secret: secret128() }
    const held = await door.ask('booking/hold', { ...ref, clinicId: world.clinicId, serviceId, ...slot })
    if (held.ok) return { ...ref, startsAt: slot.startsAt }
    if (held.code !== 'SLOT_TAKEN' || tries > 5) throw new Error(`hold: ${held.code}`)
  }
}

/** Sealed, as the door takes it: it knows of no escrow. */
export type SealedInput = Contract['booking/book']['in']['records'][number]

/** Everything that `booking/book` takes, made by this patient's own keys. */
export async function bookInput(
  world: Base,
  patient: PatientWorld,
  held: { id: string; secret: string },
  wish: BookOptions = {},
) {
  const { vault, handle, fields } = patient
  const { clinicId, patientId, keyId, keys } = handle
  const appointmentId = held.id
  const ids = { clinicId, appointmentId, patientId, keyId, sign: keys.sign, dh: keys.dh }
  const proof = await vault.signPatient({ patientId, purpose: bookingPurpose, fields: bookingFields(ids) })
  const textHash = await vault.hashText(consentWords(consentText))
  const signed: ConsentContent = {
    ...{ appointmentId, consentTextId: world.consentTextId, version: 1, ...consentText, textHash },
    ...{ signedName: fields.name, signedAt: new Date().toISOString() },
  }
  const consentRecord = sealInput(handle, 'consent', signed)
  const answers = wish.answers ?? { since: 'two weeks', smoke: false }
  const now = new Date().toISOString()
  const serviceId = world.services[wish.service ?? 'free'].id
  const records = (await vault.sealMany(
    [
      sealInput(handle, 'identity', fields),
      sealInput(handle, 'checklist', { appointmentId, formDone: true, consentSigned: true }),
      sealInput(handle, 'reason', { appointmentId, reason: wish.reason ?? 'A cough that stays' }),
      sealInput(handle, 'intake', {
        ...{ appointmentId, serviceId, intakeVersion: 1, form: intakeForm, answers, answeredAt: now },
      }),
      consentRecord,
    ].map((input) => ({ ...input, asPatient: patientId })),
  )) as SealedInput[]
  const facts = {
    ...{ clinicId, patientId, appointmentId, consentTextId: world.consentTextId, textHash },
    ...{ recordId: consentRecord.recordId, ...patient.history, state: 'signed' as const },
  }
  const signature = await vault.signPatient({ patientId, purpose: consentPurpose, fields: consentFields(facts) })
  const { recordId, seq, previous } = facts
  return {
    ...held,
    key: randomUUID(),
    linkSecret: secret128(),
    patient: { patientId, keyId, ...keys, proof },
    ...{ email: fields.email, phone: fields.phone, locale: 'en' as const, timeZone: 'Europe/Paris' },
    records,
    consent: { consentTextId: world.consentTextId, textHash, recordId, seq, previous, signature },
  }
}

async function book(world: Base, wish: BookOptions = {}): Promise<Booked> {
  const patient = wish.patient ?? (await newPatient(world, wish.fields))
  const service = world.services[wish.service ?? 'free']
  const held = await hold(world, patient.door, service.id, wish.at ?? 0, wish.notBefore)
  const { startsAt, ...ref } = held
  const input = await bookInput(world, patient, ref, wish)
  const booked = await patient.door.get('booking/book', input)
  const { linkSecret } = input
  await patient.vault.bindAppointment({
    ...{ appointmentId: ref.id, linkSecret },
    patientId: patient.handle.patientId,
  })
  const link = `${world.baseUrl}/a/${ref.id}#s=${linkSecret}`
  return { appointmentId: ref.id, linkSecret, link, startsAt, patient, checkoutUrl: booked.checkoutUrl }
}
