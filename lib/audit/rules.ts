import { z } from 'zod'
import type { StoredRecord } from '../record/rules.ts'
import { Id } from '../ids.ts'

/** How many entries a page of the log has, and how many links are answered at once. */
export const pageSize = 50
export const linksAtOnce = 2000

/** A reader's box of one entry, and the entry's place. `seq` is null while it is being added to the chain. */
export interface LogEntry {
  seq: number | null
  leaf: string
  /** Public key that the box is sealed to; none when nothing was sealed to this reader. */
  to: string | null
  enc: string
  ct: string
}

/** Where a clinic's log ends. */
export interface LogHead {
  /** How many entries have a place. */
  length: number
  /** Hash of the last; '' of none. */
  hash: string
}

export interface LogPage {
  head: LogHead
  /** Hash of the entry before the first of these; '' where there is none. */
  previous: string
  /** Earliest first, without a gap. */
  entries: LogEntry[]
  /** Written, and still without a place: newest page only. */
  pending: LogEntry[]
  /** Names as the clinic's pages show them, by id. */
  members: { memberId: string; displayName: string }[]
}

export interface OwnLog {
  /** Latest first. */
  entries: LogEntry[]
  members: { memberId: string; displayName: string }[]
  more: boolean
}

export const LogInput = z.object({
  /** Entries before this place; the newest when not said. */
  before: z.number().int().min(0).optional(),
})
export const LinksInput = z.object({ clinicId: Id, from: z.number().int().min(0).default(0) })
export const NamesInput = z.object({ patientIds: z.array(Id).min(1).max(200) })
export const NoInput = z.object({}).strict()
export const OwnLogInput = z.object({ skip: z.number().int().min(0).max(100_000).default(0) })

export interface AuditContract {
  'audit/log': { in: z.input<typeof LogInput>; out: LogPage }
  'audit/names': { in: z.input<typeof NamesInput>; out: { records: StoredRecord[] } }
  'audit/mine': { in: z.input<typeof OwnLogInput>; out: OwnLog }
  /** Who witnesses this installation's chains, if anybody does. */
  'audit/witness': { in: z.input<typeof NoInput>; out: { witness: { url: string; key: string } | null } }
  /** Salted hashes by place: for whoever checks that the log only grows. */
  'audit/links': { in: z.input<typeof LinksInput>; out: { head: LogHead; previous: string; leaves: string[] } }
}

export const kinds = ['reading', 'writing', 'granting', 'exporting', 'refusing'] as const
export type Kind = (typeof kinds)[number]

const readings = [
  'encounter.opened',
  'names.listed',
  'patient.chart-opened',
  'patient.records-for-device',
  'patient.records-listed',
  'rewrap.handed-out',
  'audit.read',
  'emergency.card-opened',
  'emergency.opened',
]
const grantings = [
  'access.vouched',
  'access.role-added',
  'access.invited',
  'access.roles-changed',
  'rekey.approved',
  'rekey.done',
  'call.matched',
  'patient.device-recognised',
  'patient.device-recognised-at-desk',
  'emergency.card-made',
  'emergency.approved',
  'record.granted',
  'site.records-shared',
  'care.let-in',
]

/** What an entry tells of, for whoever looks for one kind. */
export function kindOf({ action, refused }: { action: string; refused: string | null }): Kind {
  if (refused) return 'refusing'
  if (action.endsWith('exported')) return 'exporting'
  if (readings.includes(action)) return 'reading'
  return grantings.includes(action) ? 'granting' : 'writing'
}

/** One cell of a CSV file. A spreadsheet takes what begins with these signs for a formula: a quote before it keeps it text. */
export const csvCell = (text: string): string => `"${text.replace(/^(?=[=+\-@\t\r])/, "'").replaceAll('"', '""')}"`
