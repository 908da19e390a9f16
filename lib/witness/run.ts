import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { dirname } from 'node:path'
import { z } from 'zod'
import { type Bytes, random, toB64 } from '../crypto/bytes.ts'
import { importSecret } from '../crypto/keys.ts'
import { bucketLog } from './bucket.ts'
import { fileLog, type WitnessLog } from './log.ts'
import { type Ask, openWitness } from './witness.ts'
import { isId } from '../ids.ts'
import { networkOf } from '../network.ts'

const Settings = z.object({
  /** The site that is watched. */
  WITNESS_ORIGIN: z.url().transform((url) => new URL(url).origin),
  /** Clinics' ids, besides those whose heads are asked for here. */
  WITNESS_CLINICS: z.string().default(''),
  /** A file with the witness's own secret; made where it is missing. */
  WITNESS_KEY_FILE: z.string().min(1),
  /** A file, or s3://bucket/prefix. */
  WITNESS_LOG: z.string().min(1),
  WITNESS_PORT: z.coerce.number().int().default(3900),
  WITNESS_HOST: z.string().default('127.0.0.1'),
  /** How many proxies of its own lie before it. */
  WITNESS_PROXIES: z.coerce.number().int().min(0).default(1),
  WITNESS_SECONDS: z.coerce.number().min(1).default(60),
  WITNESS_LOCK_DAYS: z.coerce.number().int().min(1).default(3650),
  AWS_REGION: z.string().default('us-east-1'),
  AWS_ENDPOINT_URL_S3: z.string().default(''),
})
type Settings = z.infer<typeof Settings>

/** The witness's own Ed25519 seed, 32 bytes in base64url. */
async function readKey(file: string): Promise<{ private: CryptoKey; public: Bytes }> {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, `${toB64(random(32))}\n`, { mode: 0o600, flag: 'wx', flush: true })
  }
  const seed = new Uint8Array(Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url'))
  const { pair, public: raw } = await importSecret('Ed25519', seed)
  return { private: pair.privateKey, public: raw }
}

export function logAt(place: string, settings: Partial<Settings> = {}): WitnessLog {
  const s3 = /^s3:\/\/([^/]+)\/?(.*)$/.exec(place)
  if (!s3) return fileLog(place)
  return bucketLog({
    bucket: s3[1]!,
    prefix: s3[2] ? `${s3[2].replace(/\/$/, '')}/` : '',
    region: settings.AWS_REGION ?? 'us-east-1',
    lockDays: settings.WITNESS_LOCK_DAYS ?? 3650,
    ...(settings.AWS_ENDPOINT_URL_S3 ? { endpoint: settings.AWS_ENDPOINT_URL_S3 } : {}),
  })
}

const askOf =
  (origin: string): Ask =>
  async <T>(action: string, input: unknown) => {
    const answer = await fetch(`${origin}/api/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(30_000),
    })
    const body = (await answer.json()) as { ok: true; value: T } | { ok: false; code: string }
    if (!body.ok) throw new Error(body.code)
    return body.value
  }

/** The address that the furthest of its own proxies saw: counted from the right, so that a caller cannot choose it. */
function callerOf({ headers, socket }: IncomingMessage, proxies: number): string {
  const hops = String(headers['x-forwarded-for'] ?? '').split(',')
  return (proxies > 0 && hops[hops.length - proxies]?.trim()) || (socket.remoteAddress ?? '')
}

/** The process: looks every so often, and serves what it signed. Answers its stop. */
export async function runWitness(source: Record<string, string | undefined>, say: (line: string) => void) {
  const settings = Settings.parse(source)
  const key = await readKey(settings.WITNESS_KEY_FILE)
  const log = logAt(settings.WITNESS_LOG, settings)
  const witness = await openWitness({ ask: askOf(settings.WITNESS_ORIGIN), log, key, now: () => new Date() })
  for (const clinicId of settings.WITNESS_CLINICS.split(/[\s,]+/).filter(Boolean)) witness.watch(clinicId)
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('cache-control', 'no-store')
    response.setHeader('content-type', 'application/json')
    const clinicId = /^\/heads\/([0-9a-f-]+)$/.exec(request.url ?? '')?.[1] ?? ''
    if (request.method !== 'GET' || !isId(clinicId)) return void response.writeHead(404).end('{}')
    // A clinic is watched from the first time that one of its browsers asks here: if the site knows it.
    witness.consider(clinicId, networkOf(callerOf(request, settings.WITNESS_PROXIES)))
    response.end(JSON.stringify({ heads: witness.heads(clinicId) }))
  })
  await new Promise<void>((resolve) => server.listen(settings.WITNESS_PORT, settings.WITNESS_HOST, resolve))
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const round = async () => {
    for (const seen of await witness.round())
      if (!seen.ok) say(`${seen.code} ${seen.kind} of clinic ${seen.clinicId}, seen before with ${seen.length}`)
    if (!stopped) timer = setTimeout(() => void round(), settings.WITNESS_SECONDS * 1000)
  }
  say(`witness ready, its key is ${toB64(key.public)}`)
  void round()
  return () => {
    stopped = true
    clearTimeout(timer)
    server.close()
  }
}
