// A clinic with several sites, through the flows, with real keys: whoever sees one opens what is of that one.
import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createVault } from '../browser/vault-core'
import type { Vault } from '../browser/vault-api'
import { memoryStorage } from '../browser/vault-storage'
import type { RecordType, Sealed } from '../crypto/types'
import * as encounters from '../encounter/flow'
import * as recalls from '../recall/flow'
import * as recognition from '../recognition/flow'
import { openGrant } from '../record/grants'
import { insertRecords } from '../record/store'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import * as sites from '../site/flow'
import * as flow from './flow'
import * as members from './flow-members'
import { groupsAfter, type Role, type StaffActor } from './rules'
import { answer, at, must, openTestClinic, signIn, type TestClinic, vouchFor } from './testing'

const { admin } = testDb()
interface Colleague {
  vault: Vault
  actor: StaffActor
  memberId: string
}
let clinic: TestClinic
let deskA: Colleague
let deskB: Colleague
let doctorA: Colleague
let doctorB: Colleague
let whole: Colleague
const serviceId = randomUUID()
const [siteA, siteB] = [randomUUID(), randomUUID()]

const chainNow = async () => must(await flow.loadChain(null, { clinicId: clinic.clinicId }))
async function refresh({ vault, actor }: Pick<Colleague, 'vault' | 'actor'>) {
  const { clinicId, statements, epochGrants } = must(await flow.loadMe(actor))
  return vault.refresh({ chain: { clinicId, statements }, epochGrants })
}
async function join(roles: Role[], siteIds: string[] = []): Promise<Colleague> {
  await refresh(clinic.owner)
  const { invitation, vault, memberId, email } = await answer(clinic, roles, false, siteIds)
  const signed = await vouchFor(clinic, invitation.id, invitation)
  must(await flow.vouch(clinic.owner.actor, { id: invitation.id, ...signed }, at()))
  return { vault, memberId, actor: await signIn(vault, email) }
}

let hour = 0
interface Patient {
  vault: Vault
  patientId: string
  dh: string
}
async function newPatient(): Promise<Patient> {
  const { clinicId } = clinic
  const vault = createVault(memoryStorage())
  await vault.loadChain(await chainNow(), clinic.rootFingerprint)
  const { patientId, keys } = await vault.createPatient({ clinicId, patientId: randomUUID(), home: 'memory' })
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  return { vault, patientId, dh: keys.dh }
}
/** A patient who books there: sealed by the patient's browser, which knows the chain and what the page says of the place. */
async function book(practitioner: string, site: string | null, patient?: Patient) {
  const { clinicId } = clinic
  const { vault, patientId, dh } = patient ?? (await newPatient())
  await vault.loadChain(await chainNow(), clinic.rootFingerprint)
  const appointmentId = randomUUID()
  const startsAt = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000 + 86_400_000 + 600_000 * hour++)
  await admin(
    `INSERT INTO appointment (id, clinic_id, patient_id, service_id, member_id, site_id, status, starts_at, ends_at,
       blocked_from, blocked_until, held_since, held_until, hold_hash, price_minor, currency, payment_mode, locale, time_zone)
     VALUES ($1, $2, $3, $4, $5, $9, 'booked', $6, $7, $6, $7, $6, $6, $8, 0, 'eur', 'free', 'en', 'UTC')`,
    [
      ...[appointmentId, clinicId, patientId, serviceId, practitioner, startsAt, new Date(+startsAt + 600_000)],
      ...[randomBytes(32), site],
    ],
  )
  const records = await vault.sealMany(
    (['identity', 'checklist', 'reason'] as const).map((type) => ({
      ...{ clinicId, patientId, recordId: randomUUID(), revision: 1, schema: 1, type, practitioner, site },
      ...{ content: { name: 'Pat', appointmentId }, patients: [{ patientId, key: dh }], asPatient: patientId },
    })),
  )
  must(await inClinic(clinicId, (tx) => insertRecords(tx, clinic.owner.actor, records, { patientId, appointmentId })))
  return { vault, patientId, dh, appointmentId, day: startsAt.toISOString().slice(0, 10), records }
}

/** What the database holds of every record, each with all of its grants. */
async function everyRow(): Promise<Sealed[]> {
  const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  return inClinic(clinic.clinicId, async (tx) => {
    const grants = await Promise.all((await tx.grant.findMany()).map(openGrant))
    return (await tx.record.findMany()).map(({ type, clinicId, patientId, recordId, revision, ...row }) => ({
      meta: { clinicId, patientId, recordId, revision, type: type as RecordType },
      ...{ header: b64(row.header), commit: b64(row.commit) },
      ...{ ciphertext: b64(row.ciphertext), signature: b64(row.signature) },
      grants: grants.flatMap((each) =>
        each?.recordId === recordId && each.revision === revision ? [each.grant!] : [],
      ),
    }))
  })
}
const opens = async ({ vault }: Pick<Colleague, 'vault'>, records: Sealed[], patientId: string) =>
  (await vault.open(records, { patientId })).map((each) => (each.ok ? 'opened' : each.code))
const shut = ['NOT_FOR_YOU', 'NOT_FOR_YOU', 'NOT_FOR_YOU']
const all = ['opened', 'opened', 'opened']

async function move(memberId: string, roles: Role[], siteIds: string[]) {
  const { owner, clinicId } = clinic
  const { members: signed } = await refresh(owner)
  const groups = groupsAfter(
    signed.find((each) => each.memberId === memberId)!,
    { roles, ownPatients: false, siteIds },
  )
  const given = await owner.vault.changeMember({ clinicId, chain: await chainNow(), memberId, roles, groups })
  return members.changeMember(owner.actor, { memberId, roles, ownPatients: false, siteIds, ...given })
}

beforeAll(async () => {
  clinic = await openTestClinic()
  const { owner, clinicId } = clinic
  await admin(
    `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
     VALUES ($1, $2, 'Consultation', 10, 0, 'eur', 'free', '[]')`,
    [serviceId, clinicId],
  )
  await admin(
    'INSERT INTO weekly_hours (clinic_id, member_id, weekday, start_minute, end_minute) VALUES ($1, $2, 1, 0, 60)',
    [clinicId, owner.actor.memberId],
  )
  const more = { id: siteB, name: 'North', address: '5 High Street', here: { id: siteA, name: 'South' } }
  must(await sites.add(owner.actor, more))
  deskA = await join(['frontdesk'], [siteA])
  deskB = await join(['frontdesk'], [siteB])
  doctorA = await join(['practitioner'], [siteA])
  doctorB = await join(['practitioner'], [siteB])
  whole = await join(['practitioner'])
  await Promise.all([clinic.owner, deskA, deskB, doctorA, doctorB].map(refresh))
}, 240_000)

test('the first further site makes a site of the place that the clinic had, with its hours', async () => {
  const { sites: listed } = must(await sites.list(clinic.owner.actor, {}, at()))
  expect(listed.map(({ name, hours, members: count }) => [name, hours, count])).toEqual([
    ['South', 1, 2],
    ['North', 0, 2],
  ])
  // Whoever is there by the chain keeps it open, whatever the rows say.
  expect(await sites.close(clinic.owner.actor, { id: siteB }, at())).toMatchObject({ code: 'SITE_IN_USE' })
})

test('each site has its day, charts, recalls and devices; the whole clinic’s have all of it', async () => {
  const [atA, atB] = [await book(whole.memberId, siteA), await book(whole.memberId, siteB)]
  const seen = async ({ actor }: Colleague) =>
    must(await encounters.loadDay(actor, { day: atA.day }, at())).rows.map((row) => row.patientId)
  expect(await seen(deskA)).toEqual([atA.patientId])
  expect(await seen(deskB)).toEqual([atB.patientId])
  expect(await seen(doctorB)).toEqual([atB.patientId])
  expect(await seen(whole)).toEqual([atA.patientId, atB.patientId])
  const day = must(await encounters.loadDay(deskB.actor, { day: atA.day }, at()))
  expect(day.rows[0]).toMatchObject({ siteId: siteB, site: 'North' })
  expect(await opens(deskB, day.records, atB.patientId)).toEqual(['opened', 'opened'])

  const { appointmentId } = atB
  expect(await encounters.openEncounter(doctorA.actor, { appointmentId }, at())).toMatchObject({ code: 'NOT_FOUND' })
  const view = must(await encounters.openEncounter(doctorB.actor, { appointmentId }, at()))
  expect(await opens(doctorB, view.records, atB.patientId)).toEqual(all)
  // What one of the site writes there the others of it read, and the whole clinic's.
  const place = { clinicId: clinic.clinicId, patientId: atB.patientId, revision: 1, schema: 1 }
  const visit = { practitioner: whole.memberId, site: siteB }
  const note = await doctorB.vault.seal({ ...place, ...visit, recordId: randomUUID(), type: 'note', content: {} })
  expect(await opens(whole, [note], atB.patientId)).toEqual(['opened'])
  expect(await opens(doctorA, [note], atB.patientId)).toEqual(['NOT_FOR_YOU'])

  const recall = await doctorB.vault.seal({ ...place, ...visit, recordId: randomUUID(), type: 'recall', content: {} })
  const dueOn = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)
  const id = randomUUID()
  must(await recalls.setRecall(doctorB.actor, { id, appointmentId, serviceId, dueOn, record: recall }, at()))
  const listed = async ({ actor }: Colleague) =>
    must(await recalls.list(actor, { status: 'open' }, at())).recalls.map((row) => row.id)
  expect([await listed(deskA), await listed(deskB), await listed(doctorA)]).toEqual([[], [id], []])
  expect(await recalls.inviteNow(deskA.actor, { id }, at())).toMatchObject({ code: 'NOT_FOUND' })
  expect(await recognition.newDevices(deskA.actor, { appointmentId })).toMatchObject({ code: 'NOT_FOUND' })
  must(await recognition.newDevices(deskB.actor, { appointmentId }))
})

describe('a curious colleague of the other site, with all ciphertext and all key grants of the database,', () => {
  // Defence: the scopes in groupsOf (rules.ts), and `scopes` in audienceOf (lib/crypto/policy.ts).
  test('attack 17: opens nothing of it', async () => {
    const [atA, atB] = [await book(whole.memberId, siteA), await book(doctorB.memberId, siteB)]
    const rows = await everyRow()
    const grants = (await inClinic(clinic.clinicId, (tx) => tx.epochGrant.findMany())).map(
      ({ group, epoch, toKey, enc, ct }) => ({ group: group as 'clinical', epoch, to: toKey, enc, ct }),
    )
    const of = (patientId: string) => rows.filter((row) => row.meta.patientId === patientId)
    for (const who of [deskA, doctorA]) {
      await who.vault.refresh({ chain: await chainNow(), epochGrants: grants })
      expect(await opens(who, of(atB.patientId), atB.patientId)).toEqual(shut)
    }
    expect(await opens(doctorA, of(atA.patientId), atA.patientId)).toEqual(all)
    expect((await opens(deskA, of(atA.patientId), atA.patientId)).sort()).toEqual(['NOT_FOR_YOU', 'opened', 'opened'])
  })

  // Defence: membership by the verified chain alone (lib/crypto/chain.ts), whatever rows say.
  test('attack 7: nor whom a hostile server puts there by SQL: rows are no keys, and the chain refuses the statement', async () => {
    const { clinicId } = clinic
    const { appointmentId, day, patientId } = await book(doctorB.memberId, siteB)
    await admin('INSERT INTO member_site (clinic_id, member_id, site_id) VALUES ($1, $2, $3)', [
      ...[clinicId, deskA.memberId, siteB],
    ])
    const view = must(await encounters.loadDay(deskA.actor, { day }, at()))
    const theirs = view.records.filter((record) => record.meta.patientId === patientId)
    expect(theirs).toHaveLength(2)
    expect(await opens(deskA, theirs, patientId)).toEqual(['NOT_FOR_YOU', 'NOT_FOR_YOU'])
    must(await recognition.newDevices(deskA.actor, { appointmentId }))
    await admin('DELETE FROM member_site WHERE member_id = $1 AND site_id = $2', [deskA.memberId, siteB])

    // A receptionist who signs themselves in, as the server's own door and as every browser see it.
    const chain = await chainNow()
    const given = { clinicId, chain, memberId: deskA.memberId, roles: ['frontdesk'] as Role[] }
    const groups = [`desk:${siteA}`, `desk:${siteB}`] as const
    await expect(deskA.vault.changeMember({ ...given, groups: [...groups] })).rejects.toMatchObject({
      code: 'CHAIN_INVALID',
    })
    // An officer's statement for one site, made to name the other.
    const { members: signed } = await refresh(clinic.owner)
    const member = signed.find((each) => each.memberId === deskA.memberId)!
    const next = groupsAfter(member, { roles: ['frontdesk', 'practitioner'], ownPatients: false, siteIds: [siteA] })
    const made = await clinic.owner.vault.changeMember({
      ...given,
      roles: ['frontdesk', 'practitioner'],
      groups: next,
    })
    const asked = { memberId: deskA.memberId, roles: ['frontdesk', 'practitioner'] as Role[], ownPatients: false }
    expect(await members.changeMember(clinic.owner.actor, { ...asked, siteIds: [siteB], ...made })).toMatchObject({
      ok: false,
    })
    const [body] = made.statements.map((each) => Buffer.from(each.body, 'base64url'))
    const swapped = Buffer.from(body!.toString('latin1').replaceAll(siteA, siteB), 'latin1').toString('base64url')
    const forged = { clinicId, statements: [...chain.statements, { ...made.statements[0]!, body: swapped }] }
    await expect(createVault(memoryStorage()).loadChain(forged, clinic.rootFingerprint)).rejects.toMatchObject({
      code: 'CHAIN_INVALID',
    })
  })

  // Defence: `siteAmong` in audienceOf.
  test('attack 7: nor does a server that names their site of another’s visit put them among its readers', async () => {
    const { records, patientId } = await book(doctorB.memberId, siteA)
    expect(await opens(doctorA, records, patientId)).toEqual(shut)
    expect(await opens(doctorB, records, patientId)).toEqual(all)
  })
})

test('a patient who visits a second site gives their name there, and no earlier record of the first', async () => {
  const first = await book(doctorA.memberId, siteA)
  const second = await book(doctorB.memberId, siteB, first)
  expect(await opens(doctorB, second.records, first.patientId)).toEqual(all)
  const rows = (await everyRow()).filter((row) => row.meta.patientId === first.patientId)
  const earlier = rows.filter((row) => first.records.some(({ meta }) => meta.recordId === row.meta.recordId))
  expect(earlier).toHaveLength(3)
  expect(await opens(doctorB, earlier, first.patientId)).toEqual(shut)
  const view = must(await encounters.openEncounter(doctorB.actor, { appointmentId: second.appointmentId }, at()))
  expect(view.records.map((record) => record.meta.recordId).sort()).toEqual(
    second.records.map((record) => record.meta.recordId).sort(),
  )
  expect(view.visits.map((visit) => visit.appointmentId)).toEqual([second.appointmentId])
})

test('attack 15: whoever moves to another site opens nothing new of the former', async () => {
  const mover = await join(['practitioner'], [siteA])
  await Promise.all([clinic.owner, doctorA, doctorB].map(refresh))
  must(await move(mover.memberId, ['practitioner'], [siteB]))
  await Promise.all([mover, clinic.owner, doctorA, doctorB, whole].map(refresh))
  const [atA, atB] = [await book(doctorA.memberId, siteA), await book(doctorB.memberId, siteB)]
  expect(await opens(mover, atA.records, atA.patientId)).toEqual(shut)
  expect(await opens(mover, atB.records, atB.patientId)).toEqual(all)
  expect(await opens(doctorA, atA.records, atA.patientId)).toEqual(all)
  const seen = must(await encounters.loadDay(mover.actor, { day: atA.day }, at())).rows
  expect(seen.some((row) => row.siteId === siteA)).toBe(false)
  must(
    await members.removeMember(
      clinic.owner.actor,
      { memberId: mover.memberId, ...(await leave(mover.memberId)) },
      at(),
    ),
  )
})
async function leave(memberId: string) {
  await refresh(clinic.owner)
  return clinic.owner.vault.removeMember({ clinicId: clinic.clinicId, chain: await chainNow(), memberId })
}

test('a site is closed once nobody is there, and not before', async () => {
  const { owner } = clinic
  const [id, name] = [randomUUID(), 'East']
  must(await sites.add(owner.actor, { id, name, address: '', here: null }))
  const lone = await join(['frontdesk'], [id])
  expect(await sites.close(owner.actor, { id }, at())).toMatchObject({ code: 'SITE_IN_USE' })
  must(await members.removeMember(owner.actor, { memberId: lone.memberId, ...(await leave(lone.memberId)) }, at()))
  const { appointmentId } = await book(whole.memberId, id)
  expect(await sites.close(owner.actor, { id }, at())).toMatchObject({ code: 'SITE_IN_USE' })
  await admin(`UPDATE appointment SET status = 'cancelled' WHERE id = $1`, [appointmentId])
  must(await sites.close(owner.actor, { id }, at()))
  expect(must(await sites.list(owner.actor, {}, at())).sites.map((site) => site.id)).not.toContain(id)
  const again = { id: randomUUID(), displayName: 'G', title: '', roles: ['frontdesk'] as Role[], claimHash: 'x' }
  expect(await flow.invite(owner.actor, { ...again, siteIds: [id] }, at())).toMatchObject({ code: 'BAD_INPUT' })
})
