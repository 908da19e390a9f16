import type { ChainStatement } from '../crypto/types.ts'
import { extendLog } from '../crypto/audit.ts'
import { type Bytes, fromB64, toB64 } from '../crypto/bytes.ts'
import { verifyChain } from '../crypto/chain.ts'
import { CryptoError } from '../crypto/errors.ts'
import { checkHead, signHead, type Witnessed, type WitnessedHead } from '../crypto/witness.ts'
import type { WitnessLog } from './log.ts'

/** Asks the clinic's own site, by its public doors. */
export type Ask = <T>(action: string, input: unknown) => Promise<T>

export interface WitnessParts {
  ask: Ask
  log: WitnessLog
  key: { private: CryptoKey; public: Bytes }
  now: () => Date
}

/** What a look at one chain came to. `code`: it is no longer the one that was witnessed, and nothing was signed. */
export type Seen = { clinicId: string; kind: Witnessed; length: number } & ({ ok: true } | { ok: false; code: string })

/** Clinics that are watched because somebody asked: of one network, and of all. None of them ever makes room for another. */
const mostOfOne = 100
const mostClinics = 10_000
/** Questions about clinics that are not watched yet, answered in one round: no more than a site answers a minute. */
const mostConsideredOfOne = 5
const mostConsidered = 60
/** Looks in one round at clinics that the witness was not started for: the others have their turn in the next ones. */
const mostLooks = 100

interface Kept {
  signed: string
  head: WitnessedHead
}

export interface Witness {
  /** In every round, whatever else there is. */
  watch(clinicId: string): void
  /**
   * Somebody of this network asked about this one. It is watched once its members' chain was answered and verified, and forgotten
   * otherwise.
   */
  consider(clinicId: string, network: string): void
  /** Looks at the chains of those that it was started for, and of as many others as have their turn. */
  round(): Promise<Seen[]>
  /** The newest signed head of each chain. */
  heads(clinicId: string): string[]
}

/** Looks again and again at clinics' chains, and signs how far they go as long as each only grew. */
export async function openWitness({ ask, log, key, now }: WitnessParts): Promise<Witness> {
  const kept = new Map<string, Kept>()
  const named = new Set<string>()
  const clinics = new Set<string>()
  // By whose question: '' of what an earlier run watched.
  const askedBy = new Map<string, string>()
  const considered = new Map<string, string>()
  let turn = 0
  for (const { statement } of await log.all()) {
    const head = await checkHead(key.public, fromB64(statement))
    clinics.add(head.clinicId)
    const before = kept.get(`${head.clinicId}/${head.kind}`)
    if (!before || before.head.length < head.length)
      kept.set(`${head.clinicId}/${head.kind}`, { signed: statement, head })
  }

  async function look(clinicId: string, kind: Witnessed): Promise<Seen> {
    const last = kept.get(`${clinicId}/${kind}`)?.head ?? null
    try {
      const { length, head } = await (kind === 'members' ? lookAtMembers : lookAtLog)(clinicId, last)
      if (head && length > (last?.length ?? 0)) {
        const fields = { clinicId, kind, length, at: now().toISOString() }
        const statement = toB64(await signHead({ ...fields, head }, key.private))
        // Kept before it is told: a head that somebody was shown is never unsaid.
        await log.append({ clinicId, kind, length, statement })
        kept.set(`${clinicId}/${kind}`, { signed: statement, head: { ...fields, head: toB64(head) } })
      }
      return { clinicId, kind, length, ok: true }
    } catch (error) {
      const code = error instanceof CryptoError ? error.code : 'UNREACHABLE'
      return { clinicId, kind, length: last?.length ?? 0, ok: false, code }
    }
  }

  async function lookAtMembers(clinicId: string, last: WitnessedHead | null) {
    const { statements } = await ask<{ statements: ChainStatement[] }>('access/chain', { clinicId })
    const known = last ? [{ length: last.length, head: fromB64(last.head, 32) }] : []
    const chain = await verifyChain(clinicId, statements, ...known)
    return { length: chain.hashes.length, head: chain.head }
  }

  async function lookAtLog(clinicId: string, last: WitnessedHead | null) {
    let length = last?.length ?? 0
    let hash = last ? fromB64(last.head, 32) : null
    for (;;) {
      const { head, leaves } = await ask<{ head: { length: number; hash: string }; leaves: string[] }>('audit/links', {
        ...{ clinicId, from: length },
      })
      // The defence of attack 11 at the witness: what ends before, or goes on from elsewhere, is never signed.
      if (head.length < length) throw new CryptoError('CHAIN_SHORTER', 'entries are missing')
      hash = await extendLog(
        hash,
        length,
        leaves.map((leaf) => fromB64(leaf, 32)),
      )
      length += leaves.length
      if (length >= head.length) {
        if ((hash ? toB64(hash) : '') !== head.hash) throw new CryptoError('CHAIN_FORKED', 'entries were replaced')
        return { length, head: hash }
      }
      if (leaves.length === 0) throw new CryptoError('CHAIN_SHORTER', 'the log ends before its head')
    }
  }

  /** The next of those that were asked for: each in its turn, so that none waits for more than a few rounds. */
  function next(): string[] {
    const others = [...clinics].filter((clinicId) => !named.has(clinicId))
    const first = turn % Math.max(1, others.length)
    turn = first + mostLooks
    return [...others.slice(first), ...others.slice(0, first)].slice(0, mostLooks)
  }

  return {
    watch: (clinicId) => void named.add(clinicId),
    consider(clinicId, network) {
      if (named.has(clinicId) || clinics.has(clinicId) || considered.has(clinicId)) return
      // The defence against strangers' clinics, which an open site has as many of as they like to open.
      if (clinics.size >= mostClinics || countOf(askedBy, network) >= mostOfOne) return
      const mine = countOf(considered, network)
      if (mine >= mostConsideredOfOne) return
      if (considered.size >= mostConsidered) {
        // Full: whoever asked most makes room for who asked less. A real clinic's browsers ask again.
        const [most] = [...new Set(considered.values())].sort((a, b) => countOf(considered, b) - countOf(considered, a))
        if (countOf(considered, most!) <= mine) return
        considered.delete([...considered].find(([, by]) => by === most)![0])
      }
      considered.set(clinicId, network)
    },
    async round() {
      const seen: Seen[] = []
      const asked = [...considered]
      considered.clear()
      for (const [clinicId, network] of asked) {
        const { ok, length } = await look(clinicId, 'members')
        if (!ok || length === 0) continue
        clinics.add(clinicId)
        askedBy.set(clinicId, network)
      }
      for (const clinicId of [...named, ...next()]) {
        seen.push(await look(clinicId, 'members'))
        seen.push(await look(clinicId, 'log'))
      }
      return seen
    },
    heads: (clinicId) => (['members', 'log'] as const).flatMap((kind) => kept.get(`${clinicId}/${kind}`)?.signed ?? []),
  }
}

const countOf = (places: ReadonlyMap<string, string>, network: string): number =>
  [...places.values()].filter((by) => by === network).length
