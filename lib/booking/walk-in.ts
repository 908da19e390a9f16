import 'server-only'
import type { ClinicProfile } from '../clinic/rules.ts'
import { hold, type Tx } from '../server/tx.ts'
import { walkInsAt } from './place.ts'
import { freeLane, lanesLeft } from '../schedule/rules.ts'
import { listBeside } from './store.ts'

interface At {
  startsAt: Date
  endsAt: Date
  blockedFrom: Date
  blockedUntil: Date
  siteId: string | null
}

/** A lane for one more visit beside others, by the hours; null where they allow none, or as many as they allow are there. Nobody else is given one of this practitioner's until the transaction ends. */
export async function takeLane(
  tx: Tx,
  clinic: ClinicProfile,
  memberId: string,
  at: At,
  except: string | null,
): Promise<number | null> {
  await hold(tx, `walk-ins|${memberId}`, 'write')
  const most = await walkInsAt(tx, clinic, memberId, at)
  return most === 0 ? null : freeLane(await besideAt(tx, memberId, at, except), stretchOf(at), most)
}

/** How many more visits may be put in then, of how many. */
export async function walkInsLeft(tx: Tx, clinic: ClinicProfile, memberId: string, at: At) {
  const most = await walkInsAt(tx, clinic, memberId, at)
  return { most, left: most && lanesLeft(await besideAt(tx, memberId, at, null), stretchOf(at), most) }
}

const stretchOf = ({ blockedFrom, blockedUntil }: At) => ({ from: +blockedFrom, until: +blockedUntil })
const besideAt = (tx: Tx, memberId: string, { blockedFrom, blockedUntil }: At, except: string | null) =>
  listBeside(tx, memberId, { from: blockedFrom, until: blockedUntil, except })
