/** docker-compose.yml against the Compose Specification's own schema, and against what this repository has. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Ajv from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { callCodecs } from './base.mjs'
// @ts-expect-error a plain script without types
import { prepare } from './self-host.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Service {
  secrets?: string[]
  environment?: Record<string, string>
  healthcheck?: unknown
  depends_on?: Record<string, unknown>
  configs?: { source: string }[]
  volumes?: string[]
}
interface Compose {
  services: Record<string, Service>
  secrets: Record<string, { file: string }>
  configs: Record<string, { file?: string; content?: string }>
  volumes: Record<string, unknown>
}
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
const compose = parse(text, { merge: true }) as Compose

/** The schema comes with compose-go, the parser that `docker compose` itself uses. */
function schema(): object {
  const module = 'github.com/compose-spec/compose-go/v2@v2.10.1'
  const out = execFileSync('go', ['mod', 'download', '-json', module], { cwd: tmpdir(), encoding: 'utf8' })
  const parsed = JSON.parse(readFileSync(join(JSON.parse(out).Dir, 'schema', 'compose-spec.json'), 'utf8'))
  // Ajv knows this dialect under its address with http.
  parsed.$schema = 'http://json-schema.org/draft-07/schema#'
  return parsed
}

describe('docker-compose.yml', () => {
  it('is valid under the Compose Specification, and a fault in it is found', () => {
    const validate = new Ajv({ strict: false, formats: { duration: true, subnet_ip_address: true } }).compile(schema())
    // Anchors under x- are not part of a service.
    expect(validate(compose), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ ...compose, services: { app: { imagine: 'x' } } })).toBe(false)
  }, 120_000)

  it('has the parts of the product', () => {
    expect(Object.keys(compose.services).sort()).toEqual([
      'app',
      'livekit',
      'migrate',
      'postgres',
      'proxy',
      'redis',
      'worker',
    ])
  })

  it('names only secrets, configs, volumes and services that exist', () => {
    for (const service of Object.values(compose.services)) {
      for (const name of service.secrets ?? []) expect(compose.secrets).toHaveProperty(name)
      for (const { source } of service.configs ?? []) expect(compose.configs).toHaveProperty(source)
      for (const volume of service.volumes ?? []) expect(compose.volumes).toHaveProperty(volume.split(':')[0]!)
      for (const name of Object.keys(service.depends_on ?? {})) expect(compose.services).toHaveProperty(name)
    }
    for (const { file } of Object.values(compose.configs)) if (file) expect(existsSync(join(root, file))).toBe(true)
  })

  it('keeps secrets in files: none in an environment, all written by the setup script', () => {
    for (const service of Object.values(compose.services))
      for (const [name, value] of Object.entries(service.environment ?? {}))
        if (/SECRET|PASSWORD|_KEY$|DATABASE/.test(name)) expect(`${name}: ${value}`).toMatch(/_FILE: \/run\/secrets\//)
    const dir = mkdtempSync(join(tmpdir(), 'self-host-'))
    try {
      const written = prepare(dir, 'clinic.example.org') as string[]
      for (const { file } of Object.values(compose.secrets)) expect(written).toContain(file.replace('./', ''))
      expect(prepare(dir, 'clinic.example.org')).toEqual([])
      const livekit = parse(readFileSync(join(dir, 'secrets/livekit_config'), 'utf8'))
      expect(livekit.room.auto_create).toBe(false)
      expect(livekit.room.enabled_codecs.map(({ mime }: { mime: string }) => mime)).toEqual(callCodecs)
      expect(() => prepare(dir, 'x; rm')).toThrow(/not a domain/)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
