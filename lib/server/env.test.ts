import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseEnv as parseFile } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Env, parseEnv } from './env.ts'

const example = parseFile(readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')) as Record<
  string,
  string
>

describe('the environment', () => {
  it('is complete in .env.example, which names every variable and no other', () => {
    expect(Object.keys(example).sort()).toEqual(Object.keys(Env.shape).sort())
    expect(parseEnv(example)).toMatchObject({ APP_ORIGIN: 'https://clinic.example.org', TRUSTED_PROXIES: 1 })
  })

  it('takes any value from a file', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'env-')), 'secret')
    writeFileSync(file, 'from-a-file-from-a-file-from-a-file\n')
    const { NEXTAUTH_SECRET: _, ...rest } = example
    expect(parseEnv({ ...rest, NEXTAUTH_SECRET_FILE: file }).NEXTAUTH_SECRET).toBe(
      'from-a-file-from-a-file-from-a-file',
    )
  })

  it.each([
    ['APP_ORIGIN', 'nowhere'],
    ['DATABASE_URL', 'mysql://x@y/z'],
    ['NEXTAUTH_SECRET', 'short'],
    ['LIVEKIT_NODES', '[]'],
    ['LIVEKIT_NODES', 'not json'],
    ['STRIPE_API_BASE', 'not a url'],
    ['CLINIC_SIGNUP', 'everybody'],
    ['CLINIC_SIGNUP_CODE', 'guess'],
    ['KMS', 'vault'],
    ['KMS', 'aws'],
    // In the key store's own directory it would be in the key store's backups.
    ['STORE_KEK_DIR', '/keystore'],
    ['KEYSTORE_URL', 'postgresql://curtain_app:change-me@postgres:5432/curtain'],
    // Without a proxy of ours the header is the caller's own, and with it every limit by address.
    ['TRUSTED_PROXIES', '0'],
  ])('refuses %s=%s by its name, showing no value', (name, value) => {
    expect(() => parseEnv({ ...example, [name]: value })).toThrow(name)
    expect(() => parseEnv({ ...example, [name]: value })).not.toThrow(value)
  })
})
