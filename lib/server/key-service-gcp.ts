import 'server-only'
import { KeyManagementServiceClient } from '@google-cloud/kms'
import type { KeyService } from './key-service.ts'

const clients = new Map<string, KeyManagementServiceClient>()

/**
 * Google Cloud KMS. The context goes as additionalAuthenticatedData. Both ways CRC32C sums travel along, as Google asks of
 * its callers: a byte that flipped on the way would otherwise become a KEK that no one can unwrap again.
 */
export function gcpKeyService(name: string, given?: KeyManagementServiceClient): KeyService {
  if (!/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.test(name))
    throw Object.assign(new Error('KMS_KEY is not the resource name of a crypto key'), { plain: true })
  const client = given ?? clients.get(name) ?? new KeyManagementServiceClient()
  clients.set(name, client)
  return {
    id: `gcp:${name}`,
    async wrap(key, context) {
      const aad = Buffer.from(context)
      const [answer] = await client.encrypt({
        name,
        plaintext: key,
        plaintextCrc32c: { value: crc32c(key) },
        additionalAuthenticatedData: aad,
        additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
      })
      if (!answer.verifiedPlaintextCrc32c || !answer.verifiedAdditionalAuthenticatedDataCrc32c) damaged()
      return checked(answer.ciphertext, answer.ciphertextCrc32c)
    },
    async unwrap(wrapped, context) {
      const aad = Buffer.from(context)
      const [answer] = await client.decrypt({
        name,
        ciphertext: wrapped,
        ciphertextCrc32c: { value: crc32c(wrapped) },
        additionalAuthenticatedData: aad,
        additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
      })
      return checked(answer.plaintext, answer.plaintextCrc32c)
    },
  }
}

function damaged(): never {
  throw Object.assign(new Error('Cloud KMS: a checksum does not match'), { code: 'KMS_ANSWER' })
}

function checked(
  value: Uint8Array | string | null | undefined,
  sum: { value?: number | Long | string | null } | null | undefined,
): Uint8Array<ArrayBuffer> {
  if (!(value instanceof Uint8Array) || !value.length || Number(sum?.value ?? -1) !== crc32c(value)) damaged()
  return new Uint8Array(value)
}
interface Long {
  toNumber: () => number
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1
  return sum
})

/** The Castagnoli checksum (RFC 3720, B.4): Node has the other CRC32 alone. It guards against faults, not against people. */
export function crc32c(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) sum = table[(sum ^ byte) & 255]! ^ (sum >>> 8)
  return (sum ^ 0xffffffff) >>> 0
}
