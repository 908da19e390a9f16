import 'server-only'
import { countWaiting } from '../server/jobs.ts'
import { beginVersion, destroyVersions, ringState, type RingName, type RingState } from '../server/keks.ts'
import { countOldOuter, rewrapOuter } from '../server/keystore.ts'
import { fieldHead, rewrapField } from '../server/kms.ts'
import { withLock } from '../server/lock.ts'
import { log } from '../server/log.ts'
import { inClinic, inNoClinic } from '../server/tx.ts'
import { decideRotation, sealedColumns } from './rules.ts'
import * as store from './store.ts'

export interface Rotation {
  ring: RingName
  current: string
  since: Date
  old: string[]
  /** What still lies under an older version. */
  left: number
}

export interface RotateOptions {
  /** `begin`: a new version, unless one is under way. `tend`: goes on with what is under way. */
  asked: 'begin' | 'tend'
  now: () => Date
  /** Called after each step that moved something; 'stop' leaves the rest for the next call. */
  step?: (moved: number) => 'go on' | 'stop'
}

/**
 * One round: begins, moves, destroys, as far as it may go now. Everything stays readable throughout, and a process that is
 * killed leaves nothing half-done: whoever calls next goes on. Null when another process is at it.
 */
export function rotate(ring: RingName, { asked, now, step = () => 'go on' }: RotateOptions): Promise<Rotation | null> {
  return withLock(`curtain ${ring} kek`, 'leave', async () => {
    const state = await ringState(ring)
    let left = await countOld(ring, state)
    if (decideRotation(state, left, asked, now()) === 'begin') {
      const begun = await beginVersion(ring, now())
      log.info({ code: 'KEK_BEGUN', ring, kek: begun.current })
    }
    const under = await ringState(ring)
    left = await countOld(ring, under)
    if (decideRotation(under, left, 'tend', now()) === 'move') {
      await (ring === 'field' ? rewrapFields(under, step) : rewrapOuter(step))
      left = await countOld(ring, under)
    }
    if (decideRotation(under, left, 'tend', now()) === 'destroy') {
      await destroyVersions(ring, under.old)
      log.info({ code: 'KEK_DESTROYED', ring, kek: under.old.join(' ') })
    }
    // Each time, and not only after a destruction: a process may have been killed between the two.
    if (ring === 'store') await finishPurges(now())
    return { ring, ...(await ringState(ring)), left }
  })
}

/** How far a ring's rotation has got. */
export async function rotationOf(ring: RingName): Promise<Rotation> {
  const state = await ringState(ring)
  return { ring, ...state, left: await countOld(ring, state) }
}

const clinics = () => inNoClinic((tx) => store.lookupClinics(tx))
/** The change of an address is mailed to the old one, which lies sealed in that mail's job. */
const jobWithAddress = 'mail.contact'

async function countOld(ring: RingName, { current, since, old }: RingState): Promise<number> {
  if (old.length === 0) return 0
  if (ring === 'store') return countOldOuter()
  const head = new Uint8Array(fieldHead(current))
  let left = await countWaiting(jobWithAddress, since)
  for (const clinicId of await clinics()) {
    left += await inClinic(clinicId, async (tx) => {
      let fields = 0
      for (const at of sealedColumns) fields += await store.countOldFields(tx, { kind: 'system', clinicId }, at, head)
      return fields
    })
  }
  return left
}

const batch = 100

async function rewrapFields({ current }: RingState, step: (moved: number) => 'go on' | 'stop'): Promise<void> {
  const head = new Uint8Array(fieldHead(current))
  let moved = 0
  for (const clinicId of await clinics()) {
    const actor = { kind: 'system', clinicId } as const
    for (const at of sealedColumns) {
      for (let seen = batch; seen === batch;) {
        seen = await inClinic(clinicId, async (tx) => {
          const rows = await store.listOldFields(tx, actor, at, head, batch)
          for (const { id, sealed } of rows) {
            const after = await rewrapField(sealed, `${at.kind}|${clinicId}|${id}`)
            if (await store.replaceField(tx, actor, at, { id, before: sealed, after })) moved += 1
          }
          return rows.length
        })
        if (seen > 0 && step(moved) === 'stop') return
      }
    }
  }
}

async function finishPurges(now: Date): Promise<void> {
  const { current, old } = await ringState('store')
  for (const clinicId of await clinics()) {
    await inClinic(clinicId, (tx) => store.markFinal(tx, { kind: 'system', clinicId }, [current, ...old], now))
  }
}
