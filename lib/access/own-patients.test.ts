// A practitioner who sees their own patients only, through the flows, with real keys.
import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { createVault } from '../browser/vault-core'
import type { Vault } from '../browser/vault-api'
import { memoryStorage } from '../browser/vault-storage'
import type { RecordType } from '../crypto/types'
import * as encounters from '../encounter/flow'
import * as prescriptions from '../prescription/flow'
import * as recalls from '../recall/flow'
import { insertRecords } from '../record/store'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import * as flow from './flow'
import * as members from './flow-members'
import type { Role, StaffActor } from './rules'
import { answer, at, everyRow, must, opens, openTestClinic, signIn, type TestClinic, vouchFor } from './testing'

const { admin } = testDb()
interface Colleague {
  vault: Vault
  actor: StaffActor
  memberId: string
}
let clinic: TestClinic
let own: Colleague
let doctor: Colleague
const serviceId = randomUUID()

const chainNow = async () => must(await flow.loadChain(null, { clinicId: clinic.clinicId }))
async function refresh({ vault, actor }: Pick<Colleague, 'vault' | 'actor'>) {
  const { clinicId, statements, epochGrants } = must(await flow.loadMe(actor))
  return vault.refresh({ chain: { clinicId, statements }, epochGrants })
}
async function join(roles: Role[], ownPatients = false): Promise<Colleague> {
  await refresh(clinic.owner)
  const { invitation, vault, memberId, email } = await answer(clinic, roles, ownPatients)
  const signed = await vouchFor(clinic, invitation.id, invitation)
  must(await flow.vouch(clinic.owner.actor, { id: invitation.id, ...signed }, at()))
  return { vault, memberId, actor: await signIn(vault, email) }
}

let hour = 0
/** A patient who books with this practitioner: sealed by the patient's browser, which knows the chain alone. */
async function book(practitioner: string) {
  const { clinicId } = clinic
  const vault = createVault(memoryStorage())
  await vault.loadChain(await chainNow(), clinic.rootFingerprint)
  const { patientId, keys } = await vault.createPatient({ clinicId, patientId: randomUUID(), home: 'memory' })
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  const appointmentId = randomUUID()
  // At the same hour of the same day for all: each beside the other.
  const startsAt = new Date(Math.floor(Date.now() / 86_400_000) * 86_400_000 + 86_400_000 + 600_000 * hour++)
  await admin(
    `INSERT INTO appointment (id, clinic_id, patient_id, service_id, member_id, status, starts_at, ends_at, blocked_from,
       blocked_until, held_since, held_until, hold_hash, price_minor, currency, payment_mode, locale, time_zone)
     VALUES ($1, $2, $3, $4, $5, 'booked', $6, $7, $6, $7, $6, $6, $8, 0, 'eur', 'free', 'en', 'UTC')`,
    [
      appointmentId,
      clinicId,
      patientId,
      serviceId,
      practitioner,
      startsAt,
      new Date(+startsAt + 600_000),
      randomBytes(32),
    ],
  )
  const records = await vault.sealMany(
    (['identity', 'checklist', 'reason'] as const).map((type) => ({
      ...{ clinicId, patientId, recordId: randomUUID(), revision: 1, schema: 1, type, practitioner },
      ...{ content: { name: 'Pat', reason: 'a cough' }, patients: [{ patientId, key: keys.dh }], asPatient: patientId },
    })),
  )
  const saved = await inClinic(clinicId, (tx) =>
    insertRecords(tx, { kind: 'system', clinicId }, records, { patientId, appointmentId }),
  )
  must(saved)
  return { vault, patientId, appointmentId, day: startsAt.toISOString().slice(0, 10), records }
}

async function change(memberId: string, ownPatients: boolean) {
  const { owner, clinicId } = clinic
  await refresh(owner)
  const roles: Role[] = ['practitioner']
  const groups = ownPatients ? ([`clinical:${memberId}`] as const) : (['clinical', 'desk'] as const)
  const signed = await owner.vault.changeMember({
    clinicId,
    chain: await chainNow(),
    memberId,
    roles,
    groups: [...groups],
  })
  return members.changeMember(owner.actor, { memberId, roles, ownPatients, ...signed })
}

beforeAll(async () => {
  clinic = await openTestClinic()
  own = await join(['practitioner'], true)
  doctor = await join(['practitioner'])
  await refresh(own)
  await refresh(clinic.owner)
  await admin(
    `INSERT INTO service (id, clinic_id, name, minutes, price_minor, currency, payment_mode, intake_form)
     VALUES ($1, $2, 'Consultation', 10, 0, 'eur', 'free', '[]')`,
    [serviceId, clinic.clinicId],
  )
})

test('who sees their own patients has their day, chart, notes, prescriptions and recalls, and nobody else’s', async () => {
  const [mine, others] = [await book(own.memberId), await book(doctor.memberId)]
  const { clinicId } = clinic
  const { appointmentId, patientId } = mine

  const day = must(await encounters.loadDay(own.actor, { day: mine.day }, at()))
  expect(day.rows.map((row) => row.patientId)).toEqual([patientId])
  expect(await opens(own, day.records, patientId)).toEqual(['opened', 'opened'])
  const whole = must(await encounters.loadDay(doctor.actor, { day: mine.day }, at()))
  expect(whole.rows.map((row) => row.patientId)).toEqual([patientId, others.patientId])
  expect(await encounters.openEncounter(own.actor, { appointmentId: others.appointmentId }, at())).toMatchObject({
    code: 'NOT_FOUND',
  })

  const view = must(await encounters.openEncounter(own.actor, { appointmentId }, at()))
  expect(view.records.map((record) => record.meta.type).sort()).toEqual(['checklist', 'identity', 'reason'])
  expect(await opens(own, view.records, patientId)).toEqual(['opened', 'opened', 'opened'])

  const write = (type: RecordType, revision = 1, recordId: string = randomUUID()) =>
    own.vault.seal({
      ...{ clinicId, patientId, recordId, revision, schema: 1, type, content: { text: type } },
      practitioner: view.appointment.memberId,
    })
  const [note, draft] = [await write('note'), await write('draft')]
  for (const record of [note, draft]) must(await encounters.saveNote(own.actor, { appointmentId, record }, at()))
  const prescription = await write('prescription')
  const issuedAt = new Date()
  const rxId = randomUUID()
  const { share } = await own.vault.sealShare({ rxId, clinicId, prescriberName: 'Grace', prescription: {} })
  const expiresAt = new Date(+issuedAt + 86_400_000).toISOString()
  const issuing = { rxId, appointmentId, record: prescription, share, issuedAt: issuedAt.toISOString(), expiresAt }
  must(await prescriptions.issue(own.actor, issuing, at()))
  const recall = await write('recall')
  const dueOn = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10)
  must(await recalls.setRecall(own.actor, { id: randomUUID(), appointmentId, serviceId, dueOn, record: recall }, at()))
  const list = must(await recalls.list(own.actor, { status: 'open' }, at()))
  expect(list.recalls.map((row) => row.patientId)).toEqual([patientId])

  const again = must(await encounters.openEncounter(own.actor, { appointmentId }, at()))
  expect(await opens(own, again.records, patientId)).toEqual(Array.from({ length: 7 }, () => 'opened'))
  // The clinic's own see it all the same, and write in it.
  const seen = must(await encounters.openEncounter(doctor.actor, { appointmentId }, at()))
  expect(await opens(doctor, seen.records, patientId)).toEqual(Array.from({ length: 7 }, () => 'opened'))
  const byDoctor = await doctor.vault.seal({
    ...{ clinicId, patientId, recordId: randomUUID(), revision: 1, schema: 1, type: 'note', content: {} },
    practitioner: own.memberId,
  })
  expect(await opens(own, [byDoctor], patientId)).toEqual(['opened'])
})

// Defence: the scope in groupsOf (rules.ts). With the clinic's groups in its place, everything opens.
test('attack 17: own patients only holds against every row of the database, whoever hands them over', async () => {
  const mine = await book(own.memberId)
  const others = [await book(doctor.memberId), await book(clinic.owner.actor.memberId)]
  const { clinicId } = clinic
  const rows = await everyRow(clinic.clinicId)
  const all = (await inClinic(clinicId, (tx) => tx.epochGrant.findMany())).map(({ group, epoch, toKey, enc, ct }) => ({
    ...{ group: group as 'clinical', epoch, to: toKey, enc, ct },
  }))
  expect(all.some(({ group }) => group === 'clinical')).toBe(true)
  await own.vault.refresh({ chain: await chainNow(), epochGrants: all })
  const of = (patientId: string) => rows.filter((row) => row.meta.patientId === patientId)
  expect(await opens(own, of(mine.patientId), mine.patientId)).toEqual(['opened', 'opened', 'opened'])
  for (const { patientId } of others)
    expect(await opens(own, of(patientId), patientId)).toEqual(['NOT_FOR_YOU', 'NOT_FOR_YOU', 'NOT_FOR_YOU'])
})

test('attack 15: whoever is changed to their own patients opens nothing of others’ from then on, and may be changed back', async () => {
  const other = await join(['practitioner'])
  must(await change(other.memberId, true))
  await Promise.all([other, clinic.owner, doctor].map(refresh))
  const [mine, others] = [await book(other.memberId), await book(doctor.memberId)]
  const { members: signed, waiting } = await refresh(other)
  expect(signed.find(({ memberId }) => memberId === other.memberId)?.groups).toEqual([`clinical:${other.memberId}`])
  expect(waiting).toEqual([])
  expect(await opens(other, mine.records, mine.patientId)).toEqual(['opened', 'opened', 'opened'])
  expect(await opens(other, others.records, others.patientId)).toEqual(['NOT_FOR_YOU', 'NOT_FOR_YOU', 'NOT_FOR_YOU'])
  expect(await opens(doctor, mine.records, mine.patientId)).toEqual(['opened', 'opened', 'opened'])

  must(await change(other.memberId, false))
  await Promise.all([other, clinic.owner].map(refresh))
  expect(await opens(other, others.records, others.patientId)).toEqual(['opened', 'opened', 'opened'])
  expect(await opens(other, mine.records, mine.patientId)).toEqual(['opened', 'opened', 'opened'])
})

// Defence: `compared` in `vouch` (vault-members.ts).
test('attack 7: whoever took the link sounds otherwise, and keys that nobody compared are vouched for by nobody', async () => {
  const { clinicId, owner } = clinic
  await refresh(owner)
  const { invitation } = await answer(clinic, ['frontdesk'])
  const listed = must(await flow.listStaff(owner.actor, {}, at()))
  const { memberId, keys, mac } = listed.invitations.find((each) => each.id === invitation.id)!.answer!
  const shown = { clinicId, chain: await chainNow(), invitation, memberId, keys, mac }
  const { code } = await owner.vault.newcomerCode(shown)
  // Somebody with the link, secret and all, who answers in the newcomer's place: the MAC holds, the words do not.
  const thief = createVault(memoryStorage())
  const { request } = await thief.registerStart('another passphrase of a thief')
  const { startRegistration } = await import('./flow-sign-in')
  const { response } = must(
    await startRegistration({ kind: 'public' }, { email: `${randomUUID()}@example.org`, request }, at()),
  )
  const { rootFingerprint } = clinic
  const taken = await thief.registerMember({
    clinicId,
    memberId,
    response,
    invitation: { ...invitation, rootFingerprint },
  })
  expect(taken.code).not.toBe(code)
  const swapped = { ...shown, keys: taken.keys, mac: taken.mac }
  await expect(owner.vault.newcomerCode(swapped)).resolves.toEqual({ code: taken.code })
  await expect(owner.vault.vouch({ ...swapped, compared: code })).rejects.toMatchObject({ code: 'BAD_INVITATION' })
  await expect(owner.vault.vouch({ ...shown, compared: code })).resolves.toBeDefined()
})

// Defence: `isWhole` in loadEmergencyKey.
test('in an emergency: a scope’s member grants what the scope manages, and whoever sees more makes a key of their own', async () => {
  const { clinicId, owner } = clinic
  await join(['admin'])
  await Promise.all([own, doctor, owner].map(refresh))
  const { patientId, records } = await book(own.memberId)
  expect(await opens(own, records, patientId)).toEqual(['opened', 'opened', 'opened'])
  const first = await own.vault.makeEmergencyKey({ clinicId, patientId, epoch: 1 })
  // Their own makes theirs valid for them, and is not granted what they do not see.
  await opens(doctor, records, patientId)
  const load = { clinicId, patientId, statement: first.statement }
  expect(await doctor.vault.loadEmergencyKey(load)).toMatchObject({ state: 'stale' })
  await expect(
    doctor.vault.regrant(records, { kind: 'escrow', id: patientId, key: first.publicKey, epoch: 1 }),
  ).rejects.toMatchObject({ code: 'NOT_VOUCHED' })
  const second = await doctor.vault.makeEmergencyKey({ clinicId, patientId, epoch: 2 })
  for (const [who, { statement, publicKey: key }, epoch, types] of [
    [own, first, 1, ['reason']],
    [doctor, second, 2, ['identity', 'checklist', 'reason']],
  ] as const) {
    await opens(who, records, patientId)
    expect(await who.vault.loadEmergencyKey({ clinicId, patientId, statement })).toMatchObject({ state: 'valid' })
    const granted = await who.vault.regrant(records, { kind: 'escrow', id: patientId, key, epoch })
    const typeOf = (recordId: string) => records.find(({ meta }) => meta.recordId === recordId)!.meta.type
    expect(granted.map(({ recordId }) => typeOf(recordId))).toEqual(types)
    // Others believe these grants: they are by members of the managing group.
    expect(granted.every(({ grant }) => grant.recipient.kind === 'escrow')).toBe(true)
  }
})
