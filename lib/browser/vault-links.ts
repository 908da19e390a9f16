import { fromB64 } from '../crypto/bytes.ts'
import { checkLink, linkedTo, type PatientLink } from '../crypto/patient-link.ts'
import type { RawKeys } from '../crypto/keys.ts'
import type { B64 } from '../crypto/types.ts'
import { rawKeys, sameKeys, type TrustedPatientKey, type VaultContext } from './vault-context.ts'
import { refusalCode } from './vault-error.ts'
import type { OwnKeyInput } from './vault-pairing-api.ts'

const nameOf = (clinicId: string, patientId: string) => `${clinicId}/${patientId}`

export const linksOf = (context: VaultContext, clinicId: string, patientId: string): PatientLink[] =>
  context.patientLinks.get(nameOf(clinicId, patientId)) ?? []

export function addLink(context: VaultContext, link: PatientLink) {
  const name = nameOf(link.clinicId, link.patientId)
  const known = context.patientLinks.get(name) ?? []
  if (known.some((each) => sameKeys(each.from, link.from) && sameKeys(each.to, link.to))) return
  context.patientLinks.set(name, [...known, link])
  // What was opened says of its author how far they were trusted then.
  context.cache.drop()
}

/** Takes in those that both of their keys signed; what is none, or another patient's, says nothing. */
export async function loadLinks(
  context: VaultContext,
  whose: { clinicId: string; patientId: string },
  links: readonly (B64 | null | undefined)[],
): Promise<void> {
  for (const link of links) {
    if (!link) continue
    try {
      addLink(context, await checkLink(whose.clinicId, whose.patientId, fromB64(link)))
    } catch (error) {
      if (!refusalCode(error)) throw error
    }
  }
}

/**
 * What is believed of one key of a patient holds for those that it is linked with: both said that they are one person's.
 * A member's word goes before first use, and neither goes further than `MOST_LINKS` links from the key that it was about.
 * Answers whether more is believed than before.
 */
export function spread(known: TrustedPatientKey[], links: readonly PatientLink[]): boolean {
  let grew = false
  for (const trust of ['vouched', 'first-use'] as const) {
    for (const root of known.filter((each) => each.trust === trust && !each.root)) {
      for (const { keys } of linkedTo(root.keys, links)) {
        const held = known.find((each) => sameKeys(each.keys, keys))
        if (held && (trust === 'first-use' || held.trust === 'vouched')) continue
        if (held) Object.assign(held, { trust, root: root.keys })
        else known.push({ keys, trust, root: root.keys })
        grew = true
      }
    }
  }
  return grew
}

/** This device's own further keys: those that links lead to from its own. */
export const ownKeys = (
  context: VaultContext,
  device: { clinicId: string; patientId: string; keys: { public: RawKeys } },
): RawKeys[] =>
  linkedTo(device.keys.public, linksOf(context, device.clinicId, device.patientId)).map(({ keys }) => keys)

/** Which of these keys, as the server lists them, the device itself stands behind. */
export async function believedOwn(
  context: VaultContext,
  device: { clinicId: string; patientId: string; keys: { public: RawKeys } },
  listed: readonly OwnKeyInput[],
): Promise<RawKeys[]> {
  await loadLinks(
    context,
    device,
    listed.map(({ link }) => link),
  )
  const mine = ownKeys(context, device)
  return listed
    .filter(({ removed }) => !removed)
    .map(({ keys }) => rawKeys(keys))
    .filter((keys) => mine.some((each) => sameKeys(each, keys)))
}
