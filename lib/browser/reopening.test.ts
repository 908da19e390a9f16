import { expect, test, vi } from 'vitest'
import type { Sealed } from '../crypto/types.ts'
import { reopening } from './reopening.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, input, patientOf, sealAs, signIn } from './vault-world.ts'

const world = await clinic()

/** A page with its own vault, which counts what is handed to it whole; and a list of two records that it opened. */
async function page(seconds = 300) {
  const patient = await patientOf(world)
  const { patientId } = patient.handle
  const vault = createVault(memoryStorage())
  await signIn(world, world.owner, { vault })
  await vault.cacheFor(seconds)
  const identity = await sealAs(patient, 'identity', { name: 'Ada' })
  await world.owner.vault.open([identity], { patientId })
  const note = await world.owner.vault.seal(input(patient.handle, 'note', { text: 'hello' }, []))
  const handed = vi.fn(vault.open)
  const open = reopening({ open: handed as typeof vault.open, openAgain: vault.openAgain })
  const records: Sealed[] = [identity, note]
  const first = await open(records, { patientId })
  expect(first.map(({ ok }) => ok)).toEqual([true, true])
  const whole = () => handed.mock.calls.flatMap(([given]) => given).length
  expect(whole()).toBe(2)
  return { vault, open, records, patientId, first, whole, patient }
}
/** As the server answers it anew: other objects, the same bytes. */
const again = (records: Sealed[]) => structuredClone(records)

test('a list that is read again is opened by name, and what is new in it is handed over', async () => {
  const { open, records, patientId, first, whole, patient } = await page()
  expect(await open(again(records), { patientId })).toEqual(first)
  expect(whole()).toBe(2)
  const more = await world.owner.vault.seal(input(patient.handle, 'note', { text: 'more' }, []))
  const [one, added, two] = await open([records[0]!, more, records[1]!], { patientId })
  expect([one, two]).toEqual(first)
  expect(added).toMatchObject({ ok: true, value: { content: { text: 'more' } } })
  expect(whole()).toBe(3)
})

// Defence: isSame in reopening.ts, by index.
test('attack 8: other bytes under the signature of a record that was opened are another record', async () => {
  const { open, records, patientId, first, whole } = await page()
  const [identity, note] = again(records) as [Sealed, Sealed]
  const moved = { ...note, meta: { ...note.meta, recordId: identity.meta.recordId } }
  const altered = { ...note, ciphertext: identity.ciphertext }
  const results = await open([note, altered, moved, identity], { patientId })
  expect(results[0]).toEqual(first[1])
  expect(results[3]).toEqual(first[0])
  expect(results.slice(1, 3).map(({ ok }) => ok)).toEqual([false, false])
  expect(whole()).toBe(4)
})

// Defences: patientId in openAgain, and isSamePlace in named.
test('attack 8: what is remembered of one patient is not answered for another, nor for another place', async () => {
  const { vault, records, patientId } = await page()
  const [, { meta, signature }] = records as [Sealed, Sealed]
  const other = crypto.randomUUID()
  expect(await vault.openAgain([{ meta, signature }], { patientId: other })).toEqual([null])
  const elsewhere = { meta: { ...meta, patientId: other }, signature }
  expect(await vault.openAgain([elsewhere], { patientId: other })).toEqual([null])
  expect(await vault.openAgain([{ meta, signature }], { patientId })).toMatchObject([{ ok: true }])
})

test('attack 15: what the vault forgot is handed over and opened again; a locked account is told so', async () => {
  const { vault, open, records, patientId, first, whole } = await page()
  await vault.cacheFor(0)
  expect(await open(again(records), { patientId })).toEqual(first)
  expect(whole()).toBe(4)
  await vault.lock()
  await expect(open(again(records), { patientId })).rejects.toMatchObject({ code: 'LOCKED' })
})
