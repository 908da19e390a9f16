import { toB64 } from '../crypto/bytes.ts'
import type { RawKeys } from '../crypto/keys.ts'
import { hasStepsBack, helpersOf } from './vault-care.ts'
import { rawKeys, sameKeys, type VaultContext } from './vault-context.ts'
import { type Device, loadLinks, ownRoots } from './vault-links.ts'
import type { OwnKeyInput } from './vault-pairing-api.ts'

/** Further keys that this device reads from: the patient's, and those of who helps. */
export function ownKeys(context: VaultContext, device: Device): RawKeys[] {
  const own = ownRoots(context, device)
  const all = [...own, ...helpersOf(context, device, own)]
  return all.filter((keys) => !sameKeys(keys, device.keys.public))
}

/** Keys that this device hands records on to: where it helps, the patient's own and nobody else's. */
export function mayHandTo(context: VaultContext, device: Device): RawKeys[] {
  const own = ownRoots(context, device)
  const all = device.helps?.role === 'carer' ? own : [...own, ...helpersOf(context, device, own, true)]
  const name = `${device.clinicId}/${device.patientId}`
  return all.filter((keys) => !sameKeys(keys, device.keys.public) && !hasStepsBack(context, name, toB64(keys.dh)))
}

/** Which of these keys, as the server lists them, the device itself stands behind. */
export async function believedOwn(
  context: VaultContext,
  device: Device,
  listed: readonly OwnKeyInput[],
): Promise<RawKeys[]> {
  await loadLinks(
    context,
    device,
    listed.map(({ link }) => link),
  )
  const mine = mayHandTo(context, device)
  return listed
    .filter(({ removed }) => !removed)
    .map(({ keys }) => rawKeys(keys))
    .filter((keys) => mine.some((each) => sameKeys(each, keys)))
}
