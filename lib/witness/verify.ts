import { extendLog } from '../crypto/audit.ts'
import { type Bytes, equal, fromB64, toB64 } from '../crypto/bytes.ts'
import { verifyChain } from '../crypto/chain.ts'
import { CryptoError } from '../crypto/errors.ts'
import type { ChainStatement } from '../crypto/types.ts'
import { checkHead, type WitnessedHead } from '../crypto/witness.ts'

/** What a database, or a dump of one, holds of the chains. */
export interface Held {
  entries: { clinicId: string; seq: number | null; leaf: Bytes; hash: Bytes | null }[]
  statements: (ChainStatement & { clinicId: string })[]
}

export interface Finding {
  clinicId: string
  kind: 'members' | 'log'
  length: number
  /** Entries that have no place yet: the last minute's, in a running system. */
  pending: number
  /** How many heads of the witness it agrees with. */
  witnessed: number
  /** What is wrong with it; none when it is whole. */
  fault: string | null
}

/** Checks every clinic's log and members' chain by themselves, and against every head that the witness signed. */
export async function verifyHeld(held: Held, witness: { key: Bytes; statements: string[] } | null): Promise<Finding[]> {
  const heads: WitnessedHead[] = []
  for (const statement of witness?.statements ?? []) heads.push(await checkHead(witness!.key, fromB64(statement)))
  const clinics = new Set([...held.entries, ...held.statements, ...heads].map((each) => each.clinicId))
  const findings: Finding[] = []
  for (const clinicId of [...clinics].sort()) {
    const of = (kind: string) => heads.filter((head) => head.clinicId === clinicId && head.kind === kind)
    findings.push(await verifyMembers(clinicId, held, of('members')))
    findings.push(await verifyLog(clinicId, held, of('log')))
  }
  return findings
}

/** Where each of these heads stands in hashes by place; what is wrong with the first that does not. */
function compare(hashes: string[], heads: WitnessedHead[]): string | null {
  for (const { length, head, at } of heads) {
    if (hashes.length < length)
      return `cut back: ${hashes.length} are left of the ${length} that were witnessed at ${at}`
    if (hashes[length - 1] !== head) return `forked: number ${length} is not the one that was witnessed at ${at}`
  }
  return null
}

async function verifyMembers(clinicId: string, held: Held, heads: WitnessedHead[]): Promise<Finding> {
  const statements = held.statements.filter((each) => each.clinicId === clinicId).sort((a, b) => a.seq - b.seq)
  const finding = { clinicId, kind: 'members' as const, length: statements.length, pending: 0, witnessed: heads.length }
  try {
    const hashes = statements.length ? (await verifyChain(clinicId, statements)).hashes : []
    return { ...finding, fault: compare(hashes, heads) }
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
    return { ...finding, fault: error.message }
  }
}

async function verifyLog(clinicId: string, held: Held, heads: WitnessedHead[]): Promise<Finding> {
  const mine = held.entries.filter((each) => each.clinicId === clinicId)
  const placed = mine.filter((each) => each.seq !== null).sort((a, b) => a.seq! - b.seq!)
  const finding = {
    ...{ clinicId, kind: 'log' as const, length: placed.length },
    ...{ pending: mine.length - placed.length, witnessed: heads.length },
  }
  const hashes: string[] = []
  let hash: Bytes | null = null
  for (const [place, entry] of placed.entries()) {
    if (entry.seq !== place) return { ...finding, fault: `cut: entry ${place + 1} is missing` }
    hash = await extendLog(hash, place, [entry.leaf])
    if (!entry.hash || !equal(hash!, entry.hash))
      return { ...finding, fault: `altered: entry ${place + 1} is not what the chain says` }
    hashes.push(toB64(hash!))
  }
  return { ...finding, fault: compare(hashes, heads) }
}

type Columns = Record<string, string | null>

/** Rows of `COPY` blocks in a plain dump (`pg_dump`, or `pg_restore -f -` of a dump in PostgreSQL's own format). */
export function readDump(text: string): Held {
  const rows = (table: string): Columns[] => {
    const block = new RegExp(`^COPY (?:public\\.)?"?${table}"? \\(([^)]*)\\) FROM stdin;\\n`, 'm').exec(text)
    if (!block) throw new Error(`The dump has no table ${table}: is it a plain one, with its data?`)
    const names = block[1]!.split(', ').map((name) => name.replaceAll('"', ''))
    const from = block.index + block[0].length
    const end = text.startsWith('\\.', from) ? from : text.indexOf('\n\\.', from)
    if (end < 0) throw new Error(`The dump ends within table ${table}.`)
    const lines = text.slice(from, end).split('\n').filter(Boolean)
    return lines.map((line) => {
      const cells = line.split('\t')
      return Object.fromEntries(names.map((name, index) => [name, cells[index] === '\\N' ? null : cells[index]!]))
    })
  }
  // bytea in COPY's text form: a doubled backslash, an x, hexadecimal.
  const bytes = (cell: string) => new Uint8Array(Buffer.from(cell.replace(/^\\\\x/, ''), 'hex'))
  return {
    entries: rows('audit_entry').map((row) => ({
      clinicId: row.clinic_id!,
      seq: row.seq === null ? null : Number(row.seq),
      leaf: bytes(row.leaf!),
      hash: row.hash ? bytes(row.hash) : null,
    })),
    statements: rows('chain_statement').map((row) => ({
      ...{ clinicId: row.clinic_id!, seq: Number(row.seq), body: row.body! },
      ...{ signer: row.signer!, signature: row.signature! },
    })),
  }
}
