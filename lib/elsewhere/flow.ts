import 'server-only'
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { findClinic } from '../clinic/store.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { audit } from '../server/audit.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { openField, sealField } from '../server/kms.ts'
import { log } from '../server/log.ts'
import { notify } from '../server/notify.ts'
import { OutsideFailed, readOutside } from '../server/outside.ts'
import { limit } from '../server/rate-limit.ts'
import { hold, inClinic, inNoClinic, type Tx } from '../server/tx.ts'
import { busyIn, NotACalendar } from './ics.ts'
import * as rules from './rules.ts'
import * as store from './store.ts'

interface At {
  now: Date
}
const day = 86_400_000

const rangeAt = (now: Date, zone: string) => ({
  from: now.getTime() - rules.busyDays.back * day,
  until: now.getTime() + rules.busyDays.ahead * day,
  zone,
})
const faultOf = (error: unknown): rules.Fault | null =>
  error instanceof OutsideFailed ? error.why : error instanceof NotACalendar ? 'no-calendar' : null

async function viewIn(tx: Tx, memberId: string, now: Date): Promise<rules.BusyView> {
  const source = await store.findSource(tx, memberId)
  if (!source) return rules.noBusy
  const { host, readAt, fault } = source
  const count = await store.countBusy(tx, memberId, now)
  return { host, readAt: readAt.toISOString(), count, fault: fault as rules.Fault | null }
}

export const loadBusy = ({ clinicId, memberId }: StaffActor, { now }: At): Promise<rules.BusyView> =>
  inClinic(clinicId, (tx) => viewIn(tx, memberId, now))

/** Read before it counts: what is no calendar, or cannot be reached, changes nothing. */
export async function saveBusy(
  actor: StaffActor,
  { url }: z.output<typeof rules.SaveBusyInput>,
  { now }: At,
): Promise<Result<rules.BusyView>> {
  const counted = await limit('busy-save', actor.memberId, rules.savesAnHour)
  if (!counted.ok) return counted
  const { clinicId, memberId } = actor
  const zone = await inClinic(clinicId, async (tx) => (await findClinic(tx, clinicId))!.timeZone)
  const read = await reading(url, zone, now, { etag: null, seconds: 15 })
  if ('fault' in read) return refuse('BAD_INPUT', { url: read.fault })
  const id = randomUUID()
  const source = {
    ...{ id, host: new URL(url).host, etag: read.etag, nextAt: rules.nextRead(0, now) },
    urlSealed: await sealField(url, `calendar.url|${clinicId}|${id}`),
  }
  return inClinic(clinicId, async (tx) => {
    await hold(tx, `hours|${memberId}`, 'write')
    await store.saveSource(tx, actor, source, now)
    await store.setBusy(tx, actor, read.busy ?? [])
    await audit(tx, actor, 'elsewhere.saved', memberId)
    await notify(tx, 'staff', clinicId)
    return ok(await viewIn(tx, memberId, now))
  })
}

export async function removeBusy(actor: StaffActor): Promise<Result<rules.BusyView>> {
  const { clinicId, memberId } = actor
  return inClinic(clinicId, async (tx) => {
    await hold(tx, `hours|${memberId}`, 'write')
    if (await store.deleteSource(tx, memberId)) {
      await audit(tx, actor, 'elsewhere.removed', memberId)
      await notify(tx, 'staff', clinicId)
    }
    return ok(rules.noBusy)
  })
}

type Read = { busy: ReturnType<typeof busyIn> | null; etag: string | null } | { fault: rules.Fault }

/** `busy` null: as it was. */
async function reading(
  url: string,
  zone: string,
  now: Date,
  { etag, seconds }: { etag: string | null; seconds: number },
): Promise<Read> {
  try {
    const found = await readOutside(url, { etag, maxBytes: rules.mostBytes, seconds })
    return found ? { busy: busyIn(found.text, rangeAt(now, zone)), etag: found.etag } : { busy: null, etag }
  } catch (error) {
    const fault = faultOf(error)
    if (!fault) throw error
    return { fault }
  }
}

// ── each minute, those that are due ──

async function readDue(now: Date): Promise<void> {
  for (const { clinicId, memberId } of await inNoClinic((tx) => store.lookupDue(tx, now)))
    await inClinic(clinicId, async (tx) => {
      const source = await store.findSource(tx, memberId)
      // Who left, or sees nobody any more.
      if (!source) return void (await store.deleteSource(tx, memberId))
      await store.updateSource(tx, source.id, { nextAt: rules.nextRead(source.failures, now) })
      await enqueue(tx, 'busy.read', { clinicId, memberId }, { singletonKey: memberId, retryLimit: 0 })
    })
}

/** What was read before stays where it cannot be read: a time that was taken there is not given away because that server is down. */
export async function readBusy(clinicId: string, memberId: string, now: Date): Promise<void> {
  const found = await inClinic(clinicId, async (tx) => {
    const source = await store.findSource(tx, memberId)
    return source && { source, zone: (await findClinic(tx, clinicId))!.timeZone }
  })
  if (!found) return
  const { source, zone } = found
  const url = await openField(source.urlSealed, `calendar.url|${clinicId}|${source.id}`)
  // The range goes on with the days: what stays the same there is read whole once a day.
  const isStale = now.getTime() - source.readAt.getTime() > day
  const read = await reading(url, zone, now, { etag: isStale ? null : source.etag, seconds: 30 })
  await inClinic(clinicId, async (tx) => {
    await hold(tx, `hours|${memberId}`, 'write')
    // Replaced or removed meanwhile.
    if ((await store.findSource(tx, memberId))?.id !== source.id) return
    if ('fault' in read) {
      const failures = source.failures + 1
      const change = { fault: read.fault, failures, nextAt: rules.nextRead(failures, now) }
      log.warn({ code: 'BUSY_NOT_READ', memberId, fault: read.fault })
      return store.updateSource(tx, source.id, change)
    }
    const { busy, etag } = read
    const when = busy ? { readAt: now, etag } : {}
    await store.updateSource(tx, source.id, { ...when, fault: null, failures: 0 })
    if (!busy) return
    await store.setBusy(tx, { clinicId, memberId }, busy)
    await notify(tx, 'staff', clinicId)
  })
}

export const elsewhereJobs = {
  handlers: {
    'busy.due': () => readDue(new Date()),
    'busy.read': ({ clinicId, memberId }) => readBusy(String(clinicId), String(memberId), new Date()),
  } satisfies Record<string, JobHandler>,
  every: { 'busy.due': '* * * * *' },
  // Others' servers are slow, and one that hangs holds up no other.
  atOnce: { 'busy.read': 4 },
}
