import { randomBytes } from 'node:crypto'
import type { Recipient, RecordMeta, Sealed } from '../crypto/types.ts'

const b64 = (length: number) => randomBytes(length).toString('base64url')
/** As the store sees a record: a place, and bytes that it cannot read. */
export const sealed = (
  meta: RecordMeta,
  recipient: Recipient = { kind: 'group', id: 'clinical', key: b64(32), epoch: 0 },
): Sealed => ({
  meta,
  ...{ header: b64(80), commit: b64(32), ciphertext: b64(90), signature: b64(64) },
  grants: [{ recipient, enc: b64(32), ct: b64(48), granter: b64(32), signature: b64(64) }],
})
