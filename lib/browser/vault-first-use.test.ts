// A code by e-mail lets anybody who reads the patient's mail make a device of their own for the patient.
import { beforeAll, expect, test } from 'vitest'
import type { Sealed } from '../crypto/types.ts'
import type { PatientHandle, PatientKeyInput, Vault } from './vault-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, type Clinic, codeOf, input, patientOf, sealAs, signIn, type Staff } from './vault-world.ts'

let world: Clinic
let doctor: Staff
beforeAll(async () => {
  world = await clinic(['admin'])
  doctor = await world.join(['practitioner'])
})

/** A practitioner's browser that was wiped: the password is all that it knows. */
async function wipedDoctor() {
  const vault = createVault(memoryStorage())
  await signIn(world, doctor, { vault })
  return vault
}
/** What readChart does: keys, records, keys. */
async function readAsChart(vault: Vault, handle: PatientHandle, keys: PatientKeyInput[], records: Sealed[]) {
  const { clinicId, patientId } = handle
  await vault.loadPatientKeys({ clinicId, patientId, keys })
  const opened = await vault.open(records, { patientId })
  return { opened, trust: (await vault.loadPatientKeys({ clinicId, patientId, keys })).map((view) => view.trust) }
}

// Defence: `known.length > 0` in trustPatient, in vault-patient-keys.ts.
test('attack 7: beside a vouched key none takes the place of the first, and none reads on first use', async () => {
  const patient = await patientOf(world)
  const thief = await patientOf(world, patient.handle.patientId)
  const identity = await sealAs(patient, 'identity', { name: 'Ada' })
  const { clinicId, patientId, keys } = patient.handle
  const vault = await wipedDoctor()
  await vault.open([identity], { patientId })
  const { vouch } = await vault.vouchPatient({ clinicId, patientId, keys, reason: 'call' })
  const intake = await sealAs(thief, 'intake', { answers: { allergies: 'none' } })
  const forged = await sealAs(thief, 'identity', { name: 'Eve' })
  const claimed = [{ keys, vouch }, { keys: thief.handle.keys }]
  for (const reader of [vault, await wipedDoctor()]) {
    const { opened, trust } = await readAsChart(reader, patient.handle, claimed, [forged, identity, intake])
    expect(opened).toMatchObject([
      { ok: false, code: 'NOT_VOUCHED', unvouched: { content: { name: 'Eve' }, author: { vouched: false } } },
      { ok: true, value: { content: { name: 'Ada' }, author: { vouched: true } } },
      { ok: false, code: 'NOT_VOUCHED', unvouched: { content: { answers: { allergies: 'none' } } } },
    ])
    expect(trust).toEqual(['vouched', 'none'])
    for (const type of ['note', 'prescription'] as const) {
      const toThief = input(patient.handle, type, { text: 'rest' }, [thief.handle.keys.dh])
      expect(await codeOf(reader.seal(toThief))).toBe('NOT_VOUCHED')
      expect(await codeOf(reader.seal(input(patient.handle, type, { text: 'rest' })))).toBe('accepted')
    }
    const to = { kind: 'patient', id: patientId, key: thief.handle.keys.dh, epoch: 0 } as const
    expect(await codeOf(reader.regrant([identity], to))).toBe('NOT_VOUCHED')
    // What the thief sent is handed on to nobody, and does not keep the patient's own from being so.
    const own = await reader.regrant([intake, identity], { ...to, key: keys.dh })
    expect(own.map((each) => each.recordId)).toEqual([identity.meta.recordId])
  }
})

// Defence: the loop of `open` in vault-records.ts. Opened all at once, the shortest record's key would be the first.
test('attack 7: where nobody is vouched for, the earliest identity says who the patient is, in an empty browser too', async () => {
  const patient = await patientOf(world)
  const thief = await patientOf(world, patient.handle.patientId)
  const records = [
    await sealAs(thief, 'intake', { answers: {} }),
    await sealAs(patient, 'identity', { name: 'Ada', bookedBy: 'x'.repeat(4_000_000) }),
    await sealAs(thief, 'identity', { name: 'Eve' }),
  ]
  const claimed = [{ keys: thief.handle.keys }, { keys: patient.handle.keys }]
  for (let round = 0; round < 3; round++) {
    const vault = await wipedDoctor()
    const { opened, trust } = await readAsChart(vault, patient.handle, claimed, records)
    expect(opened).toMatchObject([
      { ok: false, code: 'NOT_VOUCHED' },
      { ok: true, value: { author: { vouched: false } } },
      { ok: false, code: 'NOT_VOUCHED' },
    ])
    expect(trust).toEqual(['none', 'first-use'])
  }
  // Remembered past the worker: afterwards not even the earliest counts.
  const storage = memoryStorage()
  const first = createVault(storage)
  await signIn(world, doctor, { vault: first })
  await first.open([records[1]!], patient.handle)
  const later = createVault(storage)
  await signIn(world, doctor, { vault: later })
  expect(await later.open([records[2]!], patient.handle)).toMatchObject([{ ok: false, code: 'NOT_VOUCHED' }])
})

// Defence: `mayRead` in vault-patient-keys.ts.
test('attack 7: a first use that was a thief’s reads no more once the patient is vouched for', async () => {
  const patient = await patientOf(world)
  const thief = await patientOf(world, patient.handle.patientId)
  const { clinicId, patientId, keys } = patient.handle
  const { vouch } = await doctor.vault.vouchPatient({ clinicId, patientId, keys, reason: 'call' })
  const vault = await wipedDoctor()
  await vault.open([await sealAs(thief, 'identity', { name: 'Eve' })], { patientId })
  const toThief = () => vault.seal(input(patient.handle, 'note', { text: 'rest' }, [thief.handle.keys.dh]))
  expect(await codeOf(toThief())).toBe('accepted')
  const claimed = [{ keys: thief.handle.keys }, { keys, vouch }]
  const views = await vault.loadPatientKeys({ clinicId, patientId, keys: claimed })
  expect(views.map((view) => view.trust)).toEqual(['none', 'vouched'])
  expect(await codeOf(toThief())).toBe('NOT_VOUCHED')
})

// Defence: `first` in a vouch, as loadPatientKeys believes it. Who booked on one device and came with another keeps a name.
test('what the device met first has signed stays the patient’s in an empty browser, and it reads no more', async () => {
  const desktop = await patientOf(world)
  const phone = await patientOf(world, desktop.handle.patientId)
  const thief = await patientOf(world, desktop.handle.patientId)
  const { clinicId, patientId } = desktop.handle
  const identity = await sealAs(desktop, 'identity', { name: 'Ada' })
  const vault = await wipedDoctor()
  await vault.open([identity], { patientId })
  const { vouch } = await vault.vouchPatient({ clinicId, patientId, keys: phone.handle.keys, reason: 'call' })
  const claimed = [{ keys: thief.handle.keys }, { keys: desktop.handle.keys }, { keys: phone.handle.keys, vouch }]
  const records = [await sealAs(thief, 'identity', { name: 'Eve' }), identity]
  const later = await wipedDoctor()
  const { opened, trust } = await readAsChart(later, desktop.handle, claimed, records)
  expect(opened).toMatchObject([
    { ok: false, code: 'NOT_VOUCHED' },
    { ok: true, value: { content: { name: 'Ada' } } },
  ])
  expect(trust).toEqual(['none', 'none', 'vouched'])
  for (const [reader, said] of [
    [phone, 'accepted'],
    [desktop, 'NOT_VOUCHED'],
    [thief, 'NOT_VOUCHED'],
  ] as const)
    expect(await codeOf(later.seal(input(desktop.handle, 'note', { text: 'rest' }, [reader.handle.keys.dh])))).toBe(
      said,
    )
})
