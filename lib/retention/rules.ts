import type { RecordType } from '../crypto/types.ts'

/**
 * What is kept for how long, and dies together. Each patient has one key of the outer layer for each class.
 *   identity        who the patient is and how to reach them: kept at least as long as the chart that it makes readable
 *   clinical        the chart: reasons, answers, notes, prescriptions, the consents that treatment rested on
 *   administrative  what serves the day's work and proves nothing later: check lists, recalls, drafts
 */
export const retentionClasses = ['identity', 'clinical', 'administrative'] as const
export type RetentionClass = (typeof retentionClasses)[number]

const classes: Record<RecordType, RetentionClass> = {
  identity: 'identity',
  reason: 'clinical',
  intake: 'clinical',
  consent: 'clinical',
  note: 'clinical',
  prescription: 'clinical',
  checklist: 'administrative',
  draft: 'administrative',
  recall: 'administrative',
}

export const classOf = (type: RecordType): RetentionClass => classes[type]
export const typesOf = (wanted: RetentionClass): RecordType[] =>
  (Object.keys(classes) as RecordType[]).filter((type) => classes[type] === wanted)

// ── KEK rotation ──

/** A column that `sealField` fills, and the context it is sealed under: `<kind>|<clinic>|<row>`. */
export interface SealedColumn {
  table: 'member' | 'patient' | 'appointment'
  column: 'email_sealed' | 'phone_sealed' | 'link_sealed'
  kind: string
}
/** Every one there is: a column that is missing here would be lost with the KEK it lies under. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: 'member', column: 'email_sealed', kind: 'member.email' },
  { table: 'patient', column: 'email_sealed', kind: 'patient.email' },
  { table: 'patient', column: 'phone_sealed', kind: 'patient.phone' },
  { table: 'appointment', column: 'link_sealed', kind: 'appointment.link' },
]

/**
 * How long an old KEK stays after the next one began. What was sealed before the change, by a request that was under way, is in
 * its row by then; no request lives that long.
 */
export const settleMinutes = 10

export type RotationStep = 'nothing' | 'begin' | 'move' | 'destroy'

/** What to do next with a ring. `left`: what still lies under an older version, jobs that carry it included. */
export function decideRotation(
  ring: { since: Date; old: readonly string[] },
  left: number,
  asked: 'begin' | 'tend',
  now: Date,
): RotationStep {
  if (ring.old.length === 0) return asked === 'begin' ? 'begin' : 'nothing'
  if (left > 0) return 'move'
  return now.getTime() - ring.since.getTime() >= settleMinutes * 60_000 ? 'destroy' : 'nothing'
}
