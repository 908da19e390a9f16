import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepRoot } from './booking-device.ts'
import { recover } from './recover.ts'
import type { Vault } from './vault-api.ts'
import { createVault } from './vault-core.ts'
import { refusalCode, VaultError } from './vault-error.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, patientOf, sealAs } from './vault-world.ts'

const hands = vi.hoisted(() => ({ vault: null as Vault | null, answers: {} as Record<string, unknown> }))
/** Refusals as the worker's door answers them. */
const throughDoor = (vault: Vault): Vault =>
  new Proxy(vault, {
    get:
      (at, method: keyof Vault) =>
      async (...given: never[]) =>
        (at[method] as (...all: never[]) => Promise<unknown>)(...given).catch((error: unknown) => {
          const code = refusalCode(error)
          throw code ? new VaultError(code) : error
        }),
  })
vi.mock('./vault.ts', () => ({ vault: () => throughDoor(hands.vault!) }))
vi.mock('./api.ts', () => ({
  call: (name: string) =>
    Promise.resolve(hands.answers[name] ? { ok: true, value: hands.answers[name] } : { ok: false, code: 'OFFLINE' }),
}))

const [world, other] = [await clinic(), await clinic()]
const { clinicId, rootFingerprint } = world
const kept = new Map<string, string>()
const pin = () => kept.get(`curtain:pin:${clinicId}`)
beforeEach(() => {
  kept.clear()
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  }
  vi.stubGlobal('localStorage', storage)
  vi.stubGlobal('sessionStorage', { getItem: () => null })
  vi.stubGlobal('location', { origin: 'https://clinic.test' })
})
afterEach(() => vi.unstubAllGlobals())

/** A printed page, and a browser that has nothing. */
async function printed() {
  const own = await patientOf(world)
  const secret = await own.vault.newBackupSecret()
  const { patientId } = own.handle
  hands.vault = createVault(memoryStorage())
  hands.answers = { 'access/chain': world.chain, 'patient/find-backup': { clinicId, patientId } }
  return { own, secret, patientId }
}

// Defence: recover tries the root, and keeps nothing before keepRoot.
test('attack 6: a link of a printed page that names another root is refused, and this browser still knows the clinic', async () => {
  const { secret } = await printed()
  expect(await recover(secret, other.rootFingerprint)).toEqual({ ok: false, why: 'forged' })
  expect(pin()).toBeUndefined()
  const again = await hands.vault!.loadChain(world.chain, rootFingerprint)
  expect(again.trust).toBe('link')
})

// Defence: `tried` of loadChain. With the server's help the false root has a chain that verifies.
test('attack 6: a root that verified and opened nothing of the patient’s is not kept either', async () => {
  const { secret, patientId } = await printed()
  const storage = memoryStorage()
  hands.vault = createVault(storage)
  expect(await recover(secret, rootFingerprint)).toEqual({ ok: false, why: 'offline' })
  expect(pin()).toBeUndefined()
  expect(await storage.keys('pin:')).toEqual([])
  hands.answers = {
    ...{ ...hands.answers, 'patient/challenge': { nonce: 'n' }, 'patient/session': { expiresAt: '' } },
    'patient/chart': { keys: [], records: [] },
  }
  const handle = await hands.vault.createPatient({ clinicId, patientId, home: 'memory' })
  await keepRoot(handle, rootFingerprint)
  expect(pin()).toBeUndefined()
})

test('a root under which the patient’s own record opened is what the clinic is known by', async () => {
  const { own } = await printed()
  hands.vault = own.vault
  const record = await sealAs(own, 'identity', { name: 'Vera' })
  hands.answers = {
    ...{ 'patient/challenge': { nonce: 'n' }, 'patient/session': { expiresAt: '' } },
    'patient/chart': { keys: [{ keys: own.handle.keys, link: null, state: 'known' }], records: [record] },
  }
  await keepRoot(own.handle, rootFingerprint)
  expect(pin()).toBe(rootFingerprint)
})
