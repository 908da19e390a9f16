import 'server-only'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { isOf, readStanding } from '../access/standing.ts'
import { listStatements } from '../access/store.ts'
import { findVisit } from '../encounter/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { managingOf } from '../record/grants.ts'
import { insertGrants, listRecords } from '../record/store.ts'
import { audit } from '../server/audit.ts'
import { notify } from '../server/notify.ts'
import { hold, inClinic } from '../server/tx.ts'
import { type EarlierInput, type ShareInput, sharedTypes, type SiteContract } from './rules.ts'
import { listLacking } from './store.ts'

type In<S extends z.ZodType> = z.output<S>
type Out<K extends keyof SiteContract> = Promise<Result<SiteContract[K]['out']>>

/** What the practitioners of the visit's site do not read of this patient. */
export const earlier = (
  actor: StaffActor,
  { appointmentId }: In<typeof EarlierInput>,
  { now }: { now: Date },
): Out<'site/earlier'> =>
  inClinic(actor.clinicId, async (tx) => {
    const found = await findVisit(tx, actor, appointmentId, now)
    if (!found) return refuse('NOT_FOUND')
    const { patientId, siteId } = found.row
    return ok({ lacking: siteId ? await listLacking(tx, actor, patientId, siteId) : [] })
  })

/**
 * Earlier records of a patient, granted by somebody who manages them to the practitioners of the site where the patient has a
 * visit. The log tells the patient, and the grants name who did it.
 */
export const share = (
  actor: StaffActor,
  { appointmentId, siteId, grants }: In<typeof ShareInput>,
  { now }: { now: Date },
): Out<'site/share'> =>
  inClinic(actor.clinicId, async (tx) => {
    const { clinicId, memberId } = actor
    const found = await findVisit(tx, actor, appointmentId, now)
    if (!found || found.row.siteId !== siteId) return refuse('NOT_FOUND')
    const { patientId } = found.row
    await hold(tx, `chain|${clinicId}`, 'read')
    const standing = readStanding(await listStatements(tx, clinicId))
    const self = standing.members.get(memberId)
    const group = `clinical:${siteId}`
    const newest = standing.epochs.get(group)
    // The defence of attack 15 at this door: nothing goes to a key that somebody took along.
    const isCurrent = ({ key, epoch }: { key: string; epoch: number }) =>
      newest !== undefined && !newest.stale && newest.key === key && newest.epoch === epoch
    if (!grants.every(({ grant }) => isCurrent(grant.recipient))) return refuse('STALE_EPOCH')
    const isTheirs = ({ grant: { recipient, granter } }: (typeof grants)[number]) =>
      recipient.id === group && granter === self?.keys.sign
    if (!self || !grants.every(isTheirs)) return refuse('NOT_ALLOWED')
    const recordIds = [...new Set(grants.map(({ recordId }) => recordId))]
    const query = { patientIds: [patientId], types: sharedTypes, recordIds, history: true }
    // Nobody hands on what they do not read, or what their groups do not manage: a grant that readers refuse would keep a good one out.
    const mine = new Map(
      (await listRecords(tx, actor, query))
        .filter(({ header }) => isOf(self.groups, managingOf(Buffer.from(header, 'base64url'))))
        .map(({ meta }) => [`${meta.recordId}.${meta.revision}`, meta]),
    )
    const given = grants.flatMap((each) => mine.get(`${each.recordId}.${each.revision}`) ?? [])
    if (given.length < grants.length) return refuse('NOT_ALLOWED')
    const shared = await insertGrants(
      tx,
      actor,
      grants.map((each) => ({ ...each, patientId })),
    )
    await audit(tx, actor, 'site.records-shared', siteId, {
      patientId,
      records: given.map((meta) => [meta.type, meta.recordId, meta.revision] as const),
    })
    await notify(tx, 'patient', patientId)
    await notify(tx, 'staff', clinicId)
    return ok({ shared })
  })
