import type { LogEntry, LogHead } from '../audit/rules.ts'
import type { AuditDetail } from '../crypto/audit.ts'
import type { B64 } from '../crypto/types.ts'
import type { VaultCode } from './vault-api.ts'

export type OpenedEntry =
  | { ok: true; seq: number | null; leaf: B64; detail: AuditDetail }
  | { ok: false; seq: number | null; leaf: B64; code: VaultCode }

export interface AuditVault {
  /**
   * What the clinic's witness signed, against the loaded chain of members: CHAIN_SHORTER, CHAIN_FORKED, and BAD_SIGNATURE for what
   * it did not sign. A log is compared when it is proved next (`extendAudit`). The first key is kept, with
   * where it answered, and another refused.
   */
  checkWitness(input: { clinicId: string; url: string; key: B64; heads: B64[] }): Promise<void>
  /** The one that this browser took for this clinic: null before one answered. */
  knownWitness(clinicId: string): Promise<{ url: string; key: B64 } | null>
  /** Where this browser, and the account's wrap, last saw the log end. */
  auditPin(clinicId: string): Promise<LogHead>
  /**
   * The log from the pin on, as far as it goes: moves the pin. Refuses a log that ends before the pin (CHAIN_SHORTER) or holds other
   * entries than were seen (CHAIN_FORKED). `pages` are answered in order and without a gap, from `auditPin().length` on.
   */
  extendAudit(input: { clinicId: string; head: LogHead; from: number; leaves: B64[] }): Promise<LogHead>
  /**
   * Whether these entries, the first of them after `previous`, end in `hash`: which proves them, when `hash` was proved. Throws
   * CHAIN_FORKED otherwise.
   */
  checkAuditPage(input: { from: number; previous: B64; leaves: B64[]; hash: B64 }): Promise<void>
  /** Opens entries as the unlocked officer, or as a patient's device. */
  openAudit(input: { clinicId: string; entries: LogEntry[]; asPatient?: string }): Promise<OpenedEntry[]>
  /**
   * Keeps which entries a patient's device has seen. Answers how many of those that it saw before are missing from `leaves`,
   * where all there are were given.
   */
  keepOwnLog(input: { patientId: string; leaves: B64[]; all: boolean }): Promise<{ missing: number }>
  /**
   * A patient's history of consents against what this browser saw of it: `hashes` of its events, by place. Throws CHAIN_SHORTER and
   * CHAIN_FORKED; else it is kept.
   */
  keepConsents(input: { clinicId: string; patientId: string; hashes: B64[] }): Promise<void>
}
