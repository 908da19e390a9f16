import 'server-only'
import { randomBytes } from 'node:crypto'
import type { PatientActor, StaffActor, SystemActor } from '../access/rules.ts'
import { secretHash } from '../booking/link.ts'
import type { AppointmentRow } from '../booking/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { openField, sealField } from '../server/kms.ts'
import { limit } from '../server/rate-limit.ts'
import type { Tx } from '../server/tx.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

// What a visit does to who comes along to it, in the visit's own transaction, its row locked: asked, asked anew, not wanted any more.

export const personOf = async ({ clinicId, id, personSealed }: store.CompanionRow): Promise<rules.Person> =>
  JSON.parse(await openField(personSealed, `companion.person|${clinicId}|${id}`)) as rules.Person

/** A mail that was overtaken by the next is not sent: what ends an event in a calendar is said by each until there is another. */
export type Word = 'asked' | 'moved' | 'kept' | 'over' | 'out'
export async function tell(tx: Tx, { clinicId, id }: store.CompanionRow, word: Word): Promise<void> {
  const { sequence } = (await store.findCompanion(tx, id))!
  const data = { clinicId, companionId: id, word, sequence }
  await enqueue(tx, 'companion.mail', data, { singletonKey: `${id}.${sequence}` })
}

/** Refuses what would send too many mails to people who did not ask for any. */
export async function counted(clinicId: string, email: string): Promise<Result<true>> {
  const all = await limit('companion-clinic', clinicId, rules.asksADay)
  if (!all.ok) return all
  const one = await limit('companion-to', `${clinicId} ${email}`, rules.asksOfOneADay)
  return one.ok ? ok(true) : one
}

/**
 * The log's word of it. A patient reads what is about their visits: of one that they are not told of yet nothing stands there but for
 * the clinic.
 */
const subjectOf = (row: AppointmentRow, companionId: string) =>
  row.status === 'held' || row.status === 'expired' ? companionId : row.id
export const note = (
  tx: Tx,
  actor: StaffActor | PatientActor | SystemActor,
  row: AppointmentRow,
  companionId: string,
  what: 'asked' | 'accepted' | 'declined' | 'lapsed' | 'withdrawn',
): Promise<void> => audit(tx, actor, `companion.${what}`, subjectOf(row, companionId))

/** Asks somebody to come along: WRONG_STATE where somebody is asked already, TOO_LATE where there is no time to answer in. */
export async function ask(
  tx: Tx,
  actor: StaffActor,
  row: AppointmentRow,
  { who, first }: rules.CompanionAsk,
  now: Date,
): Promise<Result<{ until: Date }>> {
  const { clinicId, id: appointmentId, startsAt } = row
  const until = rules.answerBy(startsAt, first, now)
  if (!until) return refuse('TOO_LATE')
  const { id, kind, locale, name, email, language } = who
  const allowed = await counted(clinicId, email)
  if (!allowed.ok) return allowed
  const secret = randomBytes(16).toString('base64url')
  const person: rules.Person = { name, email, language }
  const made = await store.insertCompanion(tx, {
    ...{ id, clinicId, appointmentId, kind, state: 'invited', first, locale, askedFor: startsAt, answerBy: until },
    personSealed: await sealField(JSON.stringify(person), `companion.person|${clinicId}|${id}`),
    linkHash: secretHash(secret),
    linkSealed: await sealField(secret, `companion.link|${clinicId}|${id}`),
    madeAt: now,
  })
  if (!made) return refuse('WRONG_STATE')
  await note(tx, actor, row, id, 'asked')
  await tell(tx, (await store.findCompanion(tx, id))!, 'asked')
  return ok({ until })
}

/** For another time: whatever they said counted for the one before. `row`: the visit as it is now. */
export async function askAnew(
  tx: Tx,
  actor: StaffActor | PatientActor,
  row: AppointmentRow,
  companion: store.CompanionRow,
  { first, now }: { first: boolean; now: Date },
): Promise<Result<{ until: Date }>> {
  const state = rules.nextCompanion(companion.state, 'ask')
  if (!state) return refuse('WRONG_STATE')
  const until = rules.answerBy(row.startsAt, first, now)
  if (!until) return refuse('TOO_LATE')
  const asked = { state, first, askedFor: row.startsAt, movedFrom: companion.askedFor, answerBy: until }
  await store.moveCompanion(tx, companion.id, asked)
  await note(tx, actor, row, companion.id, 'asked')
  await tell(tx, companion, 'moved')
  return ok({ until })
}

/** The visit has another time, place or length: who comes along is asked anew. Where they cannot be, they are not expected. */
export async function followMove(
  tx: Tx,
  actor: StaffActor | PatientActor,
  row: AppointmentRow,
  now: Date,
): Promise<void> {
  const companion = await store.companionOf(tx, row.id)
  if (!companion) return
  const asked = await askAnew(tx, actor, row, companion, { first: false, now })
  if (!asked.ok) await withdraw(tx, actor, row, companion)
}

/** Nobody wants them any more. Who said no, or nothing in time, is not told. */
export async function withdraw(
  tx: Tx,
  actor: StaffActor | PatientActor | SystemActor,
  row: AppointmentRow,
  companion: store.CompanionRow,
): Promise<void> {
  const state = rules.nextCompanion(companion.state, 'withdraw')
  if (!state) return
  const wasExpected = companion.state === 'invited' || companion.state === 'accepted'
  await store.moveCompanion(tx, companion.id, { state })
  await note(tx, actor, row, companion.id, 'withdrawn')
  if (wasExpected) await tell(tx, companion, 'over')
}

/** The visit is cancelled. */
export async function followEnd(tx: Tx, actor: StaffActor | PatientActor, row: AppointmentRow): Promise<void> {
  const companion = await store.companionOf(tx, row.id)
  if (companion) await withdraw(tx, actor, row, companion)
}
