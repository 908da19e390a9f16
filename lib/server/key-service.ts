import 'server-only'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { env } from './env.ts'
import { gcmOpen, gcmSeal, type Bytes } from './gcm.ts'
import { readOrMake } from './secret-file.ts'

/**
 * The KMS port: a key that never leaves its keeper wraps the KEKs of keks.ts, some 32 bytes each. `context` is bound to what
 * was wrapped: under another one, or with a byte changed, `unwrap` throws.
 */
export interface KeyService {
  /** Names keeper and key: kept beside whatever it wrapped. */
  id: string
  wrap: (key: Uint8Array, context: string) => Promise<Bytes>
  unwrap: (wrapped: Uint8Array, context: string) => Promise<Bytes>
}

/** By the file root.key in KEY_DIR. */
function localKeyService(): KeyService {
  const root = () =>
    Buffer.from(
      readOrMake(join(env().KEY_DIR, 'root.key'), () => randomBytes(32).toString('base64')),
      'base64',
    )
  return {
    id: 'local',
    wrap: async (key, context) => gcmSeal(root(), `curtain/v1/kek|${context}`, key),
    unwrap: async (wrapped, context) => gcmOpen(root(), `curtain/v1/kek|${context}`, wrapped),
  }
}

/** What the environment names: every new KEK is wrapped by it. */
export const keyService = (): Promise<KeyService> => {
  const { KMS, KMS_KEY } = env()
  return keyServiceOf(KMS === 'local' ? KMS : `${KMS}:${KMS_KEY}`)
}

/** By the name beside a wrapped KEK, so that one keeper can be left for another: old KEKs open by the old one until they are gone. */
export async function keyServiceOf(id: string): Promise<KeyService> {
  if (id === 'local') return localKeyService()
  const [keeper, key = ''] = [id.slice(0, 3), id.slice(4)]
  // An installation that keeps its keys in files loads no cloud's SDK.
  if (keeper === 'aws') return (await import('./key-service-aws.ts')).awsKeyService(key)
  if (keeper === 'gcp') return (await import('./key-service-gcp.ts')).gcpKeyService(key)
  throw Object.assign(new Error('no key service of that name'), { code: 'KMS_UNKNOWN' })
}
