import type { SessionCode } from '@/lib/browser/staff-session'
import type { RefusedChain, SeenChain } from '@/lib/browser/vault-notice-api'

/** How a clinic's list of members did not add up. */
export type ChainStop = 'forked' | 'shorter' | 'invalid'

const stops = new Map<string, ChainStop>([
  ['CHAIN_FORKED', 'forked'],
  ['CHAIN_SHORTER', 'shorter'],
  ['CHAIN_INVALID', 'invalid'],
])

/** Whether a refusal ends everything until people have spoken to each other; null for one that a person can put right here. */
export const stopOf = (code: SessionCode | null | undefined): ChainStop | null => (code && stops.get(code)) || null

/** Twenty digits, as they are read aloud. */
export const numberParts = (number: string): string[] => number.match(/.{5}/g) ?? []

/** What the clinic's owner needs in order to look into it: ids and hashes, no name and no record. */
export function factsOf(stop: ChainStop, refused: RefusedChain | null, at: Date): string {
  const seen = (what: string, list: SeenChain | null | undefined) =>
    list
      ? `${what}: ${list.length} entries, last ${list.head}, number ${numberParts(list.number).join(' ')}`
      : `${what}: none`
  return [
    `list of members: ${stop}`,
    `clinic: ${refused?.clinicId ?? 'unknown'}`,
    `root: ${refused?.rootFingerprint ?? 'unknown'}`,
    seen('known', refused?.known),
    seen('shown', refused?.shown),
    `time: ${at.toISOString()}`,
  ].join('\n')
}
