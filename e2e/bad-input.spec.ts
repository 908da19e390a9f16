// What every door answers to what no page of ours would send: a refusal with its code, 4xx, and no row changed.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import type { ActionName } from '../lib/contract.ts'
import { codes } from '../lib/errors.ts'
import { root } from '../scripts/base.mjs'
import { Door, type Reply } from './door.ts'
import { garblings, wellFormed, type Inputs } from './inputs.ts'
import { snapshotOf } from './rows.ts'
import { up, type TestStack } from './stack.ts'
import { clinicWorld, type Booked, type ClinicWorld } from './world.ts'

let stack: TestStack
let world: ClinicWorld
let foreign: ClinicWorld
let booked: Booked
let theirs: Booked
let inputs: Inputs
/** Action → who may come in, as the registry's own files say it. */
const doors = new Map<string, string>()

test.describe.configure({ mode: 'serial' })

test.beforeAll(async () => {
  test.setTimeout(300_000)
  const dir = join(root, 'app', 'api', 'actions')
  for (const file of readdirSync(dir))
    for (const [, name, door] of readFileSync(join(dir, file), 'utf8').matchAll(
      /'(\w+\/[\w-]+)':\s*action\(\s*('[\w-]+'|\[[^\]]+\])/g,
    ))
      doors.set(name!, door!)
  stack = await up({ env: { RATE_LIMIT_FACTOR: '10000' }, mode: process.env.E2E_DEV ? 'dev' : 'production' })
  world = await clinicWorld(stack)
  foreign = await clinicWorld(stack)
  booked = await world.book()
  theirs = await foreign.book()
  await booked.patient.signIn()
  inputs = await wellFormed(world, stack.baseUrl, booked)
  // Its jobs change rows by themselves.
  await stack.stop('worker', 'SIGTERM')
})
test.afterAll(() => stack?.down())

/** Whoever the door lets in. */
function insider(name: string): Door {
  const door = doors.get(name)!
  if (door === "'public'") return new Door(stack.baseUrl)
  if (door === "'patient'" || door === "'signed-in'") return booked.patient.door
  return door.includes('admin') ? world.owner.door : door.includes('practitioner') ? world.doctor.door : world.desk.door
}

/** What is stored; the clinic's log apart, which has an entry for each refusal. */
async function rows() {
  const all = Object.entries(await snapshotOf(stack))
  return Object.fromEntries(all.filter(([table]) => !/"audit_(entry|box)"/.test(table)))
}

async function unchanged(what: string, send: () => Promise<unknown>) {
  const before = await rows()
  await send()
  expect(await rows(), `rows after ${what}`).toEqual(before)
}

/** What is wrong with a refusal; null when nothing is. */
function faultOf(reply: Reply<unknown>, what: string): string | null {
  if (reply.ok) return `${what}: accepted`
  if (!(reply.code in codes)) return `${what}: ${reply.code} is no code of the table`
  return reply.status >= 400 && reply.status < 500 ? null : `${what}: ${reply.code} with ${reply.status}`
}
const expectRefused = (reply: Reply<unknown>, what: string) => expect(faultOf(reply, what)).toBeNull()

/** Names by their domain, so that rows are compared a dozen times and not once for each of a thousand requests. */
const byDomain = () =>
  Object.entries(Object.groupBy(Object.keys(inputs) as ActionName[], (name) => name.split('/')[0]!))

test('every action of the registry has its row', () => {
  expect([...doors.keys()].sort()).toEqual(Object.keys(inputs).sort())
})

// Parts that may be missing, null or anything of that kind: each is a choice of the schema, named here so that no other is.
const may: Partial<Record<ActionName, RegExp>> = {
  'booking/book': /^(consent (missing|null)|recallId .*|phone .*|records\.[0-4] missing|key .*)$/,
  'booking/hold': /^release .*$/,
  'booking/slots': /^memberId (missing|null)$/,
  'desk/times': /^memberId null$/,
  'desk/check': /^siteId null$/,
  'companion/add': /^who\.(name|language) a text.*$/,
  'clinic/save-service':
    /^(id null|service\.consentTextId (missing|null)|service\.(practitionerIds|intakeForm\.questions)(\.0)? (missing|a list)|service\.practitionerIds\.0 missing|service\.intakeForm\.questions\.0\.(required|help|options|min|max|when) missing|service\.(minutes|bufferBefore|bufferAfter|priceMinor|position) .*|service\.(taxRate|way|assignment|audience) missing|service\.(name|description) a text.*|service\.intakeForm\.questions\.0\.label a text.*)$/,
  'schedule/save-week': /^(hours\.0\.siteId (missing|null)|(period|was) (missing|null))$/,
  'schedule/save-day': /^(hours (null|a list)|hours\.0 missing|hours\.0\.siteId (missing|null))$/,
  'clinic/save-profile': /^((about|phone|address|name) a text.*|(\w+Minutes|horizonDays) (null|a list))$/,
  'clinic/save-legal': /^(legalName|taxNumber|invoiceFooter) a text.*$/,
  'clinic/save-consent-text': /^(replaces null|(title|body) a text.*)$/,
  'access/save-profile': /^(displayName|title|bio) a text.*$/,
  'access/invite': /^(displayName|title) a text.*$/,
  'encounter/day': /^(day|memberId) missing$/,
  'calendar/load': /^(day|memberId|names) missing$/,
  'recall/list': /^status missing$/,
  'record/mine': /^((appointmentId|types|recordIds|history) missing|(types|recordIds)\.0 missing)$/,
  'call/end': /^differs missing$/,
  'ledger/month': /^month null$/,
  'ledger/entries': /^month null$/,
  'invoice/list': /^month null$/,
  'audit/log': /^before missing$/,
  'audit/mine': /^skip missing$/,
  'audit/links': /^from missing$/,
  'rewrap/next': /^(done|failed)\.0 missing$/,
  'retention/save-settings': /^autoDays null$/,
  'reminder/save': /^leads\.0 missing$/,
}
// One reader less is somebody's choice, not a fault of shape.
const fine = (name: ActionName) => new RegExp(`${may[name]?.source ?? '^$'}|\\.grants\\.0 missing$`)

for (const kind of ['bodies', 'parts'] as const) {
  test(`garbled ${kind} are refused by every action`, async () => {
    test.setTimeout(400_000)
    const faults: (string | null)[] = []
    const moved: string[] = []
    for (const [domain, names] of byDomain()) {
      const before = await rows()
      for (const name of names!)
        if (kind === 'bodies') faults.push(...(await bodies(name, name === names![0])))
        else {
          const skip = (path: string, garbage: string) => fine(name).test(`${path} ${garbage}`)
          for (const { what, input } of garblings(inputs[name], skip))
            faults.push(faultOf(await insider(name).post(name, input), `${name}: ${what}`))
        }
      const after = await rows()
      for (const table of Object.keys(after)) if (after[table] !== before[table]) moved.push(`${domain}: ${table}`)
    }
    expect({ faults: faults.filter(Boolean), moved }).toEqual({ faults: [], moved: [] })
  })
}

async function bodies(name: ActionName, largeToo: boolean): Promise<(string | null)[]> {
  const door = insider(name)
  const faults: (string | null)[] = []
  for (const body of ['', '{', 'null', '[]', '"x"', '7', '\u0000', '[{}]'])
    faults.push(faultOf(await door.post(name, body), `${name} with ${JSON.stringify(body)}`))
  const input = inputs[name]
  const sent: [string, unknown, Record<string, string>][] = [
    ['as text', input, { 'content-type': 'text/plain' }],
    ['from elsewhere', input, { origin: 'http://evil.test' }],
    ['from another site', input, { 'sec-fetch-site': 'cross-site' }],
  ]
  if (largeToo) sent.push(['with 5 MB', { x: 'x'.repeat(5_000_000) }, {}])
  for (const [what, body, headers] of sent)
    faults.push(faultOf(await door.post(name, body, headers), `${name} ${what}`))
  return faults
}

test('without a session, with the wrong one or in the wrong role, no door opens', async () => {
  const nobody = new Door(stack.baseUrl)
  const wrong: [string, Door][] = [
    ['the patient', booked.patient.door],
    ['the receptionist', world.desk.door],
    ['the practitioner', world.doctor.door],
    ['the owner', world.owner.door],
  ]
  const has: Record<string, string[]> = {
    'the receptionist': ['frontdesk'],
    'the practitioner': ['practitioner'],
    'the owner': ['admin'],
  }
  for (const name of Object.keys(inputs) as ActionName[]) {
    const door = doors.get(name)!
    if (door === "'public'") continue
    await unchanged(name, async () => {
      const shut = await nobody.post(name, inputs[name])
      expect(shut, name).toMatchObject({ ok: false, code: 'SIGN_IN_FIRST', status: 401 })
      for (const [who, as] of wrong) {
        const roles = has[who]
        const welcome = roles
          ? door === "'staff'" || door === "'signed-in'" || roles.some((role) => door.includes(role))
          : door === "'patient'" || door === "'signed-in'"
        if (welcome) continue
        const reply = await as.post(name, inputs[name])
        expectRefused(reply, `${name} by ${who}`)
        expect([401, 403], `${name} by ${who}`).toContain(reply.status)
      }
    })
  }
})

// The defence of attack 17 at the door: inClinic() sets the actor's clinic, and row-level security is forced.
test("attack 17: another clinic's ids are nobody's", async () => {
  const swaps: [string, string][] = [
    [world.clinicId, foreign.clinicId],
    [world.doctor.memberId, foreign.doctor.memberId],
    [world.services.free.id, foreign.services.free.id],
    [world.consentTextId, foreign.consentTextId],
    [booked.appointmentId, theirs.appointmentId],
    [booked.patient.handle.patientId, theirs.patient.handle.patientId],
    [booked.patient.handle.keyId, theirs.patient.handle.keyId],
  ]
  const { id } = inputs['clinic/save-service']
  const { services } = await foreign.owner.door.get('clinic/settings', {})
  swaps.push([id!, services[0]!.id])
  // Answers that say nothing of the other clinic, whatever id they are given: public ones, a witness's among them, and empty ones.
  const open = ['patient/challenge', 'access/chain', 'access/slug-free', 'booking/slots', 'audit/links']
  const empty: Partial<Record<ActionName, Record<string, unknown>>> = {
    'encounter/day': { rows: [], records: [] },
    'calendar/load': { rows: [], load: [], taken: [], open: [], away: [], elsewhere: [], records: [] },
    'record/mine': { records: [] },
    'audit/names': { records: [] },
    'access/coming': { coming: [] },
    'emergency/keep': { statement: null, missing: [] },
    'emergency/records': { records: [] },
    'rewrap/next': { records: [] },
  }
  const accepted: string[] = []
  for (const name of Object.keys(inputs) as ActionName[]) {
    const text = JSON.stringify(inputs[name])
    for (const [mine, other] of swaps) {
      // A device names its own key as it likes: the key itself is what is filed, and compared.
      if (!text.includes(mine) || (name === 'call/ticket' && mine === booked.patient.handle.keyId)) continue
      await unchanged(name, async () => {
        const reply = await insider(name).post(name, text.replaceAll(mine, other))
        const fault = reply.ok ? null : faultOf(reply, `${name} with ${other} for ${mine}`)
        if (fault) accepted.push(fault)
        if (!reply.ok) return
        if (empty[name]) expect(reply.value, name).toMatchObject(empty[name])
        else if (!open.includes(name)) accepted.push(`${name}: ${other} for ${mine}`)
      })
    }
  }
  expect(accepted).toEqual([])
})

test('routes beside the door refuse garbage too', async () => {
  const door = new Door(stack.baseUrl)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const signed = { 'stripe-signature': 't=1,v1=00' }
  const id = booked.appointmentId
  const asked: [string, string, RequestInit][] = [
    ['a webhook without a signature', '/api/stripe/webhook', { method: 'POST', body: '{}' }],
    ['a webhook with a false one', '/api/stripe/webhook', { method: 'POST', body: '{}', headers: signed }],
    ['a webhook too large', '/api/stripe/webhook', { method: 'POST', body: 'x'.repeat(700_000), headers: signed }],
    ['a webhook read', '/api/stripe/webhook', {}],
    ['preferences of garbage', '/api/preferences', { method: 'POST', body: 'locale=xx&theme=9', headers: form }],
    ['preferences too long', '/api/preferences', { method: 'POST', body: 'x'.repeat(5000), headers: form }],
    [
      'preferences from elsewhere',
      '/api/preferences',
      { method: 'POST', body: 'locale=fr', headers: { ...form, 'sec-fetch-site': 'cross-site' } },
    ],
    ['a prescription that is none', '/api/rx/nothing', {}],
    ['a prescription of nobody', `/api/rx/${theirs.appointmentId}`, {}],
    ['a calendar without the link', `/api/appointments/${id}/calendar`, {}],
    ['a calendar of garbage', '/api/appointments/nothing/calendar', { method: 'POST', body: '\u0000' }],
    [
      'a calendar with a false link',
      `/api/appointments/${id}/calendar`,
      { method: 'POST', body: JSON.stringify({ secret: theirs.linkSecret }) },
    ],
    ['events of the staff without a session', '/api/staff/events', {}],
    ['events of a call without its door', '/api/call/events', { method: 'POST' }],
    [
      'events of a call with a false door',
      '/api/call/events',
      { method: 'POST', headers: { authorization: 'Bearer x.y.z' } },
    ],
    [
      'a sign-in by a made-up proof',
      '/api/auth/callback/credentials',
      { method: 'POST', body: 'proof=aaaa&json=true', headers: form },
    ],
    ['an action that is none', '/api/booking/nothing', { method: 'POST', body: '{}' }],
    ['an action of Object', '/api/__proto__/constructor', { method: 'POST', body: '{}' }],
    ['an action read', '/api/booking/hold', {}],
    ['an action deleted', '/api/booking/hold', { method: 'DELETE' }],
  ]
  await unchanged('the routes', async () => {
    for (const [what, path, init] of asked) {
      const answer = await door.fetch(path, init)
      // next-auth answers a form without its token with the address of the sign-in; below, no session came of it.
      const fine = path.startsWith('/api/auth') ? [200, 302, 401] : []
      if (!fine.includes(answer.status)) {
        expect(answer.status, what).toBeGreaterThanOrEqual(400)
        expect(answer.status, what).toBeLessThan(500)
      }
      await answer.body?.cancel()
    }
  })
  expect(
    [...door.cookies.keys()].filter((name) => name.includes('session')),
    'no session came of it',
  ).toEqual([])
})
