import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { env } from './env.ts'
import { directoryKeyStore } from './keystore-dir.ts'
import { outerLayerCases, patient } from './keystore-suite.ts'
import { testDb } from './testing.ts'

testDb()

describe('the outer layer, its keys in a directory', () => {
  outerLayerCases(() => directoryKeyStore(env().KEYSTORE_DIR))

  it('passes over what a process that was killed left beside a key', async () => {
    const { clinicId, patientId } = patient(9)
    const store = directoryKeyStore(env().KEYSTORE_DIR)
    await store.add(patient(9), { kek: 'x', wrapped: new Uint8Array(4) })
    const folder = join(env().KEYSTORE_DIR, clinicId)
    writeFileSync(join(folder, `${patientId}.clinical.0123456789ab`), 'half')
    const names = []
    for await (const name of store.notUnder('y')) names.push(name)
    expect(names.filter((name) => name.patientId === patientId)).toEqual([patient(9)])
    await store.remove(patient(9))
    expect(readdirSync(folder).filter((name) => name.startsWith(patientId))).toHaveLength(1)
  })
})
