import { expect, it } from 'vitest'
import { beginVersion, destroyVersions, ringState } from './keks.ts'
import type { KeyStore, OuterKeyName } from './keystore-port.ts'
import { countOldOuter, destroyOuter, openOuter, rewrapOuter, sealOuter } from './keystore.ts'

const clinicId = '00000000-0000-4000-8000-000000000001'
export const patient = (number: number, kind = 'clinical'): OuterKeyName => ({
  clinicId,
  patientId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  class: kind,
})
const place = { recordId: 'r', revision: 1, recipientKey: 'k' }
const grant = new Uint8Array([1, 2, 3])

/** What holds for the outer layer wherever its keys lie. `store`: the same keys, as another process reaches them. */
export function outerLayerCases(store: () => KeyStore) {
  it('attack 8: opens for its patient, class, record, revision and recipient only', async () => {
    const sealed = await sealOuter(patient(1), place, grant)
    expect(await openOuter(patient(1), place, sealed)).toEqual(grant)
    // Defence: the additional data in keystore.ts (`aad`), and one key for each patient and class.
    for (const other of [patient(2), patient(1, 'identity')]) {
      expect(await openOuter(other, place, sealed)).toBeNull()
      await sealOuter(other, place, grant)
      await expect(openOuter(other, place, sealed)).rejects.toThrow()
    }
    for (const moved of [{ recordId: 's' }, { revision: 2 }, { recipientKey: 'l' }])
      await expect(openOuter(patient(1), { ...place, ...moved }, sealed)).rejects.toThrow()
  })

  it('makes one key, also when many ask at once', async () => {
    const sealed = await Promise.all([1, 2, 3, 4].map(() => sealOuter(patient(5), place, grant)))
    for (const each of sealed) expect(await openOuter(patient(5), place, each)).toEqual(grant)
  })

  it('is gone with its key, also for a process that had it in memory', async () => {
    const sealed = await sealOuter(patient(3), place, grant)
    expect(await openOuter(patient(3), place, sealed)).toEqual(grant)
    // As another process does it.
    await store().remove(patient(3))
    expect(await openOuter(patient(3), place, sealed)).toBeNull()
    // A key made anew is another key.
    await sealOuter(patient(3), place, grant)
    await expect(openOuter(patient(3), place, sealed)).rejects.toThrow()
    expect(await destroyOuter(patient(3))).toBe((await ringState('store')).current)
    expect(await openOuter(patient(3), place, sealed)).toBeNull()
  })

  it('takes no path for an id or a class', async () => {
    for (const name of [{ ...patient(1), patientId: '../../x' }, patient(1, '../x'), patient(1, 'a.b')])
      await expect(sealOuter(name, place, grant)).rejects.toThrow(TypeError)
  })

  it('moves to the next KEK in steps, brings back nothing that was destroyed, and then needs the old one no more', async () => {
    const names = Array.from({ length: 120 }, (_, index) => patient(1000 + index))
    const sealed = await Promise.all(names.map((name) => sealOuter(name, place, grant)))
    const { current: old } = await ringState('store')
    await beginVersion('store', new Date())
    const stale = await store().find(names[0]!)
    await destroyOuter(names[0]!)
    // Defence: `replace` changes a key that is there, and makes none.
    await store().replace(names[0]!, stale!)
    const all = await countOldOuter()
    expect(all).toBeGreaterThanOrEqual(119)
    // Stopped after its first step: some are under the one version and some under the other, and all open.
    expect(await rewrapOuter(() => 'stop')).toBe(50)
    expect(await countOldOuter()).toBe(all - 50)
    for (const [index, name] of names.entries())
      expect(await openOuter(name, place, sealed[index]!)).toEqual(index === 0 ? null : grant)
    const steps: number[] = []
    await rewrapOuter((moved) => {
      steps.push(moved)
      return 'go on'
    })
    expect(steps.at(-1)).toBe(all - 50)
    expect(await countOldOuter()).toBe(0)
    await destroyVersions('store', [old])
    expect(await openOuter(names[1]!, place, sealed[1]!)).toEqual(grant)
    // What a backup of the key store holds.
    await store().add(names[0]!, stale!)
    await expect(openOuter(names[0]!, place, sealed[0]!)).rejects.toMatchObject({ code: 'KEK_GONE' })
  })
}
