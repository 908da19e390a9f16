import { expect, test, vi } from 'vitest'
import { random } from '../crypto/bytes.ts'
import { recordCache } from './record-cache.ts'
import { clinic, codeOf, input, patientOf, sealAs, signIn } from './vault-world.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import type { Vault } from './vault-api.ts'
import type { Sealed } from '../crypto/types.ts'

const world = await clinic()

/** A list of notes with an identity, and a browser that remembers. */
async function list() {
  const patient = await patientOf(world)
  const { patientId } = patient.handle
  const identity = await sealAs(patient, 'identity', { name: 'Ada' })
  await world.owner.vault.open([identity], { patientId })
  const note = await world.owner.vault.seal(input(patient.handle, 'note', { text: 'hello' }, []))
  return { patientId, records: [identity, note] }
}
async function browser(seconds: number) {
  const vault = createVault(memoryStorage())
  await signIn(world, world.owner, { vault })
  await vault.cacheFor(seconds)
  return vault
}
/** What a list is answered as once its grants are gone from the server: opened from memory, or not at all. */
const withoutGrants = async (vault: Vault, records: Sealed[], patientId: string) => {
  const results = await vault.open(
    records.map((record) => ({ ...record, grants: [] })),
    { patientId },
  )
  return results.map((result) => (result.ok ? 'opened' : result.code))
}
const opened = ['opened', 'opened']
const refused = ['NOT_FOR_YOU', 'NOT_FOR_YOU']

test('a list that was opened opens again from memory, and with the time at none it does not', async () => {
  const { patientId, records } = await list()
  for (const [seconds, then] of [
    [300, opened],
    [0, refused],
  ] as const) {
    const vault = await browser(seconds)
    const before = await vault.open(records, { patientId })
    expect(before.every(({ ok }) => ok)).toBe(true)
    expect(await withoutGrants(vault, records, patientId)).toEqual(then)
    if (seconds) expect(await vault.open(records, { patientId })).toEqual(before)
  }
})

// Defence: `until > now()` in record-cache.ts.
test('attack 15: what was remembered ends with its time, and reading it makes that no longer', () => {
  let now = 0
  const cache = recordCache(() => now)
  cache.keepFor(60)
  cache.keepDek('hash', random(32))
  now = 59_999
  expect(cache.dek('hash')).not.toBeNull()
  cache.keepDek('hash', random(32))
  now = 60_000
  expect(cache.dek('hash')).toBeNull()
})

// Defence: the `min` in `keepFor`.
test('a clinic’s server that asks for a day gets an hour', () => {
  let now = 0
  const cache = recordCache(() => now)
  cache.keepFor(86_400)
  cache.keepDek('hash', random(32))
  now = 3_600_000
  expect(cache.dek('hash')).toBeNull()
})

test('memory is empty after its time, whether or not anybody asks', () => {
  vi.useFakeTimers()
  try {
    const cache = recordCache(() => Date.now())
    cache.keepFor(60)
    const dek = random(32)
    cache.keepDek('hash', dek)
    expect(vi.getTimerCount()).toBe(1)
    vi.advanceTimersByTime(60_000)
    expect(cache.dek('hash')).toBeNull()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

// Defences: `cache.drop` in adoptChain; for the lock, `keepFor(0)` there and `drop` at the next unlocking, one of which is enough.
test('attack 15: a removal, and a lock, end what was remembered at once', async () => {
  const { patientId, records } = await list()
  const vault = await browser(300)
  await vault.open(records, { patientId })
  await vault.loadChain(world.chain)
  expect(await withoutGrants(vault, records, patientId)).toEqual(opened)
  await world.join(['frontdesk'])
  await vault.loadChain(world.chain)
  expect(await withoutGrants(vault, records, patientId)).toEqual(refused)

  await vault.open(records, { patientId })
  await vault.lock()
  expect(await codeOf(vault.open(records, { patientId }))).toBe('LOCKED')
  await signIn(world, world.owner, { vault })
  expect(await withoutGrants(vault, records, patientId)).toEqual(refused)
})

// The DEK alone skips the grant: signature, place, author and commitment are asked each time.
test('attack 8: a key that is remembered opens nothing that was altered or moved', async () => {
  const { patientId, records } = await list()
  const vault = await browser(300)
  await vault.open(records, { patientId })
  const [, note] = records as [Sealed, Sealed]
  const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
  for (const [altered, code] of [
    [{ ...note, ciphertext: flip(note.ciphertext) }, 'BAD_SIGNATURE'],
    [{ ...note, commit: flip(note.commit) }, 'BAD_SIGNATURE'],
    [{ ...note, signature: flip(note.signature) }, 'BAD_SIGNATURE'],
    [{ ...note, meta: { ...note.meta, revision: 2 } }, 'BAD_ENVELOPE'],
    [{ ...note, meta: { ...note.meta, type: 'draft' as const } }, 'BAD_ENVELOPE'],
  ] as const) {
    const [result] = await vault.open([altered], { patientId })
    expect(result).toMatchObject({ ok: false, code })
  }
})
