import {
  purposes,
  type RetentionClass,
  type RetentionSettings,
  settingFields,
  signedFields,
  type Signed,
} from '../retention/rules.ts'
import { call, type Answer } from './api.ts'
import { vault } from './vault.ts'

export interface Officer {
  clinicId: string
  memberId: string
}

/** The officer's own word, by the key of their account: the server carries out nothing of this for a session alone. */
export async function signOwnWord(
  officer: Officer,
  purpose: string,
  what: readonly (string | number)[],
): Promise<Signed> {
  const signedAt = new Date().toISOString()
  const fields = signedFields({ origin: location.origin, ...officer }, what, signedAt)
  return { signedAt, signature: await vault().signStaff({ purpose, fields }) }
}

export async function saveRetention(officer: Officer, settings: RetentionSettings): Promise<Answer<{ done: true }>> {
  return call('retention/save-settings', {
    ...settings,
    word: await signOwnWord(officer, purposes.settings, settingFields(settings)),
  })
}

export async function orderPurge(
  officer: Officer,
  { patientId, classes }: { patientId: string; classes: RetentionClass[] },
): Promise<Answer<{ done: true }>> {
  const word = await signOwnWord(officer, purposes.purge, [patientId, classes.join(',')])
  return call('retention/purge', { patientId, classes, word })
}
