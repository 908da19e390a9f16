import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { StaffActor } from '../access/rules.ts'
import { ok, refuse } from '../errors.ts'
import { networkOf } from '../network.ts'
import { action, addressOf, makeDoor, type Action } from './action.ts'
import { testEnv } from './testing.ts'

beforeAll(() => void Object.assign(process.env, testEnv(mkdtempSync(join(tmpdir(), 'door-')))))

const staff: StaffActor = { kind: 'staff', clinicId: 'c', memberId: 'm', sessionId: 's', roles: ['frontdesk'] }
const Input = z.object({ name: z.string().max(5, 'errors.tooLong') })
const actions = {
  'test/open': action('public', Input, async (actor, { name }, ctx) => {
    ctx.setCookie('seen', name, { maxAge: 60 })
    return ok(`${actor.kind} ${name} ${ctx.locale}`)
  }),
  'test/staff': action('staff', Input, async (actor) => ok(actor.memberId)),
  'test/admin': action(['admin'], Input, async () => ok('in')),
  'test/mine': action('staff', Input, async () => refuse('NOT_FOUND')),
  'test/refuses': action('public', Input, async () => refuse('SLOT_TAKEN')),
  'test/bug': action('public', Input, async () => {
    throw new Error('Jane Roe')
  }),
  'test/busy': action('public', Input, async () => {
    throw Object.assign(new Error('no connection became free'), { code: 'P2028' })
  }),
  'test/rated': action('public', Input, async () => ok(1), { rate: { points: 2, seconds: 60 } }),
  'test/small': action('public', Input, async () => ok(1), { maxBytes: 30 }),
} as Record<string, Action>

const refusals: unknown[][] = []
const door = makeDoor({
  onRefused: async (actor, ...rest) => void refusals.push([actor.kind, ...rest]),
  actions,
  resolveActor: async (kind, request) => (kind === 'staff' && request.headers.get('cookie') ? staff : null),
})

const origin = 'http://localhost:3000'
async function post(name: string, body: unknown = { name: 'x' }, headers: Record<string, string> = {}) {
  const init = {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
  const answer = await door(new Request(`${origin}/api/${name}`, init), name)
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}

describe('the door', () => {
  it('answers what the flow answers, in the language asked for, and sets its cookies', async () => {
    const { status, body, headers } = await post('test/open', { name: 'x' }, { 'accept-language': 'fr-CA' })
    expect([status, body]).toEqual([200, { ok: true, value: 'public x fr' }])
    expect(headers.get('set-cookie')).toBe('seen=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=60')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  // Defence: onRefused in the door. Without it a request that was turned away leaves no trace.
  it('tells of a refusal to somebody who is known, whether by role or by the flow, and of nobody else', async () => {
    const signedIn = { cookie: 'a=b' }
    await post('test/admin', { name: 'x' }, signedIn)
    await post('test/mine', { name: 'x' }, signedIn)
    await post('test/staff', { name: 'x' }, signedIn)
    await post('test/staff', { name: 'x' })
    await post('test/refuses', { name: 'x' })
    expect(refusals).toEqual([
      ['staff', 'test/admin', 'NOT_ALLOWED', { name: 'x' }],
      ['staff', 'test/mine', 'NOT_FOUND', { name: 'x' }],
    ])
  })

  it.each([
    ['an unknown action', 'test/none', {}, {}, 404, 'UNKNOWN_ACTION'],
    ['a name of every object', 'constructor', {}, {}, 404, 'UNKNOWN_ACTION'],
    ['another origin', 'test/open', {}, { origin: 'https://evil.example' }, 403, 'BAD_ORIGIN'],
    ['no origin', 'test/open', {}, { origin: '' }, 403, 'BAD_ORIGIN'],
    ['a cross-site fetch', 'test/open', {}, { 'sec-fetch-site': 'cross-site' }, 403, 'BAD_ORIGIN'],
    ['a sibling site', 'test/open', {}, { 'sec-fetch-site': 'same-site' }, 403, 'BAD_ORIGIN'],
    ['a form', 'test/open', 'name=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'NOT_JSON'],
    ['broken JSON', 'test/open', '{', {}, 415, 'NOT_JSON'],
    ['bytes that are no text', 'test/open', '\u{d800}', {}, 415, 'NOT_JSON'],
    ['bad input', 'test/open', { name: 7 }, {}, 400, 'BAD_INPUT'],
    ['a body past its limit', 'test/small', { name: 'x'.repeat(40) }, {}, 413, 'TOO_LARGE'],
    ['nobody at a staff door', 'test/staff', { name: 'x' }, {}, 401, 'SIGN_IN_FIRST'],
    ['bad input from nobody, without a word on the input', 'test/staff', {}, {}, 401, 'SIGN_IN_FIRST'],
    ['the wrong role', 'test/admin', { name: 'x' }, { cookie: 'a=b' }, 403, 'NOT_ALLOWED'],
    ['what the flow refuses', 'test/refuses', { name: 'x' }, {}, 409, 'SLOT_TAKEN'],
  ])('refuses %s', async (_, name, body, headers, status, code) => {
    expect(await post(name, body, headers as unknown as Record<string, string>)).toMatchObject({
      status,
      body: { ok: false, code },
    })
  })

  it('names the fields at fault and not their values', async () => {
    expect((await post('test/open', { name: 'much too long' })).body).toEqual({
      ok: false,
      code: 'BAD_INPUT',
      fields: { name: 'errors.tooLong' },
    })
    expect((await post('test/open', {})).body.fields).toEqual({ name: 'invalid_type' })
  })

  it('lets staff in', async () => {
    expect((await post('test/staff', { name: 'x' }, { cookie: 'a=b' })).body).toEqual({ ok: true, value: 'm' })
  })

  it('says that it is busy where the database gave no connection, so that the page asks again', async () => {
    const { status, body } = await post('test/busy')
    expect([status, body]).toEqual([503, { ok: false, code: 'BUSY' }])
  })

  it('answers a bug with a code alone', async () => {
    const { status, body } = await post('test/bug')
    expect([status, body]).toEqual([500, { ok: false, code: 'INTERNAL' }])
  })

  it('counts by address, as our own proxy saw it', async () => {
    const from = (address: string) => post('test/rated', { name: 'x' }, { 'x-forwarded-for': `1.2.3.4, ${address}` })
    expect([(await from('9.9.9.9')).status, (await from('9.9.9.9')).status, (await from('9.9.9.9')).status]).toEqual([
      200, 200, 429,
    ])
    expect((await from('8.8.8.8')).status).toBe(200)
    expect(addressOf(new Request(origin, { headers: { 'x-forwarded-for': 'forged, 7.7.7.7' } }))).toBe('7.7.7.7')
  })

  // Defence: networkOf. By the whole address, one /64 has 2^64 callers.
  it('counts whoever has an IPv6 network as one', async () => {
    const from = async (address: string) =>
      (await post('test/rated', { name: 'x' }, { 'x-forwarded-for': address })).status
    expect([
      await from('2001:db8:0:7::1'),
      await from('2001:db8::7:a:b:c:d'),
      await from('[2001:0db8:0:7::3]:443'),
    ]).toEqual([200, 200, 429])
    expect(await from('2001:db8:0:8::1')).toBe(200)
  })

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:5123', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', 'unknown'],
    ['anything', 'unknown'],
  ])('counts %s as %s', (hop, network) => expect(networkOf(hop)).toBe(network))
})
