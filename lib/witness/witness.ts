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

const mostClinics = 10_000
/** Questions about clinics that are not watched yet, answered in one round: no more than a site answers a minute. */
const mostConsidered = 60

interface Kept {
  signed: string
  head: WitnessedHead
}

export interface Witness {
  watch(clinicId: string): void
  /** Somebody asked about this one. It is watched once its members' chain was answered and verified, and forgotten otherwise. */
  consider(clinicId: string): void
  /** Looks at every chain once. */
  round(): Promise<Seen[]>
  /** The newest signed head of each chain. */
  heads(clinicId: string): string[]
}

/** Looks again and again at clinics' chains, and signs how far they go as long as each only grew. */
export async function openWitness({ ask, log, key, now }: WitnessParts): Promise<Witness> {
  const kept = new Map<string, Kept>()
  const clinics = new Set<string>()
  const considered = new Set<string>()
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

  return {
    watch: (clinicId) => void clinics.add(clinicId),
    consider(clinicId) {
      if (clinics.has(clinicId) || considered.has(clinicId)) return
      // Full of strangers' questions: one of them makes room, whichever. A real clinic's browsers ask again.
      if (considered.size >= mostConsidered)
        considered.delete([...considered][Math.floor(Math.random() * mostConsidered)]!)
      considered.add(clinicId)
    },
    async round() {
      const seen: Seen[] = []
      const asked = [...considered]
      considered.clear()
      for (const clinicId of asked) {
        const { ok, length } = await look(clinicId, 'members')
        if (ok && length > 0 && clinics.size < mostClinics) clinics.add(clinicId)
      }
      for (const clinicId of clinics) {
        seen.push(await look(clinicId, 'members'))
        seen.push(await look(clinicId, 'log'))
      }
      return seen
    },
    heads: (clinicId) => (['members', 'log'] as const).flatMap((kind) => kept.get(`${clinicId}/${kind}`)?.signed ?? []),
  }
}
