import 'server-only'
import { decode } from 'cborg'
import type { Tx } from './tx.ts'

// Whom an entry of the log is sealed to. The chain is read here, and not verified: an operator who would have entries sealed to
// a key of their own could as well write down what they serve.

const kept = new Map<string, { head: string; keys: string[] }>()

/**
 * The officers' newest key, or, while somebody who left still holds that one or there is none, each officer's own.
 * Read again only when the chain has grown.
 */
export async function officerKeys(tx: Tx, clinicId: string): Promise<string[]> {
  const [last] = await tx.$queryRaw<{ hash: string }[]>`
    SELECT hash FROM chain_statement WHERE clinic_id = ${clinicId}::uuid ORDER BY seq DESC LIMIT 1`
  if (!last) return []
  const known = kept.get(clinicId)
  if (known?.head === last.hash) return known.keys
  const rows = await tx.$queryRaw<{ body: string }[]>`
    SELECT body FROM chain_statement WHERE clinic_id = ${clinicId}::uuid ORDER BY seq`
  const keys = readOfficers(rows.map((row) => row.body)).current
  if (kept.size > 10_000) kept.clear()
  kept.set(clinicId, { head: last.hash, keys })
  return keys
}

/** Every key that entries were ever sealed to for this officer: their own, and those of the officers' epochs. */
export async function keysOfOfficer(tx: Tx, clinicId: string, memberId: string): Promise<string[]> {
  const rows = await tx.$queryRaw<{ body: string }[]>`
    SELECT body FROM chain_statement WHERE clinic_id = ${clinicId}::uuid ORDER BY seq`
  const { epochs, own } = readOfficers(rows.map((row) => row.body))
  return [...epochs, ...(own.get(memberId) ?? [])]
}

interface Officers {
  /** What is sealed to now. */
  current: string[]
  /** Keys of all the officers' epochs, oldest first. */
  epochs: string[]
  /** Members' own keys, former ones too. */
  own: Map<string, string[]>
}

function readOfficers(bodies: readonly string[]): Officers {
  const officers = new Map<string, string>()
  const own = new Map<string, string[]>()
  const keys = new Map<string, string>()
  const epochs: string[] = []
  let stale = true
  const leaves = (memberId: string) => {
    if (officers.delete(memberId)) stale = true
  }
  for (const body of bodies) {
    const [kind, ...fields] = fieldsOf(body)
    const [name, ...rest] = fields as [string, ...unknown[]]
    if (kind === 'member-added' || kind === 'member-changed') {
      const added = kind === 'member-added'
      if (added) keys.set(name, toB64(rest[1] as Uint8Array))
      const key = keys.get(name)
      if (!key) continue
      if (added) own.set(name, [...(own.get(name) ?? []), key])
      const roles = rest[added ? 2 : 0] as string[]
      if (roles.includes('admin')) officers.set(name, key)
      else leaves(name)
    }
    if (kind === 'member-removed') leaves(name)
    if (kind === 'member-rekeyed') {
      const key = toB64(rest[1] as Uint8Array)
      keys.set(name, key)
      own.set(name, [...(own.get(name) ?? []), key])
      if (officers.has(name)) {
        leaves(name)
        officers.set(name, key)
      }
    }
    if (kind === 'epoch' && name === 'officers') {
      epochs.push(toB64(rest[1] as Uint8Array))
      stale = false
    }
  }
  return { current: stale ? [...officers.values()] : epochs.slice(-1), epochs, own }
}

/** Kind and fields of a statement; of anything else nothing, which names no reader. */
function fieldsOf(body: string): unknown[] {
  try {
    return (decode(new Uint8Array(Buffer.from(body, 'base64url'))) as unknown[]).slice(5)
  } catch {
    return []
  }
}

const toB64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')

/**
 * Whom a subject is about: appointments, records, prescriptions and recalls each name their patient. Asked here, so that no
 * caller can forget to.
 */
export async function patientOf(tx: Tx, clinicId: string, subjectId: string): Promise<string | null> {
  const [row] = await tx.$queryRaw<{ id: string | null }[]>`
    WITH about AS (SELECT ${clinicId}::uuid AS clinic, ${subjectId}::uuid AS id)
    SELECT coalesce(
      (SELECT a.patient_id FROM appointment a, about WHERE a.clinic_id = about.clinic AND a.id = about.id),
      (SELECT p.id FROM patient p, about WHERE p.clinic_id = about.clinic AND p.id = about.id),
      (SELECT r.patient_id FROM record r, about WHERE r.clinic_id = about.clinic AND r.record_id = about.id LIMIT 1),
      (SELECT p.patient_id FROM prescription p, about WHERE p.clinic_id = about.clinic AND p.id = about.id),
      (SELECT r.patient_id FROM recall r, about WHERE r.clinic_id = about.clinic AND r.id = about.id),
      (SELECT c.patient_id FROM emergency_card c, about WHERE c.clinic_id = about.clinic AND c.id = about.id),
      (SELECT q.patient_id FROM emergency_request q, about WHERE q.clinic_id = about.clinic AND q.id = about.id)) AS id`
  return row?.id ?? null
}

/** Keys of these patients' devices. One that a code by e-mail let in is not among them: a mailbox alone opens nothing. */
export async function patientKeys(tx: Tx, clinicId: string, patientIds: string[]): Promise<Map<string, string[]>> {
  const rows = await tx.$queryRaw<{ patient_id: string; dh_key: string }[]>`
    SELECT patient_id, dh_key FROM patient_key
    WHERE clinic_id = ${clinicId}::uuid AND patient_id = ANY(${patientIds}::uuid[]) AND state IN ('booking', 'paired', 'vouched')
      -- Of who helps a guardian reads it, for as long as they are one.
      AND NOT EXISTS (
        SELECT FROM care c WHERE c.clinic_id = patient_key.clinic_id AND c.key_id = patient_key.id
          AND (c.role = 'carer' OR c.ended_at IS NOT NULL OR c.until <= now())
      )`
  const keys = new Map<string, string[]>()
  for (const row of rows) keys.set(row.patient_id, [...(keys.get(row.patient_id) ?? []), row.dh_key])
  return keys
}
