import type { StaffActor } from '../access/rules.ts'
import { encode } from '../crypto/cbor.ts'
import { toB64 } from '../crypto/bytes.ts'
import { generateDeviceKeys } from '../crypto/keys.ts'
import { sign } from '../crypto/sign.ts'
import { env } from '../server/env.ts'
import type { testDb } from '../server/testing.ts'
import {
  purposes,
  retentionClasses,
  type RetentionClass,
  type RetentionSettings,
  settingFields,
  signedFields,
} from './rules.ts'

/** What an officer's browser says: under a key that the member's row gets here. */
export async function officersWord(admin: ReturnType<typeof testDb>['admin'], actor: StaffActor) {
  const keys = await generateDeviceKeys()
  await admin('UPDATE member SET sign_key = $2, dh_key = $3 WHERE id = $1', [
    ...[actor.memberId, toB64(keys.public.sign), toB64(keys.public.dh)],
  ])
  const key = keys.sign.privateKey
  const word = async (purpose: string, what: (string | number)[], now: Date) => {
    const signedAt = now.toISOString()
    const fields = signedFields({ origin: env().APP_ORIGIN, ...actor }, what, signedAt)
    return { signedAt, signature: toB64(await sign(key, purpose, fields)) }
  }
  return {
    word,
    settings: async (wanted: RetentionSettings, now: Date) => ({
      ...wanted,
      word: await word(purposes.settings, settingFields(wanted), now),
    }),
    purge: async (patientId: string, classes: RetentionClass[], now: Date) => ({
      ...{ patientId, classes },
      word: await word(purposes.purge, [patientId, classes.join(',')], now),
    }),
    answer: async (
      request: { id: string; patientId: string },
      state: 'erased' | 'refused',
      now: Date,
      said: { clinicId?: string; classes?: string[]; signer?: Uint8Array<ArrayBuffer> } = {},
    ) => {
      const { clinicId = actor.clinicId, signer = keys.public.sign } = said
      const { classes = state === 'erased' ? [...retentionClasses] : [] } = said
      const ground = state === 'refused' ? 'duty' : ''
      const fields = [
        ...[1, clinicId, request.patientId, request.id, state, classes, ground, now.toISOString()],
        ...[new Uint8Array(32), signer],
      ]
      const statement = toB64(encode([...fields, await sign(key, 'erasure', fields)]))
      return { id: request.id, state, statement }
    },
  }
}
