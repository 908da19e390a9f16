import { describe, expect, it } from 'vitest'
import { fixedHeaders, pagePolicy, workerPolicy } from './headers.ts'

const base = { nonce: 'n0nce', sfu: ['wss://sfu.example.org'], witness: '', checkout: [], https: true, dev: false }
const read = (policy: string) =>
  Object.fromEntries(policy.split('; ').map((part) => [part.split(' ')[0], part.split(' ').slice(1)]))

describe('the policy of a page', () => {
  it('runs scripts by nonce alone: nothing inline, nothing evaluated, no third party', () => {
    const policy = read(pagePolicy(base))
    expect(policy['script-src']).toEqual(["'self'", "'nonce-n0nce'", "'strict-dynamic'", "'wasm-unsafe-eval'"])
    expect(policy['style-src']).not.toContain("'unsafe-inline'")
    expect(policy['style-src-attr']).toEqual(["'none'"])
    expect(policy).toMatchObject({
      'default-src': ["'none'"],
      'frame-ancestors': ["'none'"],
      'object-src': ["'none'"],
      'base-uri': ["'none'"],
    })
    expect(policy).toMatchObject({ 'require-trusted-types-for': ["'script'"], 'trusted-types': ['default'] })
  })

  it('connects to itself and the configured video servers only', () => {
    expect(read(pagePolicy(base))['connect-src']).toEqual([
      "'self'",
      'wss://sfu.example.org',
      'https://sfu.example.org',
    ])
  })

  it('leads forms to Stripe, and to the emulator only where one is configured', () => {
    expect(read(pagePolicy({ ...base, witness: 'https://witness.example/w' }))['connect-src']).toContain(
      'https://witness.example',
    )
    expect(read(pagePolicy(base))['form-action']).toEqual(["'self'", 'https://checkout.stripe.com'])
    expect(read(pagePolicy({ ...base, checkout: ['http://localhost:3003'] }))['form-action']).toContain(
      'http://localhost:3003',
    )
  })
})

it('a worker evaluates nothing and connects to nothing', () => {
  expect(workerPolicy).toBe("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
})

it('camera and microphone are for our own pages, and no page tells where it came from', () => {
  expect(fixedHeaders['permissions-policy']).toMatch(/camera=\(self\), microphone=\(self\)/)
  expect(fixedHeaders['referrer-policy']).toBe('no-referrer')
})
