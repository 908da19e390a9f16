// The demo clinic. Every record is sealed by real keys: this program holds each person's vault for as long as it runs, does
// what their browsers would do, and keeps nothing but the staff's passphrases, which the demo prints.
import { writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { saveProfile as saveMember } from '../lib/access/flow.ts'
import * as clinics from '../lib/clinic/flow.ts'
import { env } from '../lib/server/env.ts'
import { closeDb } from '../lib/server/db.ts'
import { closeJobs } from '../lib/server/jobs.ts'
import { closeLimits } from '../lib/server/rate-limit.ts'
import { writeUp } from './demo/chart.ts'
import * as data from './demo/clinic-data.ts'
import { join, must, openClinic, type Colleague } from './demo/staff.ts'
import { book, newPerson } from './demo/visit.ts'
import { patients, visits } from './demo/visits-data.ts'

const home = process.env.CURTAIN_HOME
if (!home) throw new Error('CURTAIN_HOME is not set')

const { clinicId, rootFingerprint, owner } = await openClinic(data.clinic, data.owner)
const colleagues = new Map<string, Colleague>()
for (const person of data.staff) {
  const colleague = await join(owner, rootFingerprint, person)
  colleagues.set(person.key, colleague)
  const { displayName, title, bio } = person
  if (bio) await must(saveMember(owner.actor, { memberId: colleague.actor.memberId, displayName, title, bio }))
}
const idOf = (key: string) => colleagues.get(key)!.actor.memberId

await must(clinics.saveProfile(owner.actor, data.profile))
await must(clinics.connectPayments(owner.actor, { connected: env().STRIPE_SECRET_KEY !== '' }))
for (const [key, hours] of Object.entries(data.hours))
  await must(clinics.saveHours(owner.actor, { memberId: idOf(key), hours }))
const consent = await must(clinics.saveConsentText(owner.actor, { ...data.consent, replaces: null }))
const serviceIds = new Map<string, string>()
for (const [position, { key, who, ...service }] of data.services.entries()) {
  const filled = {
    ...service,
    bufferBefore: 0,
    consentTextId: consent.id,
    active: true,
    position,
    practitionerIds: who.map(idOf),
  }
  serviceIds.set(key, (await must(clinics.saveService(owner.actor, { id: null, version: 0, service: filled }))).id)
}

const settings = await must(clinics.loadSettings(owner.actor))
const clinic = { id: clinicId, rootFingerprint, zone: data.clinic.timeZone }
const people = new Map(patients.map((patient) => [patient.key, newPerson(patient)]))
for (const visit of visits) {
  const service = settings.services.find((each) => each.id === serviceIds.get(visit.service))!
  const text = settings.consentTexts.find((each) => each.id === consent.id)!
  const made = await book(clinic, people.get(visit.patient)!, visit, service, idOf(visit.practitioner), text)
  if (visit.note || visit.missed) await writeUp(colleagues.get(visit.practitioner)!, visit, made)
}

const staff = [owner, ...colleagues.values()].map(({ name, email, password, actor }) => ({
  name,
  email,
  password,
  role: actor.roles[0],
}))
const facts = {
  clinic: { id: clinicId, slug: data.clinic.slug, name: data.clinic.name },
  bookingUrl: `${env().APP_ORIGIN}/c/${data.clinic.slug}#k=${rootFingerprint}`,
  staff,
}
writeFileSync(path(home, 'seed.json'), JSON.stringify(facts, null, 2))
await Promise.all([closeDb(), closeJobs(), closeLimits()])
