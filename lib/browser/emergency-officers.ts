import type { OfficersView, RequestRow } from '../emergency/rules.ts'
import type { IdentityContent } from '../record/rules.ts'
import { call, type Answer } from './api.ts'
import { identityOf } from './identity.ts'
import type { Opened, OpenResult } from './vault-api.ts'
import type { EmergencyKeyView, EmergencyRequestView } from './vault-emergency-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'

/** A patient as an officer finds them: by name where this browser opens it. */
export interface Findable {
  patientId: string
  name: string | null
  birthDate: string | null
  lastVisit: OfficersView['patients'][number]['lastVisit']
  statement: string | null
}
export interface SeenRequest {
  row: RequestRow
  /** Null when what the server shows is not signed by an officer of this clinic. */
  view: EmergencyRequestView | null
  name: string | null
}
export interface OfficersPage {
  patients: Findable[]
  requests: SeenRequest[]
}

const refusedAs = (error: unknown): { ok: false; code: string } => {
  if (error instanceof VaultError) return { ok: false, code: error.code }
  throw error
}
type Done<T> = Answer<T> | { ok: false; code: string }

export async function loadOfficersPage(clinicId: string): Promise<Done<OfficersPage>> {
  const answer = await call('emergency/officers', {}, { as: 'staff', retry: true })
  if (!answer.ok) return answer
  const { statements, requests, patients, identities, patientKeys } = answer.value
  try {
    await vault().loadChain({ clinicId, statements })
    const names = new Map<string, IdentityContent>()
    const ids = [...new Set([...patients, ...requests].map((each) => each.patientId))]
    for (const patientId of ids) {
      const keys = patientKeys.filter((key) => key.patientId === patientId)
      await vault().loadPatientKeys({ clinicId, patientId, keys })
      const mine = identities.filter(({ meta }) => meta.patientId === patientId)
      const opened = mine.length ? await vault().open(mine, { patientId }) : []
      const identity = identityOf(opened.flatMap((each) => (each.ok ? [each.value] : [])))
      if (identity) names.set(patientId, identity.content as IdentityContent)
    }
    const seen = requests.map(async (row): Promise<SeenRequest> => {
      const view = await vault()
        .readEmergency({ clinicId, request: row.request, reason: row.reason })
        .catch((error: unknown) => (error instanceof VaultError ? null : Promise.reject(error)))
      // The defence against a server that shows a request under another patient's name: what was signed counts.
      const same = view?.id === row.id && view.patientId === row.patientId && view.recordId === row.recordId
      return { row, view: same ? view : null, name: names.get(row.patientId)?.name ?? null }
    })
    return {
      ok: true,
      value: {
        requests: await Promise.all(seen),
        patients: patients.map((each) => {
          const identity = names.get(each.patientId)
          return { ...each, name: identity?.name ?? null, birthDate: identity?.birthDate ?? null }
        }),
      },
    }
  } catch (error) {
    return refusedAs(error)
  }
}

/** Whether a patient can be asked for: `none` until a clinical member has opened their chart. */
export async function keyOf(clinicId: string, patient: Findable): Promise<EmergencyKeyView['state']> {
  const { patientId, statement } = patient
  return (await vault().loadEmergencyKey({ clinicId, patientId, statement })).state
}

export async function askFor(
  clinicId: string,
  patient: Findable,
  what: { recordId: string | null; reason: string },
): Promise<Done<{ expiresAt: string }>> {
  const { patientId, statement } = patient
  if (!statement) return { ok: false, code: 'NO_KEY' }
  try {
    const asked = await vault().askEmergency({ clinicId, patientId, statement, ...what })
    const { id, request, reason } = asked
    return await call(
      'emergency/ask',
      { id, patientId, recordId: what.recordId, request, reason },
      { as: 'staff', retry: true },
    )
  } catch (error) {
    return refusedAs(error)
  }
}

export async function approve(clinicId: string, { row }: SeenRequest): Promise<Done<{ openUntil: string }>> {
  const given = await call('emergency/share', { id: row.id }, { as: 'staff', retry: true })
  if (!given.ok) return given
  try {
    const { answer } = await vault().answerEmergency({ clinicId, request: row.request, ...given.value })
    return await call('emergency/approve', { id: row.id, answer }, { as: 'staff' })
  } catch (error) {
    return refusedAs(error)
  }
}

export interface Reading {
  records: { type: string; createdAt: string; opened: Opened }[]
  /** Records that are there and did not open. */
  failed: number
  openUntil: string
  answeredBy: string
}

/** Opens what two officers agreed on. Nothing of it is kept: the page holds it, and lets it go when the time is over. */
export async function openAgreed(clinicId: string, { row }: SeenRequest): Promise<Done<Reading>> {
  const given = await call('emergency/open', { id: row.id }, { as: 'staff', retry: true })
  if (!given.ok) return given
  const { openUntil, records, ...parts } = given.value
  try {
    const opened = await vault().openEmergency({
      ...{ clinicId, request: row.request, reason: row.reason, records },
      ...parts,
    })
    if (opened.reason && opened.reason !== row.reason)
      await call('emergency/tell', { id: row.id, reason: opened.reason }, { as: 'staff', retry: true })
    const shown = opened.results.flatMap((result: OpenResult, index) =>
      result.ok ? [{ type: result.value.type, createdAt: records[index]!.createdAt, opened: result.value }] : [],
    )
    const { answeredBy } = opened
    return { ok: true, value: { records: shown, failed: records.length - shown.length, openUntil, answeredBy } }
  } catch (error) {
    return refusedAs(error)
  }
}

export async function endReading({ row }: SeenRequest): Promise<Answer<{ done: true }>> {
  await vault().endEmergency({ requestId: row.id })
  return call('emergency/end', { id: row.id }, { as: 'staff', retry: true })
}
