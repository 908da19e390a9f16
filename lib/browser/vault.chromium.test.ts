import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ready, server } from '@serenity-kit/opaque'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type Lab, openLab } from '../../bench/chromium.ts'
import type * as bytes from '../crypto/bytes.ts'
import type { Vault } from './vault-api.ts'
import { clinic, type Clinic, PASSWORD } from './vault-world.ts'

declare const lab: { vault: Vault; base64: typeof bytes }

// Argon2id with 64 MiB, several times a test, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

let browser: Lab
let world: Clinic
const profile = mkdtempSync(join(tmpdir(), 'curtain-vault-'))
const programs = { 'vault-worker': 'lib/browser/vault.worker.ts', lab: 'lib/browser/vault.lab.ts' }

const load = () =>
  browser.page
    .addScriptTag({ type: 'module', url: '/lab.js' })
    .then(() => browser.page.waitForFunction('globalThis.lab'))

beforeAll(async () => {
  await ready
  world = await clinic()
  browser = await openLab({ programs, profile })
  await load()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  rmSync(profile, { recursive: true, force: true })
})

test('a patient of this browser seals, reloads, and opens again', async () => {
  const { clinicId, chain, rootFingerprint } = world
  const patientId = crypto.randomUUID()
  const recordId = crypto.randomUUID()
  const sealed = await browser.page.evaluate(
    async ({ clinicId, chain, rootFingerprint, patientId, recordId }) => {
      const { vault } = lab
      const home = await vault.probe()
      const view = await vault.loadChain(chain, rootFingerprint)
      const patient = await vault.createPatient({ clinicId, patientId, home })
      await vault.bindAppointment({ appointmentId: 'a1', patientId, linkSecret: 'c2VjcmV0' })
      const record = await vault.seal({
        clinicId,
        patientId,
        recordId,
        revision: 1,
        schema: 1,
        type: 'identity',
        managing: 'desk',
        groups: ['desk', 'clinical'],
        patients: [{ patientId, key: patient.keys.dh }],
        content: { name: 'Ada Lovelace' },
        asPatient: patientId,
      })
      return { home, trust: view.trust, record, patient }
    },
    { clinicId, chain, rootFingerprint, patientId, recordId },
  )
  expect(sealed.home).toBe('stored')
  expect(sealed.trust).toBe('link')
  expect(sealed.patient.home).toBe('stored')

  await browser.page.reload()
  await load()
  const after = await browser.page.evaluate(
    async ({ chain, record, patientId }) => {
      const { vault } = lab
      const view = await vault.loadChain(chain)
      return {
        trust: view.trust,
        bound: await vault.appointment('a1'),
        opened: await vault.open([record], { asPatient: patientId, patientId }),
      }
    },
    { chain, record: sealed.record, patientId },
  )
  expect(after.trust).toBe('link')
  expect(after.bound?.linkSecret).toBe('c2VjcmV0')
  expect(after.opened[0]).toMatchObject({ ok: true, value: { content: { name: 'Ada Lovelace' } } })
  const [opened] = await world.owner.vault.open([sealed.record], { patientId })
  expect(opened).toMatchObject({ ok: true, value: { content: { name: 'Ada Lovelace' }, author: { kind: 'patient' } } })
})

test('refusals cross the worker with their code', async () => {
  const code = await browser.page.evaluate(() =>
    lab.vault.signStaff({ purpose: 'test', fields: [] }).then(
      () => null,
      (error) => ({ code: error.code, name: error.name }),
    ),
  )
  expect(code).toEqual({ code: 'LOCKED', name: 'VaultError' })
})

test('a member signs in by password, resumes after a reload in the same session only, and locks', async () => {
  const setup = server.createSetup()
  const clinicId = crypto.randomUUID()
  const memberId = crypto.randomUUID()
  await browser.page.exposeFunction('register', (request: string) =>
    server.createRegistrationResponse({ serverSetup: setup, userIdentifier: memberId, registrationRequest: request }),
  )
  await browser.page.exposeFunction('login', (record: string, request: string) =>
    server.startLogin({
      serverSetup: setup,
      userIdentifier: memberId,
      registrationRecord: record,
      startLoginRequest: request,
    }),
  )
  const founded = await browser.page.evaluate(
    async ({ clinicId, memberId, password }) => {
      type Rpc = {
        register(r: string): Promise<{ registrationResponse: string }>
        login(a: string, b: string): Promise<{ loginResponse: string }>
      }
      const rpc = globalThis as unknown as Rpc
      const { vault } = lab
      const { request } = await vault.registerStart(password)
      const { registrationResponse: response } = await rpc.register(request)
      const made = await vault.registerOwner({ clinicId, memberId, response, roles: ['admin', 'practitioner'] })
      const chain = { clinicId, statements: made.statements }
      const started = await vault.signInStart(password)
      const { loginResponse } = await rpc.login(made.record, started.request)
      await vault.signInFinish({ response: loginResponse })
      const { wrappedAccount, epochGrants } = made
      await vault.unlock({ clinicId, memberId, sessionId: 's1', wrappedAccount, epochGrants, chain })
      return { chain, epochGrants, keys: made.keys }
    },
    { clinicId, memberId, password: PASSWORD },
  )
  await browser.page.reload()
  await load()
  const resumed = await browser.page.evaluate(
    async ({ clinicId, memberId, chain, epochGrants }) => {
      const { vault } = lab
      const again = { clinicId, memberId, epochGrants, chain }
      const view = await vault.resume({ ...again, sessionId: 's1' })
      const signature = await vault.signStaff({ purpose: 'test', fields: ['x'] })
      await vault.lock()
      const locked = await vault.signStaff({ purpose: 'test', fields: [] }).then(
        () => null,
        (error) => error.code,
      )
      return { view, signature, locked, after: await vault.resume({ ...again, sessionId: 's1' }) }
    },
    { clinicId, memberId, ...founded },
  )
  expect(resumed.view).toMatchObject({ trust: 'account', length: 5 })
  expect(resumed.signature).toMatch(/^[\w-]{86}$/)
  expect(resumed.locked).toBe('LOCKED')
  expect(resumed.after).toBe(false)
}, 30_000)

test('no key in IndexedDB can be exported', async () => {
  const found = await browser.page.evaluate(async () => {
    const request = indexedDB.open('curtain-vault', 1)
    const database = await new Promise<IDBDatabase>((resolve) => (request.onsuccess = () => resolve(request.result)))
    const all = database.transaction('kept').objectStore('kept').getAll()
    const values = await new Promise<unknown[]>((resolve) => (all.onsuccess = () => resolve(all.result)))
    const keys: { type: string; extractable: boolean }[] = []
    const walk = (value: unknown): void => {
      if (value instanceof CryptoKey) keys.push({ type: value.type, extractable: value.extractable })
      else if (value && typeof value === 'object') Object.values(value).forEach(walk)
    }
    walk(values)
    return keys
  })
  const secret = found.filter((key) => key.type !== 'public')
  expect(secret.length).toBeGreaterThan(1)
  expect(secret.every((key) => !key.extractable)).toBe(true)
})

test('the browser’s own base64 and ours take and give the same texts', async () => {
  const differences = await browser.page.evaluate(() => {
    const { fromB64, fromB64Slowly, toB64, toB64Slowly } = lab.base64
    const outcome = (decode: typeof fromB64, text: string) => {
      try {
        return [...decode(text)].join()
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    const texts = [
      '',
      'A',
      'AA',
      'AB',
      'AA==',
      'AAA',
      'AAB',
      'AAA=',
      'AAAA',
      'AAAAA',
      ' AAAA',
      'AA AA',
      'A+/A',
      'A-_A',
      'AAAA\n',
      'ÉAAA',
    ]
    for (let length = 0; length < 100; length++) {
      const bytes = crypto.getRandomValues(new Uint8Array(length))
      if (toB64(bytes) !== toB64Slowly(bytes)) return ['encoding', length]
      texts.push(toB64(bytes))
    }
    const native = 'fromBase64' in Uint8Array && 'toBase64' in new Uint8Array()
    return native ? texts.filter((text) => outcome(fromB64, text) !== outcome(fromB64Slowly, text)) : ['not native']
  })
  expect(differences).toEqual([])
})
