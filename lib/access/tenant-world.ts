// A clinic that has something of everything, and the shape of a table that says how each function of a store would reach it.
import { encode } from 'cborg'
import { randomBytes, randomUUID } from 'node:crypto'
import { clinicWorld } from '../payment/testing.ts'
import { insertRecords } from '../record/store.ts'
import { sealed } from '../record/testing.ts'
import type { TestDb } from '../server/testing.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import type { StaffActor } from './rules.ts'

/** Calls the function in `tx`, which is A's, for rows of `b`. Wherever it takes a clinic or an actor, it is the actor's. */
export type Reach = (tx: Tx, actor: StaffActor, b: Tenant) => unknown

export type TenantCase =
  | Reach
  /** Answers the rows of the transaction's clinic, so that not the answer's emptiness counts, but that nothing of B is in it. */
  | { own: Reach }
  /** Runs before a clinic is known, and answers this of B wherever it is asked, and no more. */
  | { lookup: Reach; answers: (b: Tenant) => unknown }
  /** Takes no transaction. */
  | 'pure'

/** A row for every function that the store exports. */
export type TenantCases<Store> = {
  [Name in keyof Store as Store[Name] extends (...args: never[]) => unknown ? Name : never]: TenantCase
}

export type Tenant = Awaited<ReturnType<typeof tenant>>

export const bytes = (length: number) => new Uint8Array(randomBytes(length))
const b64 = (length: number) => randomBytes(length).toString('base64url')
const later = new Date(Date.now() + 3_600_000)

const document = {
  locale: 'en' as const,
  seller: { name: 'Lumen', address: '', phone: '', taxNumber: '', footer: '' },
  ...{ practitioner: 'Dr Ada', lines: [], taxes: [], paid: null, credits: null },
  totals: { netMinor: 5, taxMinor: 0, grossMinor: 5 },
}

export async function tenant(admin: TestDb['admin']) {
  const { clinicId, memberId, serviceId, waiting } = await clinicWorld(admin)
  const { appointmentId, paymentId } = await waiting({ status: 'booked' })
  const { appointmentId: heldId, paymentId: unwanted } = await waiting()
  const { appointmentId: passedId, paymentId: unpaid } = await waiting({ status: 'expired' })
  const { appointmentId: freeId, paymentId: unasked } = await waiting({ status: 'expired' })
  const { appointmentId: groupId } = await waiting({ status: 'booked' })
  await admin(`UPDATE appointment SET way = 'in_person', seat = 0 WHERE id = $1`, [groupId])
  const [group] = await admin<{ sessionId: string; startsAt: Date; endsAt: Date }>(
    `SELECT session_id AS "sessionId", starts_at AS "startsAt", ends_at AS "endsAt" FROM appointment WHERE id = $1`,
    [groupId],
  )
  const { appointmentId: askedId } = await waiting({ payment: 'none' })
  const { appointmentId: spentOn } = await waiting({ status: 'completed', payment: 'none' })
  const { appointmentId: walkInId } = await waiting({ status: 'booked' })
  await admin('UPDATE appointment SET lane = 1 WHERE id = $1', [walkInId])
  await admin('UPDATE weekly_hours SET walk_ins = 1 WHERE clinic_id = $1', [clinicId])
  const [at] = await admin<{
    patientId: string
    otherPatientId: string
    startsAt: Date
    endsAt: Date
    linkHash: Buffer
    emailIndex: Buffer
    emailSealed: Buffer
  }>(
    `SELECT patient_id AS "patientId", starts_at AS "startsAt", ends_at AS "endsAt", link_hash AS "linkHash",
       (SELECT email_index FROM member WHERE id = $2) AS "emailIndex",
       (SELECT patient_id FROM appointment WHERE id = $3) AS "otherPatientId",
       (SELECT email_sealed FROM patient WHERE id = patient_id) AS "emailSealed" FROM appointment WHERE id = $1`,
    [appointmentId, memberId, heldId],
  )
  const { patientId, otherPatientId, startsAt, endsAt } = at!
  const ids = {
    ...{ clinicId, memberId, serviceId, appointmentId, paymentId, heldId, freeId, spentOn },
    ...{ patientId, otherPatientId },
  }
  const more = {
    slug: `lumen-${clinicId.slice(0, 8)}`,
    ...{ registeredId: randomUUID(), sessionId: randomUUID(), invitationId: randomUUID(), textId: randomUUID() },
    ...{
      keyId: randomUUID(),
      kitId: randomUUID(),
      recordId: randomUUID(),
      draftId: randomUUID(),
      rxId: randomUUID(),
      recallId: randomUUID(),
    },
    ...{ callId: randomUUID(), atDoorId: randomUUID(), insideId: randomUUID(), codeId: randomUUID() },
    ...{ sign: b64(32), dh: b64(32), staffDh: b64(32), nonce: b64(16), checkout: `cs_${b64(12)}`, identity: b64(16) },
    ...{ otherPatientId: randomUUID(), legalHoldId: randomUUID(), erasureId: randomUUID(), purgeId: randomUUID() },
    ...{ head: b64(32), consent: b64(32), cardId: randomUUID(), emergencyId: randomUUID(), escrow: b64(32) },
    ...{ openId: randomUUID(), escrowedId: randomUUID() },
    ...{ entryId: randomUUID(), reader: bytes(32) },
    ...{ kit: b64(32), kitId: randomUUID() },
    ...{ strangerId: randomUUID(), stranger: { sign: b64(32), dh: b64(32) } },
    ...{ careId: randomUUID(), helperId: randomUUID(), helper: { sign: b64(32), dh: b64(32) } },
    ...{ letInId: randomUUID(), letIn: { sign: b64(32), dh: b64(32) } },
    ...{ rekeyId: randomUUID(), siteId: randomUUID(), refundId: randomUUID() },
    ...{ absenceId: randomUUID(), clinicDaysId: randomUUID(), seriesId: randomUUID() },
    ...{ spentId: randomUUID(), voucherBatchId: randomUUID(), voucherHash: bytes(32) },
    ...{
      feedHash: bytes(32),
      busySourceId: randomUUID(),
      takingId: randomUUID(),
      merchantId: randomUUID(),
      stripeAccount: `acct_${randomUUID()}`,
      reminderId: randomUUID(),
      disputeId: randomUUID(),
      documentId: randomUUID(),
      document,
      eventId: `evt_${b64(9)}`,
    },
    ...{
      waitingId: randomUUID(),
      listedId: randomUUID(),
      waitedId: randomUUID(),
      offerId: randomUUID(),
      waitingIndex: bytes(32),
    },
    passedIndex: bytes(32),
    companionId: randomUUID(),
  }
  const proofHash = bytes(32)

  /** One row; what it has of the clinic comes by itself. */
  const insert = (table: string, row: Record<string, unknown>) => {
    const all = { clinic_id: clinicId, ...row }
    const names = Object.keys(all)
    return admin(
      `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, index) => `$${index + 1}`).join(', ')})`,
      Object.values(all),
    )
  }
  await admin('UPDATE appointment SET series_id = $2 WHERE id = $1', [appointmentId, more.seriesId])
  const keys = { sign_key: more.sign, dh_key: more.dh }
  await admin('DELETE FROM payment WHERE id = ANY($1)', [[unwanted, unpaid, unasked]])
  await admin(
    `UPDATE member SET opaque_record = 'registration', wrapped_account = 'wrap', sign_key = $2, dh_key = $3,
       roles = '{admin,practitioner}' WHERE id = $1`,
    [memberId, b64(32), more.staffDh],
  )
  await insert('member', {
    ...{ id: more.registeredId, email_index: bytes(32), email_sealed: bytes(8), display_name: 'Grace' },
    ...{ roles: ['frontdesk'], status: 'registered', sign_key: b64(32), dh_key: b64(32) },
  })
  await insert('site', { id: more.siteId, name: 'North', address: '5 High Street' })
  const voucher = { batch_id: more.voucherBatchId, service_id: serviceId, made_by: memberId, made_at: new Date() }
  await insert('voucher', { ...voucher, code_hash: more.voucherHash, last_day: '2099-12-31' })
  await insert('voucher', { ...voucher, code_hash: bytes(32), last_day: '2099-12-31', used_by: appointmentId })
  await insert('voucher', {
    ...{ ...voucher, id: more.spentId, code_hash: bytes(32), last_day: '2099-12-31', used_by: spentOn },
  })
  await admin('UPDATE appointment SET voucher_id = $1 WHERE id = $2', [more.spentId, spentOn])
  await insert('member_site', { member_id: more.registeredId, site_id: more.siteId })
  await insert('absence', { id: more.absenceId, member_id: memberId, starts_at: '2026-12-01', ends_at: '2026-12-02' })
  await insert('date_hours', { member_id: memberId, day: '2026-12-01' })
  const shut = { first_day: '2026-12-24', last_day: '2026-12-26', closed: true }
  await insert('clinic_day', { id: more.clinicDaysId, ...shut })
  await insert('member_session', { id: more.sessionId, member_id: memberId, expires_at: later })
  await insert('sign_in_proof', { hash: proofHash, member_id: memberId, expires_at: later })
  await insert('account_wrap', { id: more.kitId, member_id: memberId, kind: 'kit', handle: more.kit, wrapped: 'wrap' })
  await insert('rekey_request', {
    ...{ id: more.rekeyId, member_id: memberId, state: 'open', sign_key: b64(32), dh_key: b64(32) },
    ...{ opaque_record: 'waits', wrapped_account: 'waits', asked_at: new Date(), expires_at: later },
  })
  await insert('invitation', {
    ...{ id: more.invitationId, display_name: 'Grace', roles: ['frontdesk'], groups: ['desk'] },
    ...{ created_by: memberId, expires_at: later },
  })
  await insert('chain_statement', {
    seq: 0,
    previous: '',
    hash: more.head,
    body: Buffer.from(encode([1, clinicId, 0, null, bytes(32), 'epoch', 'desk', 1, bytes(32)])).toString('base64url'),
    signer: more.head,
    signature: 'x',
  })
  await insert('epoch_grant', { '"group"': 'desk', epoch: 1, to_key: more.staffDh, enc: 'enc', ct: 'ct' })
  await insert('consent_text', { id: more.textId, version: 1, title: 'Consent', body: 'I agree.', hash: b64(32) })
  await admin('UPDATE service SET consent_text_id = $2 WHERE id = $1', [serviceId, more.textId])
  await insert('patient_key', {
    ...{ id: more.keyId, patient_id: patientId, ...keys, state: 'booking', name: 'Phone', used_on: '2026-01-02' },
  })
  const { strangerId: id, stranger } = more
  await insert('patient_key', {
    ...{ id, patient_id: patientId, sign_key: stranger.sign, dh_key: stranger.dh, state: 'confirmed' },
  })
  for (const [id, { sign, dh }] of [
    [more.helperId, more.helper],
    [more.letInId, more.letIn],
  ] as const)
    await insert('patient_key', { id, patient_id: patientId, sign_key: sign, dh_key: dh, state: 'paired' })
  const helps = {
    patient_id: patientId,
    record_id: randomUUID(),
    role: 'guardian',
    until: later,
    created_at: new Date(),
  }
  await insert('care', { ...helps, id: more.careId, key_id: more.helperId, granted_by: more.keyId })
  await insert('care', { ...helps, id: randomUUID(), key_id: more.letInId, granted_by: more.helperId })
  const kit = { sign_key: b64(32), dh_key: b64(32), state: 'paired', kind: 'kit' }
  await insert('patient_key', { id: more.kitId, patient_id: patientId, ...kit })
  await admin('UPDATE payment SET session_id = $2, account = $3, ask_at = now() WHERE id = $1', [
    ...[paymentId, more.checkout, more.merchantId],
  ])
  await insert('refund', {
    ...{ id: more.refundId, payment_id: paymentId, payment_intent: 'pi_own', amount_minor: 5, currency: 'eur' },
    ...{ reason: 'outside', state: 'failed' },
  })
  await admin(
    `WITH made AS (INSERT INTO posting (clinic_id, sale_id, cause, currency, day)
       VALUES ($1, $2, 'earned/own', 'eur', '2026-11-21') RETURNING id)
     INSERT INTO entry (posting_id, position, clinic_id, account, amount_minor)
       SELECT id, position, $1, account, amount FROM made, (VALUES (0, 'receivable', 5), (1, 'revenue', -5)) AS of (position, account, amount)`,
    [clinicId, paymentId],
  )
  // The trigger that keeps it sees the clinic's rows alone, and none is set here.
  await insert('open_item', { sale_id: paymentId, currency: 'eur', account: 'receivable', amount_minor: 5 })
  await insert('taking', {
    ...{ id: more.takingId, payment_id: paymentId, method: 'cash', amount_minor: 5, currency: 'eur' },
    ...{ number: 'REC-2026-000001', day: '2026-11-21', taken_by: memberId },
  })
  await insert('document_counter', { series: 'receipt', year: 2026, last: 1, issued_on: '2026-11-21' })
  await insert('calendar_feed', { member_id: memberId, secret_hash: more.feedHash, made_at: new Date() })
  await insert('busy_source', {
    ...{ id: more.busySourceId, member_id: memberId, url_sealed: bytes(32), host: 'calendar.test' },
    ...{ saved_at: new Date(), read_at: new Date(), next_at: new Date() },
  })
  await insert('busy_elsewhere', {
    ...{ member_id: memberId, starts_at: startsAt, ends_at: new Date(startsAt.getTime() + 3_600_000) },
  })
  await insert('merchant', {
    ...{ id: more.merchantId, account: more.stripeAccount, live: false, name: 'Lumen', last_four: 'zzzz' },
    ...{ key_sealed: bytes(32), secret_sealed: bytes(32), connected_by: memberId, connected_at: new Date() },
  })
  await insert('reminder_setting', { leads: [60], set_at: new Date() })
  await insert('reminder', {
    ...{ id: more.reminderId, appointment_id: appointmentId, starts_at: startsAt, lead_minutes: 60, state: 'waiting' },
    ...{ next_at: later, made_at: new Date() },
  })
  await insert('document', {
    ...{ id: more.documentId, payment_id: paymentId, series: 'invoice', cause: `invoice/${paymentId}` },
    ...{ number: 'INV-2026-000001', day: '2026-11-21', currency: 'eur', gross_minor: 5, content: document },
  })
  await insert('day_closing', { day: '2025-01-02', accounts: '[]', closed_by: memberId, closed_at: new Date() })
  await insert('dispute', {
    ...{ id: more.disputeId, payment_id: paymentId, payment_intent: 'pi_own', stripe_dispute: `dp_${more.disputeId}` },
    ...{ amount_minor: 5, currency: 'eur', state: 'open' },
  })
  await insert('running_late', { member_id: memberId, day: '2026-12-01', minutes: 10, said_at: new Date() })
  await insert('late_notice', {
    ...{ appointment_id: appointmentId, starts_at: startsAt, minutes: 10, times: 1, made_at: new Date() },
  })
  const waits = {
    ...{ service_id: serviceId, first_day: '2026-12-01', last_day: '2026-12-31', parts: ['morning'], time_zone: 'UTC' },
    ...{ locale: 'en', channel: 'mail', made_at: new Date(), next_at: new Date() },
  }
  await insert('waitlist_entry', {
    ...{ ...waits, id: more.waitingId, state: 'asked', contact_index: more.waitingIndex, contact_sealed: bytes(8) },
    ...{ link_hash: bytes(32), link_sealed: bytes(8) },
  })
  await insert('waitlist_entry', {
    ...{ ...waits, id: more.listedId, state: 'waiting', contact_index: bytes(32), contact_sealed: bytes(8) },
    free_before: '{2030-01-01T09:00:00Z}',
    ...{ link_hash: bytes(32), link_sealed: bytes(8) },
  })
  const left = { state: 'ended', end_reason: 'left', ended_at: new Date() }
  await insert('waitlist_entry', { ...waits, ...left, id: more.waitedId, missed: 1, contact_index: more.passedIndex })
  await insert('waitlist_offer', {
    ...{ id: more.offerId, entry_id: more.waitingId, appointment_id: heldId, made_at: new Date() },
  })
  await insert('waitlist_offer', {
    ...{ entry_id: more.waitingId, appointment_id: passedId, made_at: new Date(), outcome: 'missed' },
  })
  await insert('waitlist_offer', {
    ...{ entry_id: more.waitedId, appointment_id: appointmentId, made_at: new Date(), outcome: 'booked' },
  })
  const comes = {
    ...{ kind: 'interpreter', person_sealed: bytes(8), locale: 'en', link_hash: bytes(32), link_sealed: bytes(8) },
    ...{ asked_for: startsAt, answer_by: startsAt, made_at: new Date() },
  }
  await insert('companion', {
    ...{ ...comes, id: more.companionId, appointment_id: appointmentId, state: 'invited', first: false },
  })
  await insert('companion', { ...comes, id: randomUUID(), appointment_id: freeId, state: 'lapsed', first: true })
  await insert('companion', {
    ...{ ...comes, id: randomUUID(), link_hash: bytes(32), appointment_id: askedId, state: 'invited', first: true },
  })
  await insert('stripe_event', { id: more.eventId, type: 'charge.refunded', created_at: later })
  await insert('nonce', { value: more.nonce, purpose: 'any', expires_at: later })
  await insert('email_code', {
    ...{ id: more.codeId, appointment_id: appointmentId, sign_key: more.sign, code_hash: bytes(32), expires_at: later },
  })
  await insert('prescription', {
    ...{ id: more.rxId, patient_id: patientId, appointment_id: appointmentId, member_id: memberId },
    ...{ record_id: randomUUID(), status: 'issued', share: bytes(9), issued_at: new Date(), expires_at: later },
  })
  const due = { patient_id: patientId, member_id: memberId, service_id: serviceId, due_on: new Date() }
  await insert('recall', { id: more.recallId, ...due, record_id: randomUUID() })
  await insert('recall', { ...due, record_id: randomUUID(), status: 'invited' })
  await insert('consent_event', {
    ...{ patient_id: patientId, seq: 0, hash: more.consent, state: 'signed', appointment_id: appointmentId },
    ...{ consent_text_id: more.textId, text_hash: b64(32), record_id: randomUUID(), signer: 'x', signature: 'x' },
  })
  await insert('call', { id: more.callId, appointment_id: appointmentId, state: 'live', epoch: 1, room: b64(16) })
  const inCall = { call_id: more.callId, epoch: 1 }
  await insert('call_participant', {
    ...{ id: more.atDoorId, ...inCall, role: 'patient', ...keys, state: 'waiting', patient_key_id: more.keyId },
    confirmed: true,
  })
  await insert('call_participant', {
    ...{ id: more.insideId, ...inCall, role: 'practitioner', sign_key: b64(32), dh_key: b64(32), member_id: memberId },
    ...{ state: 'joined', identity: more.identity },
  })
  await insert('call_message', { ...inCall, from_id: more.insideId, kind: 'commit', body: '{"kind":"commit"}' })
  const ofPatient = { patient_id: patientId }
  const claimHash = b64(32)
  await insert('emergency_card', {
    ...{ id: more.cardId, ...ofPatient, claim_hash: claimHash, sealed: bytes(9), made_at: new Date() },
  })
  await insert('emergency_card_opening', { ...ofPatient, card_id: more.cardId, at: new Date() })
  await insert('emergency_key', {
    ...{ ...ofPatient, epoch: 1, public_key: more.escrow, statement: b64(9), made_by: memberId },
    shares: JSON.stringify([{ memberId, key: more.staffDh, enc: 'enc', ct: 'ct' }]),
  })
  await insert('emergency_request', {
    ...{ id: more.emergencyId, ...ofPatient, epoch: 1, requested_by: memberId, state: 'asked', request: b64(9) },
    ...{ reason: bytes(9), asked_at: new Date(), expires_at: later },
  })
  await insert('emergency_request', {
    ...{ id: more.openId, ...ofPatient, epoch: 1, requested_by: memberId, state: 'approved', request: b64(9) },
    ...{ reason: bytes(9), asked_at: new Date(), expires_at: later, answered_at: new Date(), open_until: later },
  })
  const changed = { changed_by: memberId, changed_at: later }
  await insert('retention_setting', { identity_years: 20, clinical_years: 20, administrative_years: 3, ...changed })
  const patientRow = { patient_id: patientId }
  await insert('patient', { id: more.otherPatientId })
  await insert('legal_hold', {
    ...{ id: more.legalHoldId, ...patientRow },
    ground: 'court',
    placed_by: memberId,
    placed_at: later,
  })
  await insert('erasure_request', { id: more.erasureId, ...patientRow, asked_at: later })
  await insert('purge', { id: more.purgeId, ...patientRow, classes: ['administrative'], ordered_at: later })
  const gone = { state: 'destroyed', destroyed_at: later, store_kek: 'gone' }
  await insert('purge', { ...patientRow, ...gone, classes: ['clinical'], ordered_at: later })
  await insert('audit_entry', { id: more.entryId, leaf: bytes(32) })
  await insert('audit_entry', { leaf: bytes(32), seq: 0, hash: bytes(32) })
  await insert('audit_box', { entry_id: more.entryId, reader: more.reader, enc: bytes(32), ct: bytes(9) })

  const writer = { kind: 'system', clinicId } as const
  const place = { clinicId, patientId, revision: 1 }
  const forPatient = { kind: 'patient', id: patientId, key: more.dh, epoch: 0 } as const
  const forEmergency = { kind: 'escrow', id: patientId, key: more.escrow, epoch: 1 } as const
  await inClinic(clinicId, (tx) =>
    insertRecords(
      tx,
      writer,
      [
        sealed({ ...place, recordId: more.recordId, type: 'intake' }),
        sealed({ ...place, recordId: more.draftId, type: 'draft' }),
        sealed({ ...place, recordId: randomUUID(), type: 'consent' }, forPatient),
        sealed({ ...place, recordId: more.escrowedId, type: 'note' }, forEmergency),
      ],
      { patientId, appointmentId },
    ),
  )
  await insert('rewrap_lease', {
    ...{ record_id: more.draftId, revision: 1, session_id: more.sessionId, until: later, chain_length: 1 },
  })
  return {
    ...{ ...ids, ...more, startsAt, endsAt, proofHash, group: group! },
    claimHash,
    ...{ linkHash: new Uint8Array(at!.linkHash), emailIndex: new Uint8Array(at!.emailIndex) },
    emailSealed: new Uint8Array(at!.emailSealed),
    /** Long after every row's time, for what is only done to rows whose time is over. */
    after: new Date(later.getTime() + 999 * 86_400_000),
    now: new Date(),
    later,
  }
}

/** Every table that a clinic has rows in, as one statement that answers this clinic's rows as a number each. */
export async function rowsOf(admin: TestDb['admin'], clinicId: string): Promise<string> {
  const tables = await admin<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relrowsecurity`,
  )
  return tables
    .map(
      ({ name }) =>
        `SELECT '${name}' AS name, count(*)::int AS rows, md5(string_agg(t::text, '' ORDER BY t::text)) AS hash
         FROM ${name} t WHERE ${name === 'clinic' ? 'id' : 'clinic_id'} = '${clinicId}'`,
    )
    .join(' UNION ALL ')
}
