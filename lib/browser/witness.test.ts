import { expect, test, vi } from 'vitest'
import { compareWitness } from './witness.ts'

const here = vi.hoisted(() => ({ asked: 0, compared: 0, answers: [] as unknown[] }))
vi.mock('./vault.ts', () => ({ vault: () => ({ checkWitness: async () => void here.compared++ }) }))
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
