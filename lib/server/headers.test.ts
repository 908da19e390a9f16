import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { widget } from '../clinic/widget.ts'
import { fixedHeaders, headersOf, isFramed, pagePolicy, workerPolicy } from './headers.ts'

const base = {
  nonce: 'n0nce',
  sfu: ['wss://sfu.example.org'],
  witness: '',
  checkout: [],
  https: true,
  framed: false,
  dev: false,
}
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

describe('what other sites may show', () => {
  it('is the frame with free times, and no other page', () => {
    for (const path of ['/', '/c/a', '/a/1', '/today', '//w/a', '/W/a', '/c/w/', '/sign-in'])
      expect([isFramed(path), headersOf(path)]).toEqual([false, fixedHeaders])
    expect(read(pagePolicy({ ...base, framed: isFramed('/w/a') }))['frame-ancestors']).toEqual(['*'])
    expect(headersOf('/w/a')).not.toHaveProperty('x-frame-options')
    expect(headersOf('/w/a')).toMatchObject({ 'cross-origin-resource-policy': 'same-origin' })
  })

  it('is the script that puts it there, and no other file', () => {
    expect(headersOf('/widget-1.js')).toMatchObject({ 'cross-origin-resource-policy': 'cross-origin' })
    for (const path of ['/icon.svg', '/x/widget-1.js', '/widget-1.js.map'])
      expect(headersOf(path)).toEqual(fixedHeaders)
  })

  it('never changes under its number: clinics have its digest on their pages', () => {
    const file = readFileSync('public/widget-1.js')
    expect(`sha384-${createHash('sha384').update(file).digest('base64')}`).toBe(widget.integrity)
  })
})

it('a worker evaluates nothing and connects to nothing', () => {
  expect(workerPolicy).toBe("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'")
})

it('camera and microphone are for our own pages, and no page tells where it came from', () => {
  expect(fixedHeaders['permissions-policy']).toMatch(/camera=\(self\), microphone=\(self\)/)
  expect(fixedHeaders['referrer-policy']).toBe('no-referrer')
})
