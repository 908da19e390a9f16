import { fromB64 } from '../crypto/bytes.ts'
import { checkLink, linkedTo, type PatientLink } from '../crypto/patient-link.ts'
import type { RawKeys } from '../crypto/keys.ts'
import type { B64 } from '../crypto/types.ts'
import { type PatientDevice, sameKeys, type TrustedPatientKey, type VaultContext } from './vault-context.ts'
import { refusalCode } from './vault-error.ts'

const nameOf = (clinicId: string, patientId: string) => `${clinicId}/${patientId}`

/** Links that count: none of a key whose holder says that they only help. */
export function linksOf(context: VaultContext, clinicId: string, patientId: string): PatientLink[] {
  const name = nameOf(clinicId, patientId)
  const links = context.patientLinks.get(name) ?? []
  const helps = (context.care.get(name)?.held ?? []).filter(({ care }) => care.terms.role === 'carer')
  // The defence against a helper who calls a further key the patient's: carers' keys are tied to nothing.
  return links.filter(({ from, to }) => !helps.some(({ care }) => sameKeys(care.to, from) || sameKeys(care.to, to)))
}

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

export type Device = Pick<PatientDevice, 'clinicId' | 'patientId' | 'keys' | 'helps'>

/** The patient's own keys as this device knows them: its own and those that links lead to; where it helps, from who let it in. */
export function ownRoots(context: VaultContext, device: Device): RawKeys[] {
  const links = linksOf(context, device.clinicId, device.patientId)
  // A helper's key is where no link begins: what it says is its own is not the patient's.
  const root = device.helps?.from ?? device.keys.public
  return [root, ...linkedTo(root, links).map(({ keys }) => keys)]
}
