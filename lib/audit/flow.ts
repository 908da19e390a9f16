import 'server-only'
import type { z } from 'zod'
import type { PatientActor, PublicActor, StaffActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit, linkHash, readerOf } from '../server/audit.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { keysOfOfficer } from '../server/audit-readers.ts'
import { env } from '../server/env.ts'
import { inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import {
  type AuditContract,
  type LinksInput,
  type LogInput,
  type LogPage,
  type NamesInput,
  type OwnLog,
  type OwnLogInput,
  pageSize,
} from './rules.ts'
import { listRecords } from '../record/store.ts'
import type { StoredRecord } from '../record/rules.ts'
import * as store from './store.ts'

/**
 * Gives places to entries that have none: after their own transactions, so that what a clinic does never waits for a lock.
 * Asked before every reading of the log, and by the worker each minute.
 */
export async function linkLog(clinicId: string): Promise<void> {
  for (;;) {
    const count = await inClinic(clinicId, async (tx) => {
      const unlinked = await store.takeUnlinked(tx, clinicId)
      if (unlinked.length === 0) return 0
      let last = await store.findLast(tx, clinicId)
      const links = unlinked.map(({ id, leaf }) => {
        const seq = last ? last.seq + 1 : 0
        last = { seq, hash: linkHash(last?.hash ?? null, seq, leaf) }
        return { id, ...last }
      })
      return store.saveLinks(tx, clinicId, links)
    })
    if (count === 0) return
  }
}

/** A page of the log for an officer, whose browser opens it. Looking at the log is an entry of it, once for each visit. */
export async function showLog(actor: StaffActor, { before }: z.output<typeof LogInput>): Promise<Result<LogPage>> {
  const { clinicId } = actor
  await linkLog(clinicId)
  return inClinic(clinicId, async (tx) => {
    const head = await store.findHead(tx, clinicId)
    const to = Math.min(before ?? head.length, head.length)
    const from = Math.max(0, to - pageSize)
    const readers = await readersOf(await keysOfOfficer(tx, clinicId, actor.memberId))
    const page = {
      head,
      previous: from > 0 ? await store.findHash(tx, clinicId, from - 1) : '',
      entries: await store.listLog(tx, actor, readers, { from, to }),
      pending: before === undefined ? await store.listLog(tx, actor, readers, 'pending') : [],
      members: await store.listNames(tx, clinicId),
    }
    if (before === undefined) await audit(tx, actor, 'audit.read')
    return ok(page)
  })
}

/** Sealed names of patients whom the log speaks of: only an officer's browser knows whose they are. */
export async function showNames(
  actor: StaffActor,
  { patientIds }: z.output<typeof NamesInput>,
): Promise<Result<{ records: StoredRecord[] }>> {
  const records = await inClinic(actor.clinicId, (tx) => listRecords(tx, actor, { patientIds, types: ['identity'] }))
  await auditReadings(actor, 'names.listed', records)
  return ok({ records })
}

/** What was done with a patient's data, for the patient's device: entries that were sealed to its key. */
export async function showOwnLog(actor: PatientActor, { skip }: z.output<typeof OwnLogInput>): Promise<Result<OwnLog>> {
  return inClinic(actor.clinicId, async (tx) => {
    const key = await store.findDeviceKey(tx, actor)
    if (!key) return refuse('NOT_FOUND')
    const [reader] = await readersOf([key])
    const entries = await store.listOwnLog(tx, actor, reader!, skip)
    const members = await store.listNames(tx, actor.clinicId)
    return ok({ entries: entries.slice(0, pageSize), members, more: entries.length > pageSize })
  })
}

export async function showLinks(
  _: PublicActor,
  { clinicId, from }: z.output<typeof LinksInput>,
): Promise<Result<AuditContract['audit/links']['out']>> {
  await linkLog(clinicId)
  return inClinic(clinicId, async (tx) =>
    ok({
      head: await store.findHead(tx, clinicId),
      previous: from > 0 ? await store.findHash(tx, clinicId, from - 1) : '',
      leaves: await store.listLeaves(tx, clinicId, from),
    }),
  )
}

export async function showWitness(): Promise<Result<AuditContract['audit/witness']['out']>> {
  const { WITNESS_URL: url, WITNESS_KEY: key } = env()
  return ok({ witness: url && key ? { url, key } : null })
}

const readersOf = (keys: string[]): Promise<store.Reader[]> =>
  Promise.all(keys.map(async (key) => ({ key, tag: await readerOf(key) })))

async function linkAll(): Promise<void> {
  for (const clinicId of await inNoClinic((tx: Tx) => store.lookupUnlinked(tx))) await linkLog(clinicId)
}

export const auditJobs = { handlers: { 'audit-link': linkAll }, every: { 'audit-link': '* * * * *' } }
