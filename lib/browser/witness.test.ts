import { expect, test, vi } from 'vitest'
import { random, toB64 } from '../crypto/bytes.ts'
import { verifyChain } from '../crypto/chain.ts'
import { importSecret } from '../crypto/keys.ts'
import { signHead } from '../crypto/witness.ts'
import type { Vault } from './vault-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic } from './vault-world.ts'
import { compareWitness } from './witness.ts'

const here = vi.hoisted(() => ({ asked: 0, compared: 0, answers: [] as unknown[], vault: null as Vault | null }))
const counting = { checkWitness: async () => void here.compared++, knownWitness: async () => null }
vi.mock('./vault.ts', () => ({ vault: () => here.vault ?? counting }))
vi.mock('./api.ts', () => ({
  call: () => {
    here.asked++
    return Promise.resolve(here.answers.shift())
  },
}))

// Defence: witnessOf keeps no failed answer; kept, a server that is silent once is never compared again in this tab.
test('a server that once did not say who the witness is, is asked again; what it said is kept', async () => {
  vi.stubGlobal('fetch', async () => ({ json: async () => ({ heads: [] }) }))
  const witness = { url: 'https://witness.test', key: 'key' }
  here.answers.push({ ok: false, code: 'OFFLINE' }, { ok: false, code: 'INTERNAL' }, { ok: true, value: { witness } })
  for (let time = 0; time < 4; time++) await compareWitness('clinic')
  expect([here.asked, here.compared]).toEqual([3, 2])
  vi.unstubAllGlobals()
})

// Defences: `named ?? known` in compareWitness, and knownWitness.
test('attack 11: a browser that knew a witness asks it though the server names none, and says that none is named', async () => {
  vi.resetModules()
  const { compareWitness } = await import('./witness.ts')
  const world = await clinic()
  const { clinicId } = world
  const vault = createVault(memoryStorage())
  here.vault = vault
  const { hashes, head } = await verifyChain(clinicId, world.chain.statements)
  const { pair, public: raw } = await importSecret('Ed25519', random(32))
  const signed = async (length: number, at: Uint8Array<ArrayBuffer>) => {
    const fields = { clinicId, kind: 'members' as const, length, head: at, at: '2026-11-21T10:00:00.000Z' }
    return toB64(await signHead(fields, pair.privateKey))
  }
  let heads = [await signed(hashes.length, head)]
  const asked: string[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(new URL(url).host)
    return { json: async () => ({ heads }) }
  })
  await vault.loadChain(world.chain, world.rootFingerprint)
  const witness = { url: 'https://witness.test', key: toB64(raw) }
  here.answers = [{ ok: true, value: { witness } }]
  expect(await compareWitness(clinicId)).toBe('compared')

  // Another tab, another day: the server names none, and shows a chain that was cut back.
  vi.resetModules()
  const later = await import('./witness.ts')
  here.answers = [
    { ok: true, value: { witness: null } },
    { ok: true, value: world.chain },
  ]
  expect(await later.compareWitness(clinicId)).toBe('unnamed')
  expect(asked).toEqual(['witness.test', 'witness.test'])
  heads = [await signed(hashes.length + 1, new Uint8Array(32))]
  await expect(later.compareWitness(clinicId)).rejects.toMatchObject({ code: 'CHAIN_SHORTER' })

  // And a place that does not answer, named with the right key, takes nothing away.
  vi.resetModules()
  const moved = await import('./witness.ts')
  here.answers = [{ ok: true, value: { witness: { ...witness, url: 'https://nowhere.test' } } }]
  here.answers.push({ ok: true, value: world.chain })
  await expect(moved.compareWitness(clinicId)).rejects.toMatchObject({ code: 'CHAIN_SHORTER' })
  expect(asked.at(-1)).toBe('witness.test')
  vi.unstubAllGlobals()
})
