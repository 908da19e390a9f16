import { z } from 'zod'
import type { B64, RecordMeta, SealedGrant } from '../crypto/types.ts'
import { GroupGrant } from '../record/rules.ts'
import { Id } from '../ids.ts'

/** Records that one browser works on at a time, and for how long nobody else gets them. */
export const batchSize = 400
export const leaseSeconds = 60

/** The newest epoch of a group, as the stored chain says. */
export interface GroupEpoch {
  group: string
  epoch: number
  key: B64
  /** Somebody left since it was made. */
  stale: boolean
  members: number
}

const kindOf = (group: string) => group.split(':')[0]!
const scopeOf = (group: string) => group.slice(kindOf(group).length)

/**
 * The groups that a record is for by its managing group, of those that there are: the desk's records are clinical's too, and a
 * scope's are the whole clinic's.
 */
export function audienceOf<G extends string>(managing: G, current: readonly G[]): G[] {
  const kinds = kindOf(managing) === 'desk' ? ['desk', 'clinical'] : ['clinical']
  const names = kinds.flatMap((kind) => [kind, `${kind}${scopeOf(managing)}`])
  return current.filter((group) => names.includes(group))
}

/** What there is to pass on to: nothing while a group still waits for its next epoch, since records would be gone through twice. */
export function decideTargets(
  epochs: readonly GroupEpoch[],
): { newest: Map<string, GroupEpoch>; gone: string[] } | null {
  const ofRecords = epochs.filter(({ group }) => kindOf(group) !== 'officers')
  if (ofRecords.some(({ stale, members }) => stale && members > 0)) return null
  const newest = new Map(ofRecords.filter(({ stale }) => !stale).map((each) => [each.group, each]))
  // A scope that its last member left: its records are the whole clinic's.
  return { newest, gone: ofRecords.filter(({ stale }) => stale).map(({ group }) => group) }
}
export type Targets = NonNullable<ReturnType<typeof decideTargets>>

export interface GrantRow {
  id: string
  recipientKind: string
  recipientId: string
  recipientKey: string
  epoch: number
}

/**
 * Which grants of one revision newer ones of the same revision have replaced, so that nobody loses it who may read it; and
 * whether that is all of those that somebody who left could open.
 */
export function decideSuperseded(
  grants: readonly GrantRow[],
  managing: string,
  { newest, gone }: Targets,
  groupsOf: ReadonlyMap<string, readonly string[]>,
): { superseded: GrantRow[]; complete: boolean } {
  const ofGroups = grants.filter(({ recipientKind }) => recipientKind === 'group')
  const has = (group: string) => ofGroups.some(({ recipientKey }) => recipientKey === newest.get(group)?.key)
  const isPassedOn = audienceOf(managing, [...newest.keys()]).every(has)
  const isOld = ({ recipientId, recipientKey }: GrantRow) =>
    gone.includes(recipientId) || (newest.has(recipientId) && newest.get(recipientId)!.key !== recipientKey)
  const old = [...ofGroups.filter(isOld), ...grants.filter(({ recipientKind }) => recipientKind === 'member')]
  const superseded = old.filter(({ recipientKind, recipientId }) => {
    if (recipientKind === 'member') {
      // Who sees their own patients only reads the desk's record by that scope, which its managing group says nothing of. Every other
      // group that may read it has it by now: whoever is of none of them any more reads it no more.
      const [own, groups] = [`clinical:${recipientId}`, groupsOf.get(recipientId) ?? []]
      const isWanting = groups.includes(own) && !groups.includes('clinical') && newest.has(own) && !has(own)
      return isPassedOn && !isWanting
    }
    return has(gone.includes(recipientId) ? kindOf(recipientId) : recipientId)
  })
  return { superseded, complete: superseded.length === old.length }
}

const place = { recordId: Id, revision: z.number().int().min(1).max(100_000) }

export const NextInput = z.object({
  /** A browser that begins: what this session held before is anybody's again. */
  begins: z.boolean(),
  done: z.array(z.object({ ...place, patientId: Id, grants: z.array(GroupGrant).max(8) })).max(batchSize),
  failed: z.array(z.object({ ...place, code: z.string().regex(/^[A-Z_]{1,40}$/) })).max(batchSize),
})

/** A revision as it is passed on: what is signed of it, and grants; never its ciphertext. */
export interface RewrapItem {
  meta: RecordMeta
  header: B64
  commit: B64
  ciphertextHash: B64
  grants: SealedGrant[]
  loose: boolean
}
export interface RewrapBatch {
  records: RewrapItem[]
  /** Statements of the chain: a browser that knows fewer reads it again first. */
  chainLength: number
  /** Records still to be passed on, those included that a browser has now; and those that could not be. */
  left: number
  failed: number
  /** When there is nothing to do here now, though another browser is not done: how long its lease runs. */
  waitMs: number | null
}

export interface RewrapContract {
  'rewrap/next': { in: z.input<typeof NextInput>; out: RewrapBatch }
}
