// The threads that pass records on, in a real browser: workers of the vault's worker.
import { ready, server } from '@serenity-kit/opaque'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Lab, openLab } from '../../bench/chromium.ts'
import type * as bytes from '../crypto/bytes.ts'
import type { Due } from './passing-on.ts'
import type { Vault } from './vault-api.ts'
import { PASSWORD } from './vault-world.ts'

declare const lab: { vault: Vault; base64: typeof bytes; due: Due[] }

const [clinicId, memberId] = [crypto.randomUUID(), crypto.randomUUID()]
const RECORDS = 120
let browser: Lab

async function open(programs: Record<string, string>): Promise<Lab> {
  const opened = await openLab({
    programs: { ...programs, 'vault-worker': 'lib/browser/vault.worker.ts', lab: 'lib/browser/vault.lab.ts' },
  })
  const setup = server.createSetup()
  await opened.page.exposeFunction('register', (request: string) =>
    server.createRegistrationResponse({ serverSetup: setup, userIdentifier: memberId, registrationRequest: request }),
  )
  await opened.page.exposeFunction('login', (record: string, request: string) =>
    server.startLogin({
      serverSetup: setup,
      userIdentifier: memberId,
      registrationRecord: record,
      startLoginRequest: request,
    }),
  )
  await opened.page.addScriptTag({ type: 'module', url: '/lab.js' })
  await opened.page.waitForFunction('globalThis.lab')
  await opened.page.evaluate(
    async ({ clinicId, memberId, password, count }) => {
      const rpc = globalThis as unknown as {
        register(r: string): Promise<{ registrationResponse: string }>
        login(a: string, b: string): Promise<{ loginResponse: string }>
      }
      const { vault, base64 } = lab
      const { request } = await vault.registerStart(password)
      const { registrationResponse: response } = await rpc.register(request)
      const made = await vault.registerOwner({ clinicId, memberId, response, roles: ['admin', 'practitioner'] })
      const chain = { clinicId, statements: made.statements }
      const started = await vault.signInStart(password)
      const { loginResponse } = await rpc.login(made.record, started.request)
      await vault.signInFinish({ response: loginResponse })
      const { wrappedAccount, epochGrants } = made
      await vault.unlock({ clinicId, memberId, sessionId: 's1', wrappedAccount, epochGrants, chain })
      const sealed = await vault.sealMany(
        Array.from({ length: count }, () => ({
          ...{ clinicId, patientId: crypto.randomUUID(), recordId: crypto.randomUUID(), revision: 1, schema: 1 },
          ...{ type: 'note' as const, managing: 'clinical' as const, groups: ['clinical' as const], content: 'x' },
        })),
      )
      lab.due = await Promise.all(
        sealed.map(async ({ ciphertext, signature: _, ...record }) => {
          const hash = await crypto.subtle.digest('SHA-256', base64.fromB64(ciphertext))
          return { ...record, ciphertextHash: base64.toB64(new Uint8Array(hash)), loose: false }
        }),
      )
    },
    { clinicId, memberId, password: PASSWORD, count: RECORDS },
  )
  return opened
}
/** How many records are passed on, and how many refused, of all with one that was altered. */
const passOn = ({ page }: Lab) =>
  page.evaluate(async () => {
    const [first, ...rest] = lab.due
    const altered = { ...first!, ciphertextHash: rest[0]!.ciphertextHash }
    const { done, failed } = await lab.vault.rewrap([altered, ...rest])
    return { done: done.length, failed: failed.map(({ code }) => code) }
  })
const all = { done: RECORDS - 1, failed: ['BAD_SIGNATURE'] }

beforeAll(async () => {
  await ready
  browser = await open({ 'hand.worker': 'lib/browser/hand.worker.ts' })
}, 60_000)
afterAll(() => browser?.close())

test('records are passed on by threads of their own, with the same answers', async () => {
  expect(await passOn(browser)).toEqual(all)
  expect(browser.served.filter((path) => path.includes('hand.worker')).length).toBeGreaterThan(0)
})

// Defence: `stopped` in hands.ts. Without it this waits for ever for a thread that has ended with its keys.
test('a lock in the middle ends the threads, and nothing is handed out', async () => {
  const code = await browser.page.evaluate(async () => {
    const passing = lab.vault.rewrap(lab.due).then(
      () => null,
      (error) => error.code,
    )
    await lab.vault.lock()
    return passing
  })
  expect(code).toBe('LOCKED')
})

// Defence: `broken` in hands.ts. Without it this waits for ever.
test('where their script does not load, the vault passes them on by itself', async () => {
  const without = await open({})
  try {
    expect(await passOn(without)).toEqual(all)
  } finally {
    await without.close()
  }
}, 60_000)
