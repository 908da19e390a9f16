import 'server-only'
import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms'
import type { KeyService } from './key-service.ts'

/** The region stands in the ARN; credentials come by the SDK's own chain (instance role, environment, profile). */
function clientFor(arn: string): KMSClient {
  const region = /^arn:[\w-]+:kms:([\w-]+):\d+:(key|alias)\/\S+$/.exec(arn)?.[1]
  if (!region) throw Object.assign(new Error('KMS_KEY is not the ARN of a KMS key'), { plain: true })
  return new KMSClient({ region })
}

const clients = new Map<string, KMSClient>()

/**
 * AWS KMS. The context goes as EncryptionContext, which AWS authenticates, and writes to CloudTrail in the clear: it holds
 * the name and the version of a KEK, never a clinic's or a patient's id.
 */
export function awsKeyService(arn: string, client = clients.get(arn) ?? clientFor(arn)): KeyService {
  clients.set(arn, client)
  return {
    id: `aws:${arn}`,
    async wrap(key, context) {
      const answer = await client.send(
        new EncryptCommand({ KeyId: arn, Plaintext: key, EncryptionContext: { curtain: context } }),
      )
      return bytesOf(answer.CiphertextBlob)
    },
    async unwrap(wrapped, context) {
      // KeyId: without it AWS takes whichever key the blob names, an attacker's own account's too.
      const answer = await client.send(
        new DecryptCommand({ KeyId: arn, CiphertextBlob: wrapped, EncryptionContext: { curtain: context } }),
      )
      return bytesOf(answer.Plaintext)
    },
  }
}

function bytesOf(value: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  if (!value?.length) throw Object.assign(new Error('AWS KMS answered no bytes'), { code: 'KMS_ANSWER' })
  return new Uint8Array(value)
}
