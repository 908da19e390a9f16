// Fills a new database through the app's own door: a clinic with real keys, patients who book, notes and prescriptions that
// only their browsers open. Runs against a running app (BASE_URL or APP_ORIGIN); writes $CURTAIN_HOME/seed.json at its end.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { groupsOf, type Role } from '../lib/access/rules.ts'
import type { RecordType } from '../lib/crypto/types.ts'
import type { NoteContent } from '../lib/encounter/rules.ts'
import type { PrescriptionContent, SharedPrescription } from '../lib/prescription/rules.ts'
import { dueOn } from '../lib/recall/rules.ts'
import { addDays, dayIn } from '../lib/time.ts'
import { Browser } from './seed-client.ts'
import { book, type Patient } from './seed-booking.ts'
import { clinic, consentText, members, owner, profile, services } from './seed-data.ts'
import { people, type Visit, visits } from './seed-visits.ts'
import { base, database, home, now, type Opened, say, type Shop, sql, whenOf } from './seed-world.ts'

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
  const { claimHash, ...fresh } = await desk.vault.newInvitation()
  const invitation = { ...fresh, displayName, roles, groups: groupsOf(roles) }
  await desk.call('access/invite', { id: invitation.id, claimHash, displayName, title, roles })
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
  const { keys, mac, code: compared } = made
  const chain = await desk.call('access/chain', { clinicId })
  const vouched = await desk.vault.vouch({
    clinicId,
    chain,
    invitation,
    memberId,
    keys,
    mac,
    compared,
  })
  await desk.call('access/vouch', { id: invitation.id, ...vouched })
  await desk.loadChain(clinicId)
  await desk.call('access/save-profile', { memberId, displayName, title, bio })
  if (hours.length) await desk.call('schedule/save-week', { memberId, hours })
  if (roles.includes('practitioner')) {
    await theirs.signIn(email, password)
    opened.practitioners.push({ browser: theirs, memberId, name: displayName, title })
  }
  opened.memberIds.push(memberId)
}

async function addServices({ desk, practitioners }: Opened): Promise<Shop> {
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
      expiresAt: new Date(at.getTime() + 90 * 86_400_000).toISOString(),
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
