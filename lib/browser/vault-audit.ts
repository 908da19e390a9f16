import type { LogEntry, LogHead } from '../audit/rules.ts'
import { extendLog, openAuditEntry } from '../crypto/audit.ts'
import { fromB64, toB64 } from '../crypto/bytes.ts'
import type { ChainPin } from '../crypto/keys.ts'
import { requireDevice } from './device-keys.ts'
import type { AuditVault, OpenedEntry } from './vault-audit-api.ts'
import { requireUnlocked, type VaultContext } from './vault-context.ts'
import { refusalCode, VaultError } from './vault-error.ts'

const pinName = (clinicId: string) => `audit-pin:${clinicId}`
const seenName = (patientId: string) => `audit-seen:${patientId}`
const none: LogHead = { length: 0, hash: '' }

/** The clinic's log: proved to only grow, and opened for those to whom it was sealed. */
export function auditLog(context: VaultContext): Omit<AuditVault, 'checkWitness' | 'knownWitness'> {
  const { storage } = context

  const pinOf = async (clinicId: string): Promise<LogHead> => (await storage.get<LogHead>(pinName(clinicId))) ?? none

  /** Keys that may open a box, by their public half. */
  async function readers(asPatient: string | undefined) {
    if (asPatient) {
      const { keys } = await requireDevice(context, asPatient)
      return new Map([[toB64(keys.public.dh), { public: keys.public.dh, pair: keys.dh }]])
    }
    const { keys, epochs } = requireUnlocked(context)
    const own = { public: keys.public.dh, pair: keys.dh }
    return new Map([own, ...epochs].map((each) => [toB64(each.public), { public: each.public, pair: each.pair }]))
  }

  return {
    auditPin: pinOf,

    async extendAudit({ clinicId, head, from, leaves }) {
      const pin = await pinOf(clinicId)
      // The defence of attack 11 for the log: take these lines out, and one that was cut back or forked is shown as whole.
      if (head.length < pin.length) throw new VaultError('CHAIN_SHORTER', 'entries of the log are missing')
      if (from !== pin.length) throw new VaultError('CHAIN_INVALID', 'not where this browser left off')
      const witnessed = context.witnessedLogs.get(clinicId)
      if (witnessed && head.length < witnessed.length)
        throw new VaultError('CHAIN_SHORTER', 'entries that were witnessed are missing')
      const until = witnessed ? Math.min(Math.max(witnessed.length - from, 0), leaves.length) : 0
      const all = leaves.map(leafOf)
      const halfway = await extendLog(pin.hash ? fromB64(pin.hash, 32) : null, from, all.slice(0, until))
      if (witnessed && from + until === witnessed.length && (halfway ? toB64(halfway) : '') !== witnessed.hash)
        throw new VaultError('CHAIN_FORKED', 'not the log that was witnessed')
      const hash = await extendLog(halfway, from + until, all.slice(until))
      const reached: LogHead = { length: from + leaves.length, hash: hash ? toB64(hash) : '' }
      if (reached.length > head.length) throw new VaultError('CHAIN_INVALID', 'more entries than the log has')
      if (reached.length === head.length && reached.hash !== head.hash)
        throw new VaultError('CHAIN_FORKED', 'entries of the log were replaced')
      if (reached.length > pin.length) await storage.put(pinName(clinicId), reached)
      return reached
    },

    async checkAuditPage({ from, previous, leaves, hash }) {
      const reached = await extendLog(previous ? fromB64(previous, 32) : null, from, leaves.map(leafOf))
      if ((reached ? toB64(reached) : '') !== hash)
        throw new VaultError('CHAIN_FORKED', 'entries of the log were replaced')
    },

    async openAudit({ clinicId, entries, asPatient }) {
      const keys = await readers(asPatient)
      return Promise.all(entries.map((entry) => openOne(clinicId, entry, keys)))
    },

    async keepConsents({ clinicId, patientId, hashes }) {
      const name = `consents:${clinicId}/${patientId}`
      const seen = (await storage.get<string[]>(name)) ?? []
      // The defence of attack 11 for consents: without it, a withdrawal that was taken out of the database is shown to nobody.
      if (hashes.length < seen.length) throw new VaultError('CHAIN_SHORTER', 'consents are missing')
      if (seen.some((hash, seq) => hashes[seq] !== hash)) throw new VaultError('CHAIN_FORKED', 'consents were replaced')
      if (hashes.length > seen.length) await storage.put(name, hashes)
    },

    async keepOwnLog({ patientId, leaves, all }) {
      const device = await requireDevice(context, patientId)
      const seen = (await storage.get<string[]>(seenName(patientId))) ?? []
      const now = new Set(leaves)
      const missing = all ? seen.filter((leaf) => !now.has(leaf)).length : 0
      // What is gone stays remembered: it is shown as gone at the next look too.
      if (device.home === 'stored') await storage.put(seenName(patientId), [...new Set([...seen, ...leaves])])
      return { missing }
    },
  }
}

const leafOf = (leaf: string) => fromB64(leaf, 32)

type Readers = Map<string, { public: Uint8Array<ArrayBuffer>; pair: CryptoKeyPair }>

async function openOne(clinicId: string, entry: LogEntry, keys: Readers): Promise<OpenedEntry> {
  const { seq, leaf } = entry
  const reader = entry.to === null ? undefined : keys.get(entry.to)
  if (!reader) return { ok: false, seq, leaf, code: 'NOT_FOR_YOU' }
  try {
    const box = { enc: fromB64(entry.enc, 32), ct: fromB64(entry.ct) }
    return { ok: true, seq, leaf, detail: await openAuditEntry(clinicId, fromB64(leaf, 32), box, reader) }
  } catch (error) {
    const code = refusalCode(error)
    if (!code) throw error
    return { ok: false, seq, leaf, code }
  }
}

/** What the account's wrap says of the log counts as if this browser had seen it, where it has not seen more. */
export async function adoptLogPin(context: VaultContext, clinicId: string, log: ChainPin['log']): Promise<void> {
  const known = await context.storage.get<LogHead>(pinName(clinicId))
  // The defence of attack 11 for the log of an empty profile: without this, one that was cut back looks whole after sign-in.
  if (log && (known?.length ?? 0) < log.length)
    await context.storage.put(pinName(clinicId), { length: log.length, hash: toB64(log.head) } satisfies LogHead)
}

/** What the account's wrap carries of the log. */
export async function logPin(context: VaultContext, clinicId: string): Promise<Pick<ChainPin, 'log'>> {
  const pin = await context.storage.get<LogHead>(pinName(clinicId))
  return pin?.length ? { log: { length: pin.length, head: fromB64(pin.hash, 32) } } : {}
}
