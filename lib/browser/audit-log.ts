import type { AuditContract, LogEntry, LogHead } from '../audit/rules.ts'
import type { AuditDetail } from '../crypto/audit.ts'
import type { StoredRecord } from '../record/rules.ts'
import { call, type Answer } from './api.ts'
import { openPatientSession } from './patient-session.ts'
import { keepHead } from './staff-session.ts'
import type { PatientHandle } from './vault-api.ts'
import type { OpenedEntry } from './vault-audit-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'
import { compareWitness, type WitnessWord } from './witness.ts'

type Code = Extract<Answer<never>, { ok: false }>['code'] | VaultError['code']
export type LogAnswer<T> = { ok: true; value: T } | { ok: false; code: Code }

class Stopped extends Error {
  readonly code: Code
  constructor(code: Code) {
    super(code)
    this.code = code
  }
}

function need<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Stopped(answer.code)
  return answer.value
}

async function attempt<T>(work: () => Promise<T>): Promise<LogAnswer<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    if (error instanceof Stopped || error instanceof VaultError) return { ok: false, code: error.code }
    throw error
  }
}

/** What an officer's browser has opened of the log, latest first. */
export interface OpenedLog {
  head: LogHead
  /** What became of asking who witnesses it. */
  witness: WitnessWord
  entries: OpenedEntry[]
  /** Place and hash of the entry before the earliest one here: proved, so that earlier pages can be proved by it. */
  from: number
  previous: string
  names: Map<string, string>
}

type Page = AuditContract['audit/log']['out']

/** Proves that the log only grew since this browser, or the account, last saw it. Throws what is wrong with it. */
async function proveLog(clinicId: string): Promise<LogHead & { witness: WitnessWord }> {
  // First what was witnessed, then the log: it only grows in between.
  const witness = await compareWitness(clinicId)
  for (;;) {
    const { length } = await vault().auditPin(clinicId)
    const { head, leaves } = need(await call('audit/links', { clinicId, from: length }, { retry: true }))
    const reached = await vault().extendAudit({ clinicId, head, from: length, leaves })
    if (reached.length === head.length) return { ...reached, witness }
    if (leaves.length === 0) throw new VaultError('CHAIN_SHORTER', 'the log ends before its head')
  }
}

/** The newest page, once the whole log was proved; or, with `after`, the page before those. */
export const loadLog = (clinicId: string, after?: OpenedLog): Promise<LogAnswer<OpenedLog>> =>
  attempt(async () => {
    if (!after) {
      await proveLog(clinicId)
      // From now on an empty profile of this account knows how far the log went.
      await keepHead()
    }
    const page: Page = need(await call('audit/log', after ? { before: after.from } : {}, { retry: true }))
    // It may have grown between the two questions: what came is proved as well.
    const proved = after
      ? { length: after.from, hash: after.previous, witness: after.witness }
      : await proveLog(clinicId)
    const placed = page.entries.filter((entry) => entry.seq !== null)
    const from = placed[0]?.seq ?? proved.length
    const until = from + placed.length
    if (placed.some((entry, index) => entry.seq !== from + index) || until > proved.length)
      throw new VaultError('CHAIN_FORKED', 'entries out of their place')
    const leaves = placed.map((entry) => entry.leaf)
    const later = after ? [] : await leavesFrom(clinicId, until, proved.length)
    await vault().checkAuditPage({ from, previous: page.previous, leaves: [...leaves, ...later], hash: proved.hash })
    const opened = await vault().openAudit({ clinicId, entries: [...page.entries, ...page.pending] })
    return {
      head: after?.head ?? { length: proved.length, hash: proved.hash },
      witness: proved.witness,
      entries: [...(after?.entries ?? []), ...opened.toReversed()],
      from,
      previous: page.previous,
      names: new Map(page.members.map((member) => [member.memberId, member.displayName])),
    }
  })

/** Entries that were given a place after the page was made. */
async function leavesFrom(clinicId: string, from: number, length: number): Promise<string[]> {
  if (from === length) return []
  return need(await call('audit/links', { clinicId, from }, { retry: true })).leaves.slice(0, length - from)
}

/** Sealed names of the patients whom entries are about, as far as this officer may read them. */
export const loadNames = (patientIds: string[]): Promise<LogAnswer<StoredRecord[]>> =>
  attempt(async () => need(await call('audit/names', { patientIds }, { retry: true })).records)

/** What a patient's device has opened of the log, latest first. */
export interface OwnLogView {
  entries: { leaf: string; detail: AuditDetail }[]
  names: Map<string, string>
  /** How many there are on the server, opened or not. */
  loaded: number
  leaves: string[]
  /** Seen by this device before, and gone. */
  missing: number
  /** There, and not what the log has a hash of. */
  altered: number
  more: boolean
}

export const loadOwnLog = (patient: PatientHandle, before?: OwnLogView): Promise<LogAnswer<OwnLogView>> =>
  attempt(async () => {
    const { clinicId, patientId } = patient
    need(await openPatientSession(patient))
    const as = { as: 'patient', patientId, retry: true } as const
    const page = need(await call('audit/mine', { skip: before?.loaded ?? 0 }, as))
    const entries: LogEntry[] = page.entries
    const opened = await vault().openAudit({ clinicId, entries, asPatient: patientId })
    const leaves = [...new Set([...(before?.leaves ?? []), ...entries.map((entry) => entry.leaf)])]
    const { missing } = await vault().keepOwnLog({ patientId, leaves, all: !page.more })
    return {
      entries: [
        ...(before?.entries ?? []),
        ...opened.flatMap((each) => (each.ok ? [{ leaf: each.leaf, detail: each.detail }] : [])),
      ],
      names: new Map(page.members.map((member) => [member.memberId, member.displayName])),
      loaded: (before?.loaded ?? 0) + entries.length,
      leaves,
      missing,
      altered: (before?.altered ?? 0) + opened.filter((each) => !each.ok).length,
      more: page.more,
    }
  })
