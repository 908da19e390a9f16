import type { PublicKeys } from '../crypto/types.ts'
import type { PatientChart } from '../patient/rules.ts'
import { call } from './api.ts'
import { openPatientSession } from './patient-session.ts'
import type { PatientHandle } from './vault-api.ts'
import { vault } from './vault.ts'

/** Tells the vault which other keys the server calls this patient's: it believes those that this device is linked with. */
export async function learnKeys(patient: PatientHandle, keys: PatientChart['keys']): Promise<PublicKeys[]> {
  const listed = keys.map(({ keys: each, link, state }) => ({ keys: each, link, removed: state === 'revoked' }))
  return (await vault().loadOwnKeys({ patientId: patient.patientId, keys: listed })).keys
}

/** Rounds of one hand-over: each is as much as the server answers at once. */
const MOST_ROUNDS = 50

/**
 * Whatever this device was granted, for the patient's other devices that were not: records that came while one of them was
 * not there to be sealed for. True when nothing is left to do.
 */
export async function handOnAll(patient: PatientHandle): Promise<boolean> {
  const { patientId } = patient
  const as = { as: 'patient', patientId, retry: true } as const
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const session = await openPatientSession(patient)
    const behind = session.ok ? await call('patient/behind', {}, as) : session
    if (!behind.ok) return false
    const { records, lacking, keys } = behind.value
    const known = new Set((await learnKeys(patient, keys)).map((each) => each.dh))
    const grants = []
    for (const key of new Set(lacking.map((each) => each.key))) {
      if (!known.has(key)) continue
      const wanted = new Set(lacking.filter((each) => each.key === key).map(placeOf))
      const theirs = records.filter(({ meta }) => wanted.has(placeOf(meta)))
      grants.push(...(await vault().handOn({ patientId, records: theirs, to: [key] })))
    }
    if (!grants.length) return true
    const sent = await call('patient/hand-on', { grants: grants as never }, as)
    if (!sent.ok) return false
    if (!sent.value.granted) return true
  }
  return true
}

const placeOf = ({ recordId, revision }: { recordId: string; revision: number }) => `${recordId}.${revision}`
