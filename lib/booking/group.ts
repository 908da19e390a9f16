import 'server-only'
import type { z } from 'zod'
import { partOf } from '../access/part.ts'
import { runsVisits, type StaffActor } from '../access/rules.ts'
import { ok, refuse, type Result } from '../errors.ts'
import { inClinic, type Tx } from '../server/tx.ts'
import { cancelIn } from './cancel.ts'
import { moveIn } from './move.ts'
import * as rules from './rules.ts'
import { keepSeats } from './session.ts'
import * as store from './store.ts'

type In<S extends z.ZodType> = z.output<S>
/** Thirty visits, each some twenty statements. */
const timeout = 30_000

/**
 * A group as somebody saw it, its visits locked; `held`: what somebody else has of its places, and has not booked yet. STALE where
 * somebody was in it whom they did not see.
 */
async function lockGroup(
  tx: Tx,
  actor: StaffActor,
  ids: readonly string[],
): Promise<Result<{ rows: store.AppointmentRow[]; held: store.AppointmentRow[] }>> {
  const seen = runsVisits(actor, await partOf(tx, actor))
  const rows: store.AppointmentRow[] = []
  // In one order, whoever asks: of two none waits for the other in a circle.
  for (const id of [...new Set(ids)].sort()) {
    const row = await store.lockAppointment(tx, id)
    if (!row?.patientId || row.seat === null || !(await store.isSeen(tx, id, seen))) return refuse('NOT_FOUND')
    rows.push(row)
  }
  const [first] = rows
  if (rows.some(({ sessionId }) => sessionId !== first!.sessionId)) return refuse('STALE')
  // Nobody comes into it any more until this is done.
  await keepSeats(tx, first!)
  const others = (await store.listSession(tx, first!.sessionId)).filter(({ id }) => !ids.includes(id))
  if (others.some(({ status }) => status !== 'held')) return refuse('STALE')
  const held: store.AppointmentRow[] = []
  for (const { id } of others) held.push((await store.lockAppointment(tx, id))!)
  // Whoever had a place but not booked it may have done so while this waited for their row.
  if (held.some(({ status }) => !['held', 'expired', 'cancelled'].includes(status))) return refuse('STALE')
  return ok({ rows, held })
}

/** Who only looks at a place while all of its group goes elsewhere is told that the time is gone. */
async function release(tx: Tx, held: readonly store.AppointmentRow[]): Promise<void> {
  const free = held.filter(({ status, patientId }) => status === 'held' && !patientId)
  await store.setAside(
    tx,
    free.map(({ id }) => id),
  )
}

/** Everybody in a group to another time: all of them or none, and each is told. */
export async function moveGroup(
  actor: StaffActor,
  input: In<typeof rules.MoveGroupInput>,
  { now }: { now: Date },
): Promise<Result<{ moved: number }>> {
  const { visits, ...to } = input
  return inClinic(
    actor.clinicId,
    async (tx) => {
      const found = await lockGroup(
        tx,
        actor,
        visits.map(({ id }) => id),
      )
      if (!found.ok) return found
      const { rows, held } = found.value
      if (rows.some(({ status }) => !rules.nextAppointment(status, 'move'))) return refuse('WRONG_STATE')
      // Whoever pays for a place, or waits for somebody who comes along, has not got it yet, and cannot be moved.
      if (held.some(({ status, patientId }) => status === 'held' && patientId)) return refuse('PLACE_HELD')
      await release(tx, held)
      await store.setAside(
        tx,
        rows.map(({ id }) => id),
      )
      for (const row of rows) {
        const { sequence } = visits.find(({ id }) => id === row.id)!
        const moved = await moveIn(tx, actor, row, { ...to, id: row.id, sequence }, now, rows.length)
        if (!moved.ok) return moved
        // It was there: sent again, or nothing was to change.
        if (moved.value.sequence === row.sequence) await store.updateAppointment(tx, row.id, { status: row.status })
      }
      return ok({ moved: rows.length })
    },
    { timeout },
  )
}

/** Everybody in a group, as the clinic cancels each of them; what is being paid in this moment is taken no more. */
export async function cancelGroup(
  actor: StaffActor,
  { ids, startsAt }: In<typeof rules.CancelGroupInput>,
  { now }: { now: Date },
): Promise<Result<{ cancelled: number }>> {
  return inClinic(
    actor.clinicId,
    async (tx) => {
      const found = await lockGroup(tx, actor, ids)
      if (!found.ok) return found
      const { rows, held } = found.value
      // Of these their patient knows nothing yet: the desk lets go of them by themselves.
      if (held.some(({ status, patientId, holdHash }) => status === 'held' && patientId && !holdHash))
        return refuse('PLACE_HELD')
      await release(tx, held)
      const paying = held.filter(({ status, patientId }) => status === 'held' && patientId)
      const open = [...rows, ...paying].filter(({ status }) => status !== 'cancelled')
      for (const row of open) {
        // It was moved since: nobody cancels a time that they have not seen.
        if (+row.startsAt !== Date.parse(startsAt)) return refuse('STALE')
        const end = { how: 'cancelled', by: 'clinic', startsAt: row.startsAt, now } as const
        const done = await cancelIn(tx, actor, row, end, now)
        if (!done.ok) return done
      }
      return ok({ cancelled: open.length })
    },
    { timeout },
  )
}
