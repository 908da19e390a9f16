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
