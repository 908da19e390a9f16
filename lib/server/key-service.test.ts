import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { mkdtempSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KMSClient } from '@aws-sdk/client-kms'
import { KeyManagementServiceClient } from '@google-cloud/kms'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { awsKeyService } from './key-service-aws.ts'
import { crc32c, gcpKeyService } from './key-service-gcp.ts'
import { keyServiceOf, type KeyService } from './key-service.ts'
import { gcmOpen, gcmSeal } from './gcm.ts'
import { testEnv } from './testing.ts'

// Two small KMS of our own behind the real SDKs' real requests: they do encrypt, under a key and the context they were sent.

const arn = 'arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
const resource = 'projects/p/locations/europe-west9/keyRings/curtain/cryptoKeys/keks'
const master = new Uint8Array(32).fill(7)

interface AwsRequest {
  target: string
  authorization: string
  body: { KeyId: string; Plaintext?: string; CiphertextBlob?: string; EncryptionContext: Record<string, string> }
}
const awsSaw: AwsRequest[] = []

function awsKms(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as AwsRequest['body']
      const target = String(request.headers['x-amz-target'])
      awsSaw.push({ target, authorization: String(request.headers.authorization), body })
      const context = JSON.stringify([body.KeyId, Object.entries(body.EncryptionContext).sort()])
      const answer = (status: number, value: unknown) => {
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value))
      }
      try {
        if (target === 'TrentService.Encrypt') {
          const blob = gcmSeal(master, context, Buffer.from(body.Plaintext!, 'base64'))
          return answer(200, { KeyId: arn, CiphertextBlob: Buffer.from(blob).toString('base64') })
        }
        const plain = gcmOpen(master, context, Buffer.from(body.CiphertextBlob!, 'base64'))
        return answer(200, { KeyId: arn, Plaintext: Buffer.from(plain).toString('base64') })
      } catch {
        return answer(400, { __type: 'InvalidCiphertextException' })
      }
    })
  })
}

interface Sum {
  value: string | number
}
interface GcpCall {
  name: string
  plaintext: Buffer
  ciphertext: Buffer
  plaintextCrc32c: Sum
  ciphertextCrc32c: Sum
  additionalAuthenticatedData: Buffer
  additionalAuthenticatedDataCrc32c: Sum
}
type Reply = (error: { code: number; message: string } | null, value?: unknown) => void
const gcpSaw: GcpCall[] = []
/** What a fault on the way does to Google's answers. */
let fault: ((answer: Record<string, unknown>) => void) | null = null

/** What is used of them: they come with the SDK, and are no dependency of ours. */
interface Gax {
  grpc: {
    loadPackageDefinition: (described: unknown) => unknown
    Server: new () => {
      addService: (service: never, handlers: Record<string, unknown>) => void
      bindAsync: (address: string, credentials: unknown, done: (error: Error | null, port: number) => void) => void
      forceShutdown: () => void
    }
    ServerCredentials: { createInsecure: () => unknown }
    credentials: { createInsecure: () => never }
  }
}
interface ProtoLoader {
  fromJSON: (json: unknown, options: { keepCase: boolean; longs: unknown }) => unknown
}
// The SDK's own gRPC: its version, and its description of the service.
const inSdk = createRequire(createRequire(import.meta.url).resolve('@google-cloud/kms'))
const { grpc } = inSdk('google-gax') as Gax
const loader = createRequire(inSdk.resolve('google-gax'))('@grpc/proto-loader') as ProtoLoader

async function gcpKms() {
  const described = loader.fromJSON(inSdk('../protos/protos.json'), { keepCase: false, longs: String })
  const { google } = grpc.loadPackageDefinition(described) as unknown as {
    google: { cloud: { kms: { v1: { KeyManagementService: { service: never } } } } }
  }
  const server = new grpc.Server()
  const answer = (reply: Reply, make: () => Record<string, unknown>) => {
    try {
      const value = make()
      fault?.(value)
      reply(null, value)
    } catch {
      reply({ code: 3, message: 'INVALID_ARGUMENT' })
    }
  }
  const matches = (bytes: Uint8Array, sum: Sum) => Number(sum.value) === crc32c(bytes)
  server.addService(google.cloud.kms.v1.KeyManagementService.service, {
    encrypt: ({ request: call }: { request: GcpCall }, reply: Reply) =>
      answer(reply, () => {
        gcpSaw.push(call)
        const aad = call.additionalAuthenticatedData
        const ciphertext = Buffer.from(gcmSeal(master, `${call.name}|${aad.toString()}`, call.plaintext))
        return {
          name: `${call.name}/cryptoKeyVersions/1`,
          ciphertext,
          ciphertextCrc32c: { value: crc32c(ciphertext) },
          verifiedPlaintextCrc32c: matches(call.plaintext, call.plaintextCrc32c),
          verifiedAdditionalAuthenticatedDataCrc32c: matches(aad, call.additionalAuthenticatedDataCrc32c),
        }
      }),
    decrypt: ({ request: call }: { request: GcpCall }, reply: Reply) =>
      answer(reply, () => {
        gcpSaw.push(call)
        if (!matches(call.ciphertext, call.ciphertextCrc32c)) throw new Error('checksum')
        const plaintext = Buffer.from(
          gcmOpen(master, `${call.name}|${call.additionalAuthenticatedData.toString()}`, call.ciphertext),
        )
        return { plaintext, plaintextCrc32c: { value: crc32c(plaintext) } }
      }),
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  return { server, port }
}

const services: Partial<Record<'local' | 'aws' | 'gcp', KeyService>> = {}
const ends: (() => unknown)[] = []

beforeAll(async () => {
  Object.assign(process.env, testEnv(mkdtempSync(join(tmpdir(), 'key-service-'))))
  // Google's library would otherwise look for its machines' own metadata server.
  process.env.METADATA_SERVER_DETECTION = 'none'
  services.local = await keyServiceOf('local')
  const aws = awsKms()
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve))
  const client = new KMSClient({
    region: 'eu-west-3',
    endpoint: `http://127.0.0.1:${(aws.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    maxAttempts: 1,
  })
  services.aws = awsKeyService(arn, client)
  const google = await gcpKms()
  const gcp = new KeyManagementServiceClient({
    apiEndpoint: '127.0.0.1',
    port: google.port,
    sslCreds: grpc.credentials.createInsecure(),
    projectId: 'p',
  })
  services.gcp = gcpKeyService(resource, gcp)
  ends.push(
    () => client.destroy(),
    () => new Promise((resolve) => aws.close(resolve)),
    () => gcp.close(),
    () => google.server.forceShutdown(),
  )
})
afterAll(async () => {
  for (const end of ends) await end()
})

describe.each(['local', 'aws', 'gcp'] as const)('the %s key service', (name) => {
  const key = new Uint8Array(32).fill(9)

  it('wraps and unwraps, under its context alone, and nothing that was changed', async () => {
    const service = services[name]!
    const wrapped = await service.wrap(key, 'field-kek|1')
    expect(Buffer.from(wrapped).includes(Buffer.from(key))).toBe(false)
    expect(await service.unwrap(wrapped, 'field-kek|1')).toEqual(key)
    // Defence: the context in `wrap` and `unwrap`. Without it a KEK of one ring, or an old version, passes for another.
    await expect(service.unwrap(wrapped, 'store-kek|1')).rejects.toThrow()
    for (const at of [0, 20, wrapped.length - 1]) {
      const changed = Uint8Array.from(wrapped)
      changed[at]! ^= 1
      await expect(service.unwrap(changed, 'field-kek|1')).rejects.toThrow()
    }
  })
})

it('asks AWS for this very key, signed, and shows it no id of a clinic', () => {
  expect(awsSaw.map((each) => each.target)).toContain('TrentService.Decrypt')
  for (const { authorization, body } of awsSaw) {
    expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIATEST\/\d{8}\/eu-west-3\/kms\/aws4_request/)
    expect(body.KeyId).toBe(arn)
    expect(body.EncryptionContext.curtain).toMatch(/^(field|store)-kek\|1$/)
  }
  expect(() => awsKeyService('alias/curtain')).toThrow('ARN')
})

describe('Google', () => {
  it('knows the checksum of the standard', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  })

  it('is sent a checksum of all that it is sent', () => {
    expect(gcpSaw.length).toBeGreaterThan(2)
    for (const call of gcpSaw) {
      expect(call.name).toBe(resource)
      expect(Number(call.additionalAuthenticatedDataCrc32c.value)).toBe(crc32c(call.additionalAuthenticatedData))
    }
  })

  // Defence: `damaged` in key-service-gcp.ts, at each place that calls it.
  it.each<[string, (answer: Record<string, unknown>) => void]>([
    ['a plaintext it did not get whole', (answer) => (answer.verifiedPlaintextCrc32c = false)],
    ['a context it did not get whole', (answer) => (answer.verifiedAdditionalAuthenticatedDataCrc32c = false)],
    ['a ciphertext that changed on the way back', (answer) => ((answer.ciphertext as Buffer)[3]! ^= 1)],
    ['no checksum', (answer) => delete answer.ciphertextCrc32c],
  ])('is not believed about %s', async (_, harm) => {
    fault = harm
    await expect(services.gcp!.wrap(new Uint8Array(32), 'field-kek|1')).rejects.toMatchObject({ code: 'KMS_ANSWER' })
    fault = null
  })

  it('is not believed about a key that changed on the way back', async () => {
    const wrapped = await services.gcp!.wrap(new Uint8Array(32), 'field-kek|1')
    fault = (answer) => ((answer.plaintext as Buffer)[0]! ^= 1)
    await expect(services.gcp!.unwrap(wrapped, 'field-kek|1')).rejects.toMatchObject({ code: 'KMS_ANSWER' })
    fault = null
  })

  it('is asked for a key by its whole name', () => {
    expect(() => gcpKeyService('keks')).toThrow('resource name')
  })
})

it('answers for no keeper that it does not know', async () => {
  await expect(keyServiceOf('vault:x')).rejects.toMatchObject({ code: 'KMS_UNKNOWN' })
})
