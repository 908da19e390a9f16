import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { membersOf, readStanding } from '../access/standing.ts'
import { listStatements } from '../access/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { managingOf } from '../record/grants.ts'
import { deskTypes, recordTypes } from '../record/rules.ts'
import { insertGrants } from '../record/store.ts'
import { audit } from '../server/audit.ts'
import { touched } from '../server/audit-readings.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { batchSize, decideSuperseded, decideTargets, type NextInput, type RewrapBatch } from './rules.ts'
import { dropLeases, dropSuperseded, heldBy, leaseBatch, nameOf, putAside, readItems, type Reach } from './store.ts'

/**
 * Takes what a browser has passed on and gives it the next records, in one transaction: the new grants are there before the old
 * ones go, and a repeat changes nothing.
 */
export async function passOn(
  actor: StaffActor,
  input: z.output<typeof NextInput>,
  { now }: { now: Date },
): Promise<Result<RewrapBatch>> {
  return inClinic(actor.clinicId, async (tx) => {
    const reach = await reachOf(tx, actor)
    const { chainLength } = reach
    if (!reach.targets || !reach.types.length) {
      return ok({ records: [], chainLength, left: 0, failed: 0, waitMs: null })
    }
    const within = { ...reach, targets: reach.targets }
    if (input.begins) await dropLeases(tx, actor)
    const saved = await save(tx, actor, input, within)
    if (!saved.ok) return saved
    const { places, left, failed, until } = await leaseBatch(tx, actor, within, batchSize, now)
    const { records, aside, damaged } = await readItems(tx, actor, places, within)
    if (records.length) await audit(tx, actor, 'rewrap.handed-out', undefined, { records: touched(records) })
    const waitMs = places.length === 0 && until ? until.getTime() - now.getTime() : null
    return ok({ records, chainLength, left: left - aside, failed: failed + damaged, waitMs })
  })
}

/** What the chain says of who asks. */
type Asked = Omit<Reach, 'targets'> & { granter: string | undefined; groupsOf: ReadonlyMap<string, readonly string[]> }

/**
 * Whose browser passes on what: members of the whole clinic's groups, since whoever sees a part of it cannot manage the rest.
 * By the chain's groups and not by roles: an owner without patients holds the clinical key too, and gets no ciphertext here.
 */
async function reachOf(tx: Tx, actor: StaffActor): Promise<Asked & { targets: Reach['targets'] | null }> {
  const statements = await listStatements(tx, actor.clinicId)
  const standing = readStanding(statements)
  const self = standing.members.get(actor.memberId)
  const groups = self?.groups ?? []
  const types = groups.includes('clinical') ? recordTypes : groups.includes('desk') ? deskTypes : []
  const targets = decideTargets(
    [...standing.epochs].map(([group, epoch]) => ({ group, ...epoch, members: membersOf(standing, group).length })),
  )
  const groupsOf = new Map([...standing.members].map(([id, each]) => [id, each.groups]))
  return { types, groups, granter: self?.keys.sign, groupsOf, targets, chainLength: statements.length }
}

async function save(
  tx: Tx,
  actor: StaffActor,
  input: z.output<typeof NextInput>,
  reach: Asked & Reach,
): Promise<Result<null>> {
  const { targets } = reach
  // What somebody else holds by now they do, and what was never this session's is not for it to replace.
  const held = await heldBy(tx, actor, input.done)
  const done = input.done.filter((each) => held.has(nameOf(each)))
  const grants = done.flatMap((each) => each.grants.map((grant) => ({ ...each, grant })))
  const isCurrent = ({ id, key, epoch }: (typeof grants)[number]['grant']['recipient']) => {
    const newest = targets.newest.get(id)
    return newest?.key === key && newest.epoch === epoch
  }
  // The defence of attack 15 on the server: somebody left while this was under way, and knows the key.
  if (!grants.every(({ grant }) => isCurrent(grant.recipient))) return refuse('STALE_EPOCH')
  // Whoever replaces grants is named in them.
  if (!grants.every(({ grant }) => grant.granter === reach.granter)) return refuse('NOT_ALLOWED')
  await insertGrants(tx, actor, grants)
  await putAside(tx, actor, input.failed, reach.chainLength)
  if (done.length)
    await dropSuperseded(tx, actor, done, reach, (rows, header) =>
      decideSuperseded(rows, managingOf(header), targets, reach.groupsOf),
    )
  return ok(null)
}
