// Which records "matches" is asked to grant to a patient's further key is the server's choice.
import { expect, test } from 'vitest'
import type { RecordType, Sealed } from '../crypto/types.ts'
import { clinic, input, patientOf, sealAs } from './vault-world.ts'

const world = await clinic()
const doctor = world.owner.vault

/** A patient with a vouched phone, their records, and the practitioner's: by what should come of them. */
async function records() {
  const patient = await patientOf(world)
  const { clinicId, patientId } = patient.handle
  const phone = await patientOf(world, patientId)
  const theirs = await Promise.all([
    sealAs(patient, 'identity', { name: 'Vera' }),
    ...(['checklist', 'reason', 'intake', 'consent'] as const).map((type) => sealAs(patient, type, {})),
  ])
  await doctor.open(theirs, { patientId })
  await doctor.vouchPatient({ clinicId, patientId, keys: phone.handle.keys, reason: 'call' })
  const write = (type: RecordType, content: unknown) => doctor.seal({ ...input(patient.handle, type, content, []) })
  return {
    patientId,
    to: { kind: 'patient', id: patientId, key: phone.handle.keys.dh, epoch: 0 } as const,
    readable: [...theirs, await write('note', { shared: true }), await write('prescription', {})],
    own: [
      await write('note', { shared: false }),
      await write('note', { text: 'older than the question' }),
      await write('note', { shared: 'yes' }),
      await write('draft', { shared: true }),
      await write('recall', { shared: true }),
    ],
  }
}
const idsOf = (list: { meta: Sealed['meta'] }[]) => list.map(({ meta }) => meta.recordId)

// Defence: `mayHandOn` in vault-records.ts.
test('attack 7: “matches” hands on no draft, no recall, and no note that was not shared', async () => {
  const { readable, own, to } = await records()
  const granted = await doctor.regrant([...own, ...readable], to)
  expect(granted.map((each) => each.recordId)).toEqual(idsOf(readable))
})

// Defence: openRecord's look at place and type, and the type in `mayHandOn`.
test('attack 8: a draft that the row calls a prescription is handed on to nobody', async () => {
  const { own, to } = await records()
  const relabelled = own.map((record) => ({ ...record, meta: { ...record.meta, type: 'prescription' as const } }))
  expect(await doctor.regrant(relabelled, to)).toEqual([])
})

// Defence: `whose !== patientId` in `mayHandOn`, and the same in regrantRecord.
test('attack 8: another patient’s records are handed on to nobody, and teach this browser no key', async () => {
  const { to } = await records()
  const victim = await patientOf(world)
  const { clinicId, patientId, keys } = victim.handle
  expect(await doctor.regrant([await sealAs(victim, 'reason', {})], to)).toEqual([])
  const [view] = await doctor.loadPatientKeys({ clinicId, patientId, keys: [{ keys }] })
  expect(view!.trust).toBe('none')
})
