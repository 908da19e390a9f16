import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, expect, it } from 'vitest'
import * as encounters from '../encounter/store'
import * as encounterFlow from '../encounter/flow'
import { clinicWorld } from '../payment/testing'
import * as prescriptions from '../prescription/store'
import * as prescriptionFlow from '../prescription/flow'
import * as recalls from '../recall/store'
import * as recallFlow from '../recall/flow'
import { testDb } from '../server/testing'
import { inClinic } from '../server/tx'
import type { StaffActor } from './rules'
import * as store from './store'

const { admin } = testDb()
const now = new Date()
let mine: StaffActor
/** A's transaction with an actor that says it is B's: what a bug or a forged session could bring about. */
let forged: StaffActor
let ids: {
  appointmentId: string
  patientId: string
  memberId: string
  serviceId: string
  rxId: string
  recallId: string
  sessionId: string
  invitationId: string
}
let theirClinic: string

const tables = [
  'clinic',
  'member',
  'member_session',
  'invitation',
  'chain_statement',
  'epoch_grant',
  'appointment',
  'record',
  'record_grant',
  'prescription',
  'recall',
  'audit_entry',
  'nonce',
  'sign_in_proof',
]
const theirs = async () => {
  const rows: Record<string, unknown> = {}
  for (const table of tables) {
    const key = table === 'clinic' ? 'id' : 'clinic_id'
    rows[table] = await admin(
      `SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM ${table} t WHERE ${key} = $1`,
      [theirClinic],
    )
  }
  return rows
}

beforeAll(async () => {
  const [a, b] = [await clinicWorld(admin), await clinicWorld(admin)]
  const { appointmentId } = await b.waiting({ status: 'booked', payment: 'none' })
  const [row] = await admin<{ patient_id: string }>('SELECT patient_id FROM appointment WHERE id = $1', [appointmentId])
  const patientId = row!.patient_id
  theirClinic = b.clinicId
  ids = {
    appointmentId,
    patientId,
    memberId: b.memberId,
    serviceId: b.serviceId,
    rxId: randomUUID(),
    recallId: randomUUID(),
    sessionId: randomUUID(),
    invitationId: randomUUID(),
  }
  await admin(
    `INSERT INTO prescription (id, clinic_id, patient_id, appointment_id, member_id, record_id, status, share, issued_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, 'issued', '\\x00', now(), now() + interval '9 days')`,
    [ids.rxId, b.clinicId, patientId, appointmentId, b.memberId, randomUUID()],
  )
  await admin(
    `INSERT INTO recall (id, clinic_id, patient_id, member_id, service_id, record_id, due_on) VALUES ($1, $2, $3, $4, $5, $6, now())`,
    [ids.recallId, b.clinicId, patientId, b.memberId, b.serviceId, randomUUID()],
  )
  await admin(
    `INSERT INTO member_session (id, clinic_id, member_id, expires_at) VALUES ($1, $2, $3, now() + interval '1 hour')`,
    [ids.sessionId, b.clinicId, b.memberId],
  )
  await admin(
    `INSERT INTO invitation (id, clinic_id, display_name, roles, groups, created_by, expires_at)
     VALUES ($1, $2, 'Grace', '{frontdesk}', '{desk}', $3, now() + interval '1 day')`,
    [ids.invitationId, b.clinicId, b.memberId],
  )
  mine = {
    kind: 'staff',
    clinicId: a.clinicId,
    memberId: a.memberId,
    sessionId: randomUUID(),
    roles: ['admin', 'practitioner', 'frontdesk'],
  }
  forged = { ...mine, clinicId: b.clinicId, memberId: b.memberId, sessionId: ids.sessionId }
}, 60_000)

const nothing = [null, false, 0, undefined, '{"length":0,"hash":""}', '[]']
const isNothing = (value: unknown) =>
  nothing.includes(typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as never))

// Each fails when FORCE ROW LEVEL SECURITY (or the policy `tenant`) is taken off the table that it reads or writes.
it("attack 17: in A's transaction no store reads a row of B, whatever actor and ids it is given", async () => {
  const from = new Date(0)
  const to = new Date(8e15)
  const reads: [string, (tx: Parameters<Parameters<typeof inClinic>[1]>[0]) => Promise<unknown>][] = [
    ['findSession', (tx) => store.findSession(tx, theirClinic, ids.sessionId)],
    ['findKeyMaterial', (tx) => store.findKeyMaterial(tx, forged)],
    ['listStatements', (tx) => store.listStatements(tx, theirClinic)],
    ['findHead', (tx) => store.findHead(tx, theirClinic)],
    ['listStaff', (tx) => store.listStaff(tx, forged)],
    ['findClinic', (tx) => store.findClinic(tx, theirClinic)],
    ['findInvitation', (tx) => store.findInvitation(tx, theirClinic, ids.invitationId)],
    ['listInvitations', (tx) => store.listInvitations(tx, forged, now)],
    ['listDay', (tx) => encounters.listDay(tx, forged, { from, to }, now)],
    ['findVisit', (tx) => encounters.findVisit(tx, forged, ids.appointmentId, now)],
    ['listLoad', (tx) => encounters.listLoad(tx, forged, { from, to })],
    ['listPractitioners', (tx) => encounters.listPractitioners(tx, forged)],
    ['listVisits', (tx) => encounters.listVisits(tx, forged, ids.patientId)],
    ['listPatientKeys', (tx) => encounters.listPatientKeys(tx, forged, ids.patientId)],
    ['listConsents', (tx) => encounters.listConsents(tx, forged, ids.patientId)],
    ['listServices', (tx) => encounters.listServices(tx, forged)],
    ['findShare', (tx) => prescriptions.findShare(tx, theirClinic, ids.rxId, now)],
    ['findPrescription', (tx) => prescriptions.findPrescription(tx, forged, ids.rxId)],
    ['listPrescriptions', (tx) => prescriptions.listPrescriptions(tx, forged, ids.patientId, now)],
    ['listRecalls', (tx) => recalls.listRecalls(tx, forged, {})],
    ['hasService', (tx) => recalls.hasService(tx, forged, ids.serviceId)],
    ['findRecall', (tx) => recalls.findRecall(tx, forged, ids.recallId, now)],
    ['listInvited', (tx) => recalls.listInvited(tx, { kind: 'system', clinicId: theirClinic })],
  ]
  for (const [name, read] of reads) {
    const found = await inClinic(mine.clinicId, async (tx) => ({ value: await read(tx) }))
    expect(isNothing(found.value), name).toBe(true)
  }
})

it("attack 17: in A's transaction no store writes a row of B", async () => {
  const before = await theirs()
  const bytes = new Uint8Array(randomBytes(32))
  const writes: [string, (tx: Parameters<Parameters<typeof inClinic>[1]>[0]) => Promise<unknown>][] = [
    ['touchSession', (tx) => store.touchSession(tx, ids.sessionId, now)],
    ['revokeSession', (tx) => store.revokeSession(tx, forged, now)],
    [
      'saveSession',
      (tx) =>
        store.saveSession(tx, {
          id: randomUUID(),
          clinicId: theirClinic,
          memberId: ids.memberId,
          expiresAt: now,
          userAgent: '',
        }),
    ],
    [
      'saveProof',
      (tx) => store.saveProof(tx, { hash: bytes, clinicId: theirClinic, memberId: ids.memberId, expiresAt: now }),
    ],
    ['takeLoginState', (tx) => store.takeLoginState(tx, randomUUID(), theirClinic, now)],
    [
      'appendStatements',
      (tx) =>
        store.appendStatements(tx, theirClinic, [
          { seq: 0, body: 'x', signer: 'x', signature: 'x', previous: '', hash: 'x' },
        ]),
    ],
    [
      'saveEpochGrants',
      (tx) => store.saveEpochGrants(tx, theirClinic, [{ group: 'desk', epoch: 1, to: 'x', enc: 'x', ct: 'x' }]),
    ],
    ['saveWrap', (tx) => store.saveWrap(tx, forged, 'x')],
    [
      'saveProfile',
      (tx) => store.saveProfile(tx, forged, { memberId: ids.memberId, displayName: 'x', title: 'x', bio: 'x' }),
    ],
    [
      'saveInvitation',
      (tx) =>
        store.saveInvitation(tx, forged, {
          id: randomUUID(),
          displayName: 'x',
          title: '',
          roles: ['admin'],
          groups: [],
          expiresAt: now,
        }),
    ],
    [
      'moveInvitation',
      (tx) => store.moveInvitation(tx, { clinicId: theirClinic, id: ids.invitationId, from: 'open', to: 'cancelled' }),
    ],
    ['activateMember', (tx) => store.activateMember(tx, theirClinic, ids.memberId)],
    ['dropRegistered', (tx) => store.dropRegistered(tx, theirClinic, ids.memberId)],
    [
      'moveVisit',
      (tx) => encounters.moveVisit(tx, forged, { id: ids.appointmentId, from: 'booked', to: 'completed' }, now),
    ],
    ['dropRevisions', (tx) => encounters.dropRevisions(tx, forged, randomUUID(), 9)],
    [
      'savePrescription',
      (tx) =>
        prescriptions.savePrescription(tx, forged, {
          id: randomUUID(),
          patientId: ids.patientId,
          appointmentId: ids.appointmentId,
          recordId: randomUUID(),
          share: bytes,
          issuedAt: now,
          expiresAt: now,
        }),
    ],
    [
      'movePrescription',
      (tx) => prescriptions.movePrescription(tx, forged, { id: ids.rxId, from: 'issued', to: 'cancelled' }),
    ],
    [
      'saveRecall',
      (tx) =>
        recalls.saveRecall(tx, forged, {
          id: randomUUID(),
          patientId: ids.patientId,
          serviceId: ids.serviceId,
          recordId: randomUUID(),
          dueOn: '2030-01-01',
        }),
    ],
    ['moveRecall', (tx) => recalls.moveRecall(tx, forged, { id: ids.recallId, from: 'scheduled', to: 'declined' })],
  ]
  for (const [name, write] of writes) {
    // A policy refuses a foreign row by an error, or by finding none to change.
    const done = await inClinic(mine.clinicId, async (tx) => ({ value: await write(tx) })).catch(() => ({
      value: null,
    }))
    expect(isNothing(done.value), name).toBe(true)
  }
  expect(await theirs()).toEqual(before)
})

it("attack 17: A's staff is told of nothing of B through any flow", async () => {
  const before = await theirs()
  const at = { now }
  const { appointmentId } = ids
  const answers = [
    await encounterFlow.openEncounter(mine, { appointmentId }, at),
    await encounterFlow.complete(mine, { appointmentId }, at),
    await encounterFlow.miss(mine, { appointmentId }, at),
    await prescriptionFlow.cancel(mine, { id: ids.rxId }, at),
    await prescriptionFlow.dispense(mine, { id: ids.rxId }, at),
    await recallFlow.inviteNow(mine, { id: ids.recallId }, at),
    await recallFlow.decline(mine, { id: ids.recallId }, at),
  ]
  for (const answer of answers) expect(answer).toMatchObject({ ok: false, code: 'NOT_FOUND' })
  expect(await theirs()).toEqual(before)
})
