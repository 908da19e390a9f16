import type { ErasureAnswer } from '../crypto/erasure.ts'
import { retentionClasses, type RefusalGround, type RetentionContract } from '../retention/rules.ts'
import { call, type Answer } from './api.ts'
import { openPatientSession } from './patient-session.ts'
import type { PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

const as = ({ patientId }: PatientHandle) => ({ as: 'patient' as const, patientId })
type Mine = RetentionContract['retention/mine']['out']

export type OwnRequest = Mine['requests'][number] & {
  /** What the clinic signed, when it did; 'forged' where what the server shows is not that. */
  signed: ErasureAnswer | 'forged' | null
  purge: Mine['purges'][number] | null
}

/** The patient's wishes to be forgotten, latest first, each answer checked here. */
export async function loadErasure(
  patient: PatientHandle,
): Promise<Answer<{ settings: Mine['settings']; requests: OwnRequest[] }>> {
  const session = await openPatientSession(patient)
  if (!session.ok) return session
  const mine = await call('retention/mine', {}, { ...as(patient), retry: true })
  if (!mine.ok) return mine
  const { settings, requests, purges } = mine.value
  const checked = requests.map(async (request): Promise<OwnRequest> => {
    const purge = purges.find((each) => each.requestId === request.id) ?? null
    return { ...request, purge, signed: await signedOf(patient, request) }
  })
  return { ok: true, value: { settings, requests: await Promise.all(checked) } }
}

async function signedOf(patient: PatientHandle, request: Mine['requests'][number]): Promise<OwnRequest['signed']> {
  if (request.state === 'asked') return null
  const { clinicId, patientId } = patient
  try {
    const signed = await vault().checkErasure({ clinicId, patientId, statement: request.answer ?? '' })
    return signed.requestId === request.id && signed.state === request.state ? signed : 'forged'
  } catch {
    return 'forged'
  }
}

export async function askErasure(patient: PatientHandle): Promise<Answer<{ done: true }>> {
  const session = await openPatientSession(patient)
  return session.ok ? call('retention/ask', {}, as(patient)) : session
}

/** The officer's answer: signed here, carried out by the server. */
export async function answerErasure(
  request: { id: string; patientId: string },
  answer: { state: 'erased' } | { state: 'refused'; ground: RefusalGround },
): Promise<Answer<{ done: true }>> {
  const { id, patientId } = request
  const statement = await vault().signErasure({
    ...{ patientId, requestId: id, state: answer.state },
    classes: answer.state === 'erased' ? [...retentionClasses] : [],
    ground: answer.state === 'refused' ? answer.ground : '',
  })
  return call('retention/answer', { id, state: answer.state, statement })
}
