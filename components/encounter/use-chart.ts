'use client'
import { useEffect, useState } from 'react'
import type { ConsentContent } from '@/lib/consent/rules'
import { checkConsent, checkHistory, type ConsentFault, type HistoryFault } from '@/lib/browser/consent-proof'
import { deskIdentity, identityOf } from '@/lib/browser/identity'
import { vault } from '@/lib/browser/vault'
import type { Opened, OpenResult, PatientKeyView, Vault } from '@/lib/browser/vault-api'
import type { CareView, HelperView } from '@/lib/browser/vault-care-api'
import { refusalCode } from '@/lib/browser/vault-error'
import type { ConsentProof, EncounterView, NoteContent } from '@/lib/encounter/rules'
import type { IntakeContent } from '@/lib/intake/rules'
import type { PrescriptionContent, PrescriptionRow } from '@/lib/prescription/rules'
import type { RecallContent, RecallRow } from '@/lib/recall/rules'
import type { ChecklistContent, IdentityContent, ReasonContent } from '@/lib/record/rules'
import { type Failed, type OpenedRecord, openRecords } from '../staff/use-opened'
import { nameShown, patientOf } from '../staff/whose'
import { type Unvouched, unvouchedOf } from './unvouched'

/** A record's place, and what is in it or why that is not shown. */
export interface Entry<T> {
  recordId: string
  revision: number
  appointmentId: string | null
  createdAt: string
  hash: string | null
  content: T | null
  code: string | null
}
export interface ConsentEntry {
  proof: ConsentProof
  content: ConsentContent | null
  fault: ConsentFault | null
}

export interface Chart {
  clinicId: string
  /** Whose chart this is: every record in it is this patient's, and what is written here is written of nobody else. */
  patientId: string
  /** Whose visit it was opened from: who at the clinic reads what is written goes by that. */
  practitioner: string
  /** And where it is, as the patient signed. */
  site: string | null
  identity: IdentityContent | null
  /** What somebody at the clinic wrote down of who called, and whether the patient has said since who they are. */
  written: IdentityContent | null
  isOwnWord: boolean
  /** Reasons that somebody at the clinic took down. */
  byClinic: Set<string>
  /** Who helps the patient, or did. */
  helpers: CareView[]
  /** Who signed in the patient's place, by record. */
  signers: Map<string, HelperView>
  reasons: Entry<ReasonContent>[]
  intakes: Entry<IntakeContent>[]
  consents: ConsentEntry[]
  /** The history of consents is not whole, or not the one that this browser saw: none of it is shown as given. */
  consentsBroken: HistoryFault | null
  notes: Entry<NoteContent>[]
  drafts: Entry<unknown>[]
  prescriptions: { row: PrescriptionRow; entry: Entry<PrescriptionContent> | null }[]
  recalls: { row: RecallRow; entry: Entry<RecallContent> | null }[]
  /** Keys that the patient whose name is shown reads with: those somebody stands behind. Without a name, none. */
  readers: { patientId: string; key: string }[]
  /** Devices that only the database says are the patient's: they get nothing. */
  strangers: number
  /** Never mixed with the patient's own. */
  unvouched: Unvouched[]
  /** Records that did not open, by reason. */
  failed: Failed[]
}

/**
 * The server answers all of `view`: its word alone ties no name to a key. The records do, each of which its author signed as
 * this patient's; `appointmentId` is the page's own, and the patient is the one whose name was shown for it before, if any.
 */
export async function readChart(view: EncounterView, appointmentId: string, keys: Vault = vault()): Promise<Chart> {
  const patientId = patientOf({ appointmentId, patientId: view.appointment.patientId })
  const clinicId = view.clinic.id
  // Removed ones too: what they signed stays the patient's, and others were added by them.
  const claimed = view.patientKeys.map(({ keys: each, vouch, link }) => ({ keys: each, vouch, link }))
  const removed = new Set(view.patientKeys.filter(({ state }) => state === 'revoked').map((key) => key.keys.sign))
  await keys.loadChain({ clinicId, statements: view.statements })
  // Twice: where somebody was vouched for, no record makes its key known by itself; else the first device is known by them.
  await keys.loadPatientKeys({ clinicId, patientId, keys: claimed })
  // The name first, by which the patient's device is known; then who helps; then what either wrote.
  await openRecords(
    view.records.filter(({ meta }) => meta.type === 'identity'),
    [patientId],
    keys,
  )
  const care = await keys.loadCare({
    ...{ clinicId, patientId, rows: view.care, now: view.now },
    records: view.records.filter(({ meta }) => meta.type === 'care' && meta.patientId === patientId),
  })
  const records = await openRecords(view.records, [patientId], keys)
  const all = await keys.loadPatientKeys({ clinicId, patientId, keys: claimed })
  const trust: PatientKeyView[] = all.filter((key) => !removed.has(key.keys.sign))
  const good = records.flatMap(({ opened }) => (opened.ok ? [opened.value] : []))
  const identity = identityOf(good)
  const written = deskIdentity(good)?.content as IdentityContent | undefined
  if (identity) nameShown(appointmentId, patientId)
  const of = <T>(type: string) =>
    records.filter((record) => record.meta.type === type).map((record) => toEntry<T>(record))
  const byId = <T>(entries: Entry<T>[], recordId: string) =>
    entries.find((entry) => entry.recordId === recordId) ?? null
  const [prescriptions, recalls] = [of<PrescriptionContent>('prescription'), of<RecallContent>('recall')]
  const readers = trust
    // The defence of attack 7 in a chart: the key that signed the name on the screen, or one vouched for beside it.
    .filter((key) => identity && (key.trust === 'vouched' || isAuthor(identity, key, all)))
    .map((key) => key.keys.dh)
  // Who helps reads with the patient, for as long as it holds: the vault asks again.
  const helping = identity && readers.length ? care.filter(({ state, ofItself }) => state === 'holds' && !ofItself) : []
  const helperKeys = new Set(care.map((each) => each.keys.sign))
  return {
    clinicId,
    patientId,
    helpers: care,
    signers: new Map(
      records.flatMap(({ opened }) =>
        opened.ok && opened.value.author.helper ? [[opened.value.recordId, opened.value.author.helper]] : [],
      ),
    ),
    practitioner: view.appointment.memberId,
    site: siteOf(records, appointmentId),
    identity: (identity?.content as IdentityContent | undefined) ?? null,
    written: written ?? null,
    isOwnWord: identity?.author.kind === 'patient',
    byClinic: new Set(
      good.flatMap(({ type, author, recordId }) => (type === 'reason' && author.kind === 'member' ? recordId : [])),
    ),
    reasons: of<ReasonContent>('reason'),
    intakes: of<IntakeContent>('intake'),
    notes: of<NoteContent>('note').reverse(),
    drafts: of<unknown>('draft'),
    consentsBroken: await checkConsents(view, { clinicId, patientId }, records, keys),
    consents: await Promise.all(view.consents.map((proof) => readConsent(proof, { clinicId, patientId }, records))),
    prescriptions: view.prescriptions.map((row) => ({ row, entry: byId(prescriptions, row.recordId) })),
    recalls: view.recalls.map((row) => ({ row, entry: byId(recalls, row.recordId) })),
    readers: [...new Set([...readers, ...helping.map((each) => each.keys.dh)])].map((key) => ({ patientId, key })),
    strangers: trust.filter((key) => key.trust === 'none' && !key.met && !helperKeys.has(key.keys.sign)).length,
    unvouched: records.map(unvouchedOf).filter((each) => each !== null),
    failed: records.flatMap((record) =>
      record.opened.ok || unvouchedOf(record) ? [] : [{ type: record.meta.type, code: record.opened.code }],
    ),
  }
}

/** The very key that signed the name, or one that is believed for the same reason: both call each other theirs. */
const isAuthor = ({ author }: Opened, { trust, root }: PatientKeyView, all: PatientKeyView[]) =>
  trust === 'first-use' &&
  author.kind === 'patient' &&
  all.some((each) => each.keys.sign === author.key && each.root === root)

/**
 * Where this visit is: by the patient's own check list of it, which names the site's group. What the server says of it would let it
 * seal what is written here for another site's practitioners.
 */
function siteOf(records: OpenedRecord[], appointmentId: string): string | null {
  const [list] = records.flatMap(({ meta, opened }) => {
    const isIt = meta.type === 'checklist' && opened.ok && opened.value.author.kind === 'patient'
    return isIt && (opened.value.content as ChecklistContent).appointmentId === appointmentId
      ? opened.value.managing
      : []
  })
  return list?.split(':')[1] ?? null
}

function toEntry<T>({ meta, appointmentId, createdAt, opened }: OpenedRecord): Entry<T> {
  const { recordId, revision } = meta
  const at = { recordId, revision, appointmentId, createdAt }
  return opened.ok
    ? { ...at, hash: opened.value.hash, content: opened.value.content as T, code: null }
    : { ...at, hash: null, content: null, code: opened.code }
}

async function checkConsents(
  view: EncounterView,
  whose: { clinicId: string; patientId: string },
  records: OpenedRecord[],
  keys: Vault,
): Promise<HistoryFault | null> {
  const events = view.consents.map((proof) => ({ ...proof, ...whose })).sort((a, b) => a.seq - b.seq)
  // What somebody else's device handed in is told of apart, and has no place in this history.
  const texts = records.filter((record) => record.meta.type === 'consent' && record.opened.ok)
  const fault = await checkHistory(
    events,
    texts.map((record) => record.meta.recordId),
  )
  if (fault) return fault
  try {
    await keys.keepConsents({ ...whose, hashes: events.map((event) => event.hash) })
    return null
  } catch (error) {
    const code = refusalCode(error)
    if (code === 'CHAIN_SHORTER' || code === 'CHAIN_FORKED') return code
    throw error
  }
}

async function readConsent(
  proof: ConsentProof,
  whose: { clinicId: string; patientId: string },
  records: OpenedRecord[],
): Promise<ConsentEntry> {
  const opened: OpenResult | undefined = records.find((record) => record.meta.recordId === proof.recordId)?.opened
  const fault = await checkConsent({ ...proof, ...whose }, opened)
  return { proof, fault, content: opened?.ok ? (opened.value.content as ConsentContent) : null }
}

export function useChart(view: EncounterView, appointmentId: string): Chart | null {
  const [chart, setChart] = useState<Chart | null>(null)
  useEffect(() => {
    let late = false
    void readChart(view, appointmentId).then((read) => {
      if (!late) setChart(read)
    })
    return () => {
      late = true
    }
  }, [view, appointmentId])
  return chart
}
