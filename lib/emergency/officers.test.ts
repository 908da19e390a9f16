import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import { must } from '../access/testing.ts'
import { at } from '../booking/testing.ts'
import { patientWhoReadsTheLog } from '../patient/testing.ts'
import { clinicWorld } from '../payment/testing.ts'
import { insertRecords, listRecords } from '../record/store.ts'
import { sealed } from '../record/testing.ts'
import { testDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'
import { grant, keep, makeKey } from './flow-keys.ts'
import * as flow from './flow-officers.ts'
import { answerMinutes, readingMinutes } from './rules.ts'

const { admin } = testDb()
const b64 = (length: number) => randomBytes(length).toString('base64url')
let doctor: StaffActor
let first: StaffActor
let second: StaffActor
beforeAll(async () => {
  const { clinicId, memberId } = await clinicWorld(admin)
  const actor = (id: string, roles: StaffActor['roles']): StaffActor => ({
    ...{ kind: 'staff', clinicId, memberId: id, sessionId: '', roles },
  })
  doctor = actor(memberId, ['practitioner'])
  const officer = async (name: string) => {
    const id = randomUUID()
    await admin(
      `INSERT INTO member (id, clinic_id, email_index, email_sealed, display_name, roles, status)
       VALUES ($1, $2, $3, $4, $5, '{admin}', 'active')`,
      [id, clinicId, randomBytes(32), randomBytes(8), name],
    )
    return actor(id, ['admin'])
  }
  ;[first, second] = [await officer('Ada'), await officer('Grace')]
})

/** A patient with a key of epoch 1, and one record that is granted to the clinic and to that key. */
async function patient() {
  const { clinicId } = doctor
  const patientId = randomUUID()
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  const record = sealed({ clinicId, patientId, recordId: randomUUID(), revision: 1, type: 'note' })
  await inClinic(clinicId, (tx) => insertRecords(tx, doctor, [record], { patientId, appointmentId: null }))
  const key = await newKey(patientId, 1)
  return { patientId, record, key }
}
function keyInput(patientId: string, epoch: number) {
  const shares = [first, second].map(({ memberId }) => ({ memberId, enc: b64(32), ct: b64(49) }))
  return { patientId, epoch, publicKey: b64(32), statement: b64(90), shares }
}
async function newKey(patientId: string, epoch: number) {
  const key = keyInput(patientId, epoch)
  expect(await makeKey(doctor, key, at())).toMatchObject({ ok: true })
  return key
}
type Known = Awaited<ReturnType<typeof patient>>
const granting = ({ patientId, record, key }: Pick<Known, 'patientId' | 'record' | 'key'>, over = {}) => {
  const recipient = { kind: 'escrow' as const, id: patientId, key: key.publicKey, epoch: key.epoch, ...over }
  const { recordId, revision } = record.meta
  const each = { recordId, revision, grant: { ...record.grants[0]!, recipient } }
  return grant(doctor, { patientId, grants: [each] }, at())
}
const asking = (patientId: string) => ({
  id: randomUUID(),
  patientId,
  recordId: null,
  request: b64(90),
  reason: b64(90),
})
const afterMinutes = (count: number) => {
  const ctx = at()
  return { ...ctx, now: new Date(ctx.now.getTime() + count * 60_000) }
}
const nothing = {}

test('attack 22: asked, agreed and read, each once; a share goes to its officer and the records to who asked', async () => {
  const known = await patient()
  const { patientId, key } = known
  expect(await granting(known)).toMatchObject({ ok: true, value: { granted: 1 } })
  const input = asking(patientId)
  const { id } = input
  expect(await flow.ask(first, input, at())).toMatchObject({ ok: true })
  // A second press is the same one, a second officer's is refused.
  expect(await flow.ask(first, input, at())).toMatchObject({ ok: true })
  expect(await flow.ask(second, asking(patientId), at())).toMatchObject({ code: 'WRONG_STATE' })
  // Defences: nextRequest, and requestedBy in open.
  expect(await flow.open(first, { id }, at())).toMatchObject({ code: 'WRONG_STATE' })
  expect(await flow.shareFor(first, { id }, at())).toMatchObject({ code: 'WRONG_STATE' })
  expect(await flow.approve(first, { id, answer: b64(90) }, at())).toMatchObject({ code: 'WRONG_STATE' })
  expect(await flow.shareFor(second, { id }, at())).toMatchObject({ value: { share: key.shares[1] } })
  const answer = b64(90)
  const both = await Promise.all([1, 2].map(() => flow.approve(second, { id, answer }, at())))
  expect(both.filter(({ ok }) => ok)).toHaveLength(1)
  expect(await flow.decline(second, { id }, at())).toMatchObject({ code: 'WRONG_STATE' })
  const read = await flow.open(first, { id }, at())
  expect(read).toMatchObject({ value: { share: key.shares[0], answer, statement: key.statement } })
  expect(read.ok && read.value.records.map(({ meta }) => meta)).toEqual([known.record.meta])
  expect(read.ok && read.value.records[0]!.grants.map(({ recipient }) => recipient.kind)).toEqual(['escrow'])
  expect(await flow.open(second, { id }, at())).toMatchObject({ code: 'NOT_FOUND' })
  // Defence: isOpenAt in open.
  expect(await flow.open(first, { id }, afterMinutes(readingMinutes))).toMatchObject({ code: 'WRONG_STATE' })
  // Defence: requestedBy in saveReason. What the patient is told is the word of who asked, and of nobody else.
  const reason = b64(40)
  expect(await flow.tell(second, { id, reason })).toMatchObject({ code: 'NOT_FOUND' })
  expect(await flow.tell(first, { id, reason })).toMatchObject({ ok: true })
  const actor: PatientActor = { kind: 'patient', clinicId: doctor.clinicId, patientId, keyId: randomUUID() }
  expect(await flow.told(actor)).toMatchObject({ value: { opened: [{ id, askedBy: 'Ada', answeredBy: 'Grace' }] } })
  const jobs = await admin<{ data: { requestId: string } }>(`SELECT data FROM pgboss.job WHERE name = 'mail.emergency'`)
  expect(jobs.filter(({ data }) => data.requestId === id)).toHaveLength(1)
})

test('a key that was used is asked for no more, and is replaced when the reading is over', async () => {
  const known = await patient()
  const { patientId } = known
  await granting(known)
  const input = asking(patientId)
  await flow.ask(first, input, at())
  await flow.approve(second, { id: input.id, answer: b64(90) }, at())
  expect(await flow.ask(first, asking(patientId), at())).toMatchObject({ code: 'NO_KEY' })
  expect(await keep(doctor, { patientId }, at())).toMatchObject({ value: { statement: null, epoch: 1, busy: true } })
  expect(await makeKey(doctor, keyInput(patientId, 2), at())).toMatchObject({ code: 'WRONG_STATE' })
  expect(await flow.end(first, { id: input.id }, at())).toMatchObject({ ok: true })
  const key = await newKey(patientId, 2)
  // Of one epoch there is one, and none is left out.
  expect(await makeKey(doctor, keyInput(patientId, 2), at())).toMatchObject({ code: 'STALE' })
  expect(await makeKey(doctor, keyInput(patientId, 4), at())).toMatchObject({ code: 'STALE' })
  const missing = await keep(doctor, { patientId }, at())
  expect(missing).toMatchObject({ value: { epoch: 2, missing: [{ recordId: known.record.meta.recordId }] } })
  expect(await granting({ ...known, key })).toMatchObject({ ok: true })
  const left = await admin(`SELECT epoch FROM record_grant WHERE patient_id = $1 AND recipient_kind = 'escrow'`, [
    patientId,
  ])
  expect(left).toEqual([{ epoch: 2 }])
})

// Defences: findKey in ownShare (flow-officers.ts), and `inUse` in dropEarlierGrants.
test('attack 22: a practitioner who makes the next key meanwhile stops no emergency', async () => {
  const known = await patient()
  const { patientId, key } = known
  await granting(known)
  const input = asking(patientId)
  const { id } = input
  await flow.ask(first, input, at())
  const later = await newKey(patientId, 2)
  expect(await granting({ ...known, key: later })).toMatchObject({ ok: true })
  const mine = { statement: key.statement, share: key.shares[1] }
  expect(await flow.shareFor(second, { id }, at())).toMatchObject({ value: mine })
  expect(await flow.approve(second, { id, answer: b64(90) }, at())).toMatchObject({ ok: true })
  expect(await makeKey(doctor, keyInput(patientId, 3), at())).toMatchObject({ code: 'WRONG_STATE' })
  const read = await flow.open(first, { id }, at())
  expect(read).toMatchObject({ value: { share: key.shares[0], statement: key.statement } })
  const granted = read.ok
    ? read.value.records.flatMap(({ grants }) => grants.map(({ recipient }) => recipient.key))
    : []
  expect(granted).toEqual([key.publicKey])
  // Once it is over, nothing is left that the used key opens.
  const epochs = () =>
    admin(`SELECT epoch FROM record_grant WHERE patient_id = $1 AND recipient_kind = 'escrow' ORDER BY epoch`, [
      patientId,
    ])
  await keep(doctor, { patientId }, at())
  expect(await epochs()).toEqual([{ epoch: 1 }, { epoch: 2 }])
  await flow.end(first, { id }, at())
  await keep(doctor, { patientId }, afterMinutes(1))
  expect(await epochs()).toEqual([{ epoch: 2 }])
})

// Defences: each `audit` of ask, move, open and end (flow-officers.ts) and of makeKey (flow-keys.ts).
test('attack 22: each step is an entry of the log, which the patient’s own device opens', async () => {
  const { own, readLog } = await patientWhoReadsTheLog(admin, doctor.clinicId)
  const { patientId } = own
  await newKey(patientId, 1)
  const asks = async () => {
    const input = asking(patientId)
    must(await flow.ask(first, input, at()))
    return { id: input.id }
  }
  must(await flow.decline(second, await asks(), at()))
  must(await flow.withdraw(first, await asks(), at()))
  const request = await asks()
  must(await flow.approve(second, { ...request, answer: b64(90) }, at()))
  must(await flow.open(first, request, at()))
  must(await flow.end(first, request, at()))
  expect((await readLog()).map((each) => each && [each.action, each.actor.id])).toEqual([
    ['emergency.key-made', doctor.memberId],
    ['emergency.asked', first.memberId],
    ['emergency.declined', second.memberId],
    ['emergency.asked', first.memberId],
    ['emergency.withdrawn', first.memberId],
    ['emergency.asked', first.memberId],
    ['emergency.approved', second.memberId],
    ['emergency.opened', first.memberId],
    ['emergency.ended', first.memberId],
  ])
})

// Defence: expiry in nextRequest; lapseRequests before the next one.
test('nobody answers too late, and who asked may ask again', async () => {
  const { patientId } = await patient()
  const input = asking(patientId)
  await flow.ask(first, input, at())
  const late = afterMinutes(answerMinutes)
  expect(await flow.approve(second, { id: input.id, answer: b64(90) }, late)).toMatchObject({ code: 'WRONG_STATE' })
  expect(await flow.ask(first, asking(patientId), late)).toMatchObject({ ok: true })
  const seen = await flow.officersView(first, nothing, late)
  const states = seen.ok && seen.value.requests.filter((row) => row.patientId === patientId).map(({ state }) => state)
  expect(states).toEqual(['asked', 'expired'])
})

// Defence: readersOf in lib/record/store.ts names the kinds of grants that it answers.
test('attack 22: grants to an emergency key are answered to nobody who merely lists records', async () => {
  const known = await patient()
  await granting(known)
  for (const actor of [doctor, first]) {
    const listed = await inClinic(doctor.clinicId, (tx) => listRecords(tx, actor, { patientIds: [known.patientId] }))
    expect(listed.flatMap(({ grants }) => grants).filter(({ recipient }) => recipient.kind === 'escrow')).toEqual([])
  }
})

// Defence: isItsOwn in grant.
test('what is granted here goes to the newest key of this patient, and to nothing else', async () => {
  const known = await patient()
  for (const over of [{ kind: 'group' as const }, { id: randomUUID() }, { key: b64(32) }, { epoch: 2 }])
    expect(await granting(known, over)).toMatchObject({ code: 'STALE' })
})

// Defences: isClinical and seesPatient in keep, makeKey and grant, and `usedAt` in grant (flow-keys.ts).
test('attack 22: a key is kept by who practises and sees the patient, and one that was used is granted nothing', async () => {
  const known = await patient()
  const { patientId, record, key } = known
  const { recordId, revision } = record.meta
  const recipient = { kind: 'escrow' as const, id: patientId, key: key.publicKey, epoch: key.epoch }
  const grants = [{ recordId, revision, grant: { ...record.grants[0]!, recipient } }]
  const all = (actor: StaffActor) =>
    Promise.all([
      keep(actor, { patientId }, at()),
      makeKey(actor, keyInput(patientId, 2), at()),
      grant(actor, { patientId, grants }, at()),
    ])
  for (const answer of await all(first)) expect(answer).toMatchObject({ code: 'NOT_ALLOWED' })
  await admin('UPDATE member SET own_patients = true WHERE id = $1', [doctor.memberId])
  for (const answer of await all(doctor)) expect(answer).toMatchObject({ code: 'NOT_FOUND' })
  await admin('UPDATE member SET own_patients = false WHERE id = $1', [doctor.memberId])
  const { id, ...asks } = asking(patientId)
  must(await flow.ask(first, { id, ...asks }, at()))
  must(await flow.approve(second, { id, answer: b64(90) }, at()))
  expect(await granting(known)).toMatchObject({ code: 'STALE' })
})

// Defences: recordId in open, and the request's own bytes in ask (flow-officers.ts).
test('attack 22: of one record that was asked for, no other is handed out; and a request’s id stands for one request', async () => {
  const known = await patient()
  const { patientId } = known
  const { clinicId } = doctor
  const other = sealed({ clinicId, patientId, recordId: randomUUID(), revision: 1, type: 'note' })
  must(await inClinic(clinicId, (tx) => insertRecords(tx, doctor, [other], { patientId, appointmentId: null })))
  must(await granting(known))
  must(await granting({ ...known, record: other }))
  const input = { ...asking(patientId), recordId: other.meta.recordId }
  must(await flow.ask(first, input, at()))
  expect(await flow.ask(first, { ...input, request: b64(90) }, at())).toMatchObject({ code: 'STALE' })
  must(await flow.approve(second, { id: input.id, answer: b64(90) }, at()))
  const { records } = must(await flow.open(first, { id: input.id }, at()))
  expect(records.map(({ meta }) => meta.recordId)).toEqual([other.meta.recordId])
})
