import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openLink, PractitionerCall } from './call-client.ts'
import type { Vault } from './vault-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic } from './vault-world.ts'

const hands = vi.hoisted(() => ({ vault: null as Vault | null, answer: {} as object, asked: [] as string[] }))
vi.mock('./vault.ts', () => ({ vault: () => hands.vault }))
vi.mock('./api.ts', () => ({
  call: (name: string) => {
    hands.asked.push(name)
    return Promise.resolve({ ok: true, value: hands.answer })
  },
}))

const [world, other] = [await clinic(), await clinic()]
const { clinicId, rootFingerprint } = world
const pins = new Map<string, string>()
beforeEach(() => {
  hands.vault = createVault(memoryStorage())
  hands.asked.length = 0
  pins.clear()
  vi.stubGlobal('navigator', { locks: { request: (_: string, work: () => unknown) => work() } })
  vi.stubGlobal('localStorage', { getItem: (name: string) => pins.get(name) ?? null })
})
afterEach(() => vi.unstubAllGlobals())

// Defence: the comparison in PractitionerCall.open. Without it "matches" vouches for the accomplice in the call as whomever
// the server names, and hands that patient's records on.
test('attack 7: a call that the server opens for another patient than the chart’s is none', async () => {
  hands.answer = { door: 'd', patientId: crypto.randomUUID(), clinicId, sync: { callId: 'x' } }
  const opened = await PractitionerCall.open(crypto.randomUUID(), crypto.randomUUID())
  expect(opened).toEqual({ ok: false, code: 'OTHER_PATIENT' })
  expect(hands.asked).toEqual(['call/open'])
})

/** Opens the link where the server answers this clinic's chain. Refusals as the worker's door answers them. */
const look = ({ chain }: typeof world) => {
  hands.answer = { ...chain, patientId: crypto.randomUUID() }
  return openLink('a', '#s=secret').catch(({ code }: { code: string }) => ({ ok: false, code }))
}

// Defence: `pinOf` in openLink. The clinic's own link told this browser the root, and nothing else has loaded a chain yet.
test('attack 6: a false clinic in the call is refused by a browser that the clinic’s own link was opened in', async () => {
  // As the server made it: the clinic's id, and a root of its own.
  pins.set(`curtain:pin:${other.clinicId}`, rootFingerprint)
  expect(await look(other)).toMatchObject({ ok: false, code: 'CHAIN_FORKED' })
})

test('a clinic’s key is told as trusted by its link, or on first use', async () => {
  expect(await look(world)).toMatchObject({ ok: true, value: { trust: 'first-use' } })
  pins.set(`curtain:pin:${clinicId}`, rootFingerprint)
  expect(await look(world)).toMatchObject({ ok: true, value: { trust: 'link' } })
})

// Defence: `bound?.patient.clinicId` in openLink. A clinic that nobody here has heard of has no pin to break.
test('attack 6: a device that booked here takes no other clinic for its appointment’s', async () => {
  const vault = hands.vault!
  await vault.loadChain(world.chain, rootFingerprint)
  const patientId = crypto.randomUUID()
  await vault.createPatient({ clinicId, patientId, home: 'memory' })
  await vault.bindAppointment({ appointmentId: 'a', patientId, linkSecret: 'secret' })
  expect(await look(world)).toMatchObject({ ok: true, value: { trust: 'link', patient: { patientId } } })
  expect(await look(other)).toMatchObject({ ok: false, code: expect.stringMatching(/^CHAIN_/) })
})
