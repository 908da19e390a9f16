import type { AuditDetail } from '../crypto/audit.ts'

/**
 * Who books for somebody acts as the patient until they have said so. Up to when what the log has of the patient was this very
 * device's doing: '' where it never was, or where the entries do not reach so far back.
 */
export const untilSaid = (entries: { detail: AuditDetail }[], care: { mine: boolean; ofItself: boolean }[]): string =>
  (care.some(({ mine, ofItself }) => mine && ofItself) &&
    entries.find(({ detail }) => detail.action === 'care.said')?.detail.at) ||
  ''
