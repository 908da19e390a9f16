import 'server-only'
import type { z } from 'zod'
import { isClinical, type StaffActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { insertGrants, listRecords } from '../record/store.ts'
import type { Ctx } from '../server/action.ts'
import { audit } from '../server/audit.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import type { GrantInput, KeepView, MakeKeyInput, PatientInput } from './rules.ts'
import * as store from './store.ts'

// A patient's emergency key is made and kept by clinical members' browsers, in passing: when they open the chart.

/** How the key stands, and which records that this member reads are not granted to it yet. */
export async function keep(
  actor: StaffActor,
  { patientId }: z.output<typeof PatientInput>,
  { now }: Ctx,
): Promise<Result<KeepView>> {
  if (!isClinical(actor)) return refuse('NOT_ALLOWED')
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await store.seesPatient(tx, actor, patientId))) return refuse('NOT_FOUND')
    const key = await store.newestKey(tx, actor, patientId)
    const usable = key && key.usedAt === null ? key : null
    const there = usable && (await store.listEscrowedIds(tx, actor, { patientId, key: usable.publicKey }))
    const records = usable ? await listRecords(tx, actor, { patientIds: [patientId] }) : []
    const missing = records
      .map(({ meta: { recordId, revision } }) => ({ recordId, revision }))
      .filter(({ recordId, revision }) => !there?.has(`${recordId}.${revision}`))
    // What was kept for a request that is over.
    const recordIds = [...(there ?? [])].map((name) => name.split('.')[0]!)
    if (usable && !missing.length) await dropEarlier(tx, actor, { patientId, recordIds, epoch: usable.epoch, now })
    return ok({
      statement: usable?.statement ?? null,
      epoch: key?.epoch ?? 0,
      publicKey: usable?.publicKey ?? null,
      busy: await store.isBeingRead(tx, actor, { patientId, now }),
      missing,
    })
  })
}

/** The next key: never two of one epoch, and none while the one before is being read with. */
export async function makeKey(
  actor: StaffActor,
  input: z.output<typeof MakeKeyInput>,
  { now }: Ctx,
): Promise<Result<{ epoch: number }>> {
  if (!isClinical(actor)) return refuse('NOT_ALLOWED')
  const { patientId, epoch } = input
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await store.seesPatient(tx, actor, patientId))) return refuse('NOT_FOUND')
    const known = await store.newestKey(tx, actor, patientId)
    if (known?.statement === input.statement) return ok({ epoch })
    if (epoch !== (known?.epoch ?? 0) + 1) return refuse('STALE')
    if (await store.isBeingRead(tx, actor, { patientId, now })) return refuse('WRONG_STATE')
    if (!(await store.saveKey(tx, actor, input))) return refuse('STALE')
    await audit(tx, actor, 'emergency.key-made', patientId, { patientId })
    return ok({ epoch })
  })
}

/** Grants to the newest key, and to nothing else; what the one before had of these records goes. */
export async function grant(
  actor: StaffActor,
  { patientId, grants }: z.output<typeof GrantInput>,
  { now }: Ctx,
): Promise<Result<{ granted: number }>> {
  if (!isClinical(actor)) return refuse('NOT_ALLOWED')
  return inClinic(actor.clinicId, async (tx) => {
    if (!(await store.seesPatient(tx, actor, patientId))) return refuse('NOT_FOUND')
    const key = await store.newestKey(tx, actor, patientId)
    const isItsOwn = grants.every(
      ({ grant: { recipient } }) =>
        recipient.kind === 'escrow' &&
        recipient.id === patientId &&
        recipient.key === key?.publicKey &&
        recipient.epoch === key.epoch,
    )
    if (!key || key.usedAt || !isItsOwn) return refuse('STALE')
    const granted = await insertGrants(
      tx,
      actor,
      grants.map((each) => ({ ...each, patientId })),
    )
    const recordIds = grants.map((each) => each.recordId)
    await dropEarlier(tx, actor, { patientId, recordIds, epoch: key.epoch, now })
    return ok({ granted })
  })
}

/** A request that waits, or is being read, is answered by the key that it was made for: its grants stay until then. */
async function dropEarlier(
  tx: Tx,
  actor: StaffActor,
  { now, ...at }: { patientId: string; recordIds: readonly string[]; epoch: number; now: Date },
): Promise<void> {
  const inUse = await store.listEpochsInUse(tx, actor, { patientId: at.patientId, now })
  await store.dropEarlierGrants(tx, actor, { ...at, inUse })
}
