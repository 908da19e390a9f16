import type { CareContent } from '../care/rules.ts'
import { agePurpose, type guardianAges, isRelation, roleOf } from '../care/rules.ts'
import type { CareRole, PublicKeys } from '../crypto/types.ts'
import type { IdentityContent } from '../record/rules.ts'
import { call, type Answer } from './api.ts'
import { sealFor } from './booking-send.ts'
import { openPatientSession } from './patient-session.ts'
import { type Officer, signOwnWord } from './retention.ts'
import { sendSealed } from './send-sealed.ts'
import type { PatientHandle } from './vault-api.ts'
import type { CareTermsInput } from './vault-care-api.ts'
import { vault } from './vault.ts'

interface Signed {
  careId: string
  role: CareRole
  until: string | null
  statement: string
  keyId: string
  keys: PublicKeys
  /** What the other browser calls itself. */
  name: string
}

/** With whom and where: those who take care of it read who helps. */
export interface Visit {
  practitioner: string
  site: string | null
}

/** What both signed goes to the clinic sealed, as the patient's name does; the server gets whose key it is and until when. */
export function letIn(patient: PatientHandle, signed: Signed, visit: Visit): Promise<Answer<{ done: true }>> {
  const { clinicId, patientId } = patient
  const { statement, ...filed } = signed
  const content: CareContent = { careId: signed.careId, statement }
  const draft = sealFor({ clinicId, patientId, key: patient.keys.dh, ...visit })('care', content)
  return sendSealed(
    clinicId,
    async () => [await vault().seal(draft)],
    ([record]) => call('care/let-in', { ...filed, record: record as never }, { as: 'patient', patientId, retry: true }),
  )
}

/** As what somebody holds the records of whom they booked for. Null where they booked for themselves. */
export function termsOf(identity: IdentityContent, guardianAge: number, now: Date): CareTermsInput | null {
  const { bookedBy, relation = '', birthDate } = identity
  if (!bookedBy || !isRelation(relation)) return null
  return { relation, name: bookedBy, ...roleOf({ relation, birthDate, guardianAge }, now) }
}

/** The birthday at which a guardian's access ends, from now on, by the officer's own key. */
export async function saveGuardianAge(officer: Officer, age: (typeof guardianAges)[number]) {
  return call('care/save-age', { age, word: await signOwnWord(officer, agePurpose, [age]) })
}

const saying = new Map<string, Promise<boolean>>()

/** Who booked for somebody says so, once, as soon as they are at the appointment's page. True where it was said just now. */
export function sayWhoBooked(patient: PatientHandle, terms: CareTermsInput, visit: Visit): Promise<boolean> {
  const { patientId, keyId, keys } = patient
  const say = async () => {
    const session = await openPatientSession(patient)
    if (!session.ok) return false
    const signed = await vault().careOfItself({ patientId, terms })
    const sent = await letIn(patient, { ...signed, role: terms.role, keyId, keys, name: '' }, visit)
    return sent.ok
  }
  // A page may be drawn twice at once: it is said once all the same.
  const under = saying.get(keyId) ?? say()
  saying.set(keyId, under)
  // What came to nothing is said again when somebody presses again.
  void under.then((said) => said || saying.delete(keyId))
  return under
}

export async function endCare(patient: PatientHandle, careId: string): Promise<Answer<{ done: true }>> {
  const { patientId } = patient
  const session = await openPatientSession(patient)
  if (!session.ok) return session
  const { ending } = await vault().endCare({ patientId, careId })
  return call('care/end', { careId, ending }, { as: 'patient', patientId, retry: true })
}
