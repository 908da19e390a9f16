import 'server-only'
import type { z } from 'zod'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import { saveProfile } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { asOwn } from '../patient/flow-devices.ts'
import { MOST_KEYS } from '../patient/rules.ts'
import { addKey, findDeviceKey, listKeys, revokeDevice } from '../patient/store.ts'
import { insertRecords } from '../record/store.ts'
import { isSigned } from '../retention/signed.ts'
import type { Ctx } from '../server/action.ts'
import { isAgreeable } from '../server/agreeable.ts'
import { audit } from '../server/audit.ts'
import { enqueue } from '../server/jobs.ts'
import { notify } from '../server/notify.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { agePurpose, isTooLate, type AgeInput, type EndInput, type LetInInput } from './rules.ts'
import * as store from './store.ts'

type Done = Promise<Result<{ done: true }>>
const done = () => ok({ done: true as const })

/**
 * Files the key of somebody who helps, with what both signed, sealed. A key that names itself says as what it holds the patient's
 * records: who booked for a child, or for somebody who is cared for.
 */
export const letIn = (actor: PatientActor, input: z.output<typeof LetInInput>, { now }: Ctx): Done =>
  asOwn(actor, async (tx, key) => {
    const { clinicId, patientId } = actor
    const { careId, keyId, keys, record, role } = input
    const isItself = keyId === key.id
    // Of no child: the server knows no birth date, and this much by itself.
    if (role === 'guardian' && (!input.until || isTooLate(new Date(input.until), now))) return refuse('BAD_INPUT')
    const there = await store.findCare(tx, patientId, { keyId })
    // Asked again, because the answer got lost.
    if (there) return there.id === careId ? done() : refuse('WRONG_STATE')
    if (record.meta.type !== 'care' || record.meta.revision !== 1) return refuse('NOT_ALLOWED')
    if (isItself && (keys.sign !== key.signKey || keys.dh !== key.dhKey)) return refuse('BAD_INPUT')
    // A link of the patient's own made this device the patient's: it does not become somebody else's. A member's word says whose
    // records it opens, and not whose hands it is in: a parent who lost a phone stands at the desk, too.
    if (isItself && key.state !== 'booking' && key.state !== 'vouched') return refuse('WRONG_STATE')
    if (!isItself) {
      if (!isAgreeable(keys.dh)) return refuse('BAD_INPUT')
      const all = await listKeys(tx, patientId)
      if (all.filter((each) => each.state !== 'revoked').length >= MOST_KEYS) return refuse('TOO_MANY')
      const row = { keyId, keys, clinicId, patientId, kind: 'device', state: 'paired', link: null } as const
      if (!(await addKey(tx, { ...row, name: input.name }))) return refuse('NOT_ALLOWED')
    }
    const granter = await store.findCare(tx, patientId, { keyId: key.id })
    const until = earlier(input.until ? new Date(input.until) : null, granter?.until ?? null)
    const care = {
      id: careId,
      clinicId,
      patientId,
      keyId,
      grantedBy: key.id,
      recordId: record.meta.recordId,
      role,
      until,
    }
    if (!(await store.insertCare(tx, care, now))) return refuse('NOT_ALLOWED')
    const stored = await insertRecords(tx, actor, [record], { patientId, appointmentId: null })
    if (!stored.ok) return stored
    await audit(tx, actor, isItself ? 'care.said' : 'care.let-in', careId, { patientId })
    await notify(tx, 'patient', patientId)
    await notify(tx, 'staff', clinicId)
    return done()
  })

/** What is proposed from now on. Nothing that was signed before is longer or shorter by it. */
export const saveAge = (actor: StaffActor, { age, word }: z.output<typeof AgeInput>, { now }: Ctx): Done =>
  inClinic(actor.clinicId, async (tx) => {
    if (!(await isSigned(tx, actor, agePurpose, [age], word, now))) return refuse('BAD_PROOF')
    await saveProfile(tx, actor, { guardianAge: age })
    await audit(tx, actor, 'care.age-saved', actor.clinicId)
    await notify(tx, 'staff', actor.clinicId)
    return done()
  })

const earlier = (a: Date | null, b: Date | null): Date | null => (a && b ? (a < b ? a : b) : (a ?? b))

/** By the patient, by who let them in, or by who helps. From this moment on the key opens no session, and its grants are gone. */
export const end = (actor: PatientActor, { careId, ending }: z.output<typeof EndInput>, { now }: Ctx): Done =>
  inClinic(actor.clinicId, async (tx) => {
    const key = await findDeviceKey(tx, actor)
    if (!key) return refuse('SIGN_IN_FIRST')
    if (key.state === 'confirmed') return refuse('NOT_CONFIRMED')
    const { patientId } = actor
    const care = await store.findCare(tx, patientId, { id: careId })
    if (!care) return refuse('NOT_FOUND')
    // A carer ends what is theirs alone; a guardian what is theirs and what they gave; the patient any.
    const mayEnd = !key.care || care.keyId === key.id || (key.care.role === 'guardian' && care.grantedBy === key.id)
    if (!mayEnd) return refuse('NOT_ALLOWED')
    await endWith(tx, actor, care, ending, now)
    await notify(tx, 'patient', patientId)
    await notify(tx, 'staff', actor.clinicId)
    return done()
  })

/** Whom a guardian let in goes with the guardian. */
async function endWith(
  tx: Tx,
  actor: PatientActor,
  { id, keyId }: store.FoundCare,
  ending: string | null,
  now: Date,
): Promise<void> {
  // The key first: once its time is over it is found no more.
  await revokeDevice(tx, { patientId: actor.patientId, keyId }, now)
  await enqueue(tx, 'call.put-out', { clinicId: actor.clinicId, patientId: actor.patientId, keyId })
  if (!(await store.endCare(tx, actor.patientId, { id, ending }, now))) return
  await audit(tx, actor, 'care.ended', id, { patientId: actor.patientId })
  for (const each of await store.listLetIn(tx, actor.patientId, keyId)) await endWith(tx, actor, each, null, now)
}
