import { expect, test } from 'vitest'
import { clinic, input, patientOf, sealAs } from './vault-world.ts'

// Defence: `left` in checkPatientVouch, and its use in loadPatientKeys. Without it the phone reads what is written after the removal.
test('attack 15: a former member’s word, dated back, opens nothing that is written from then on', async () => {
  const world = await clinic(['admin', 'practitioner'])
  const doctor = await world.join(['practitioner'])
  const former = await world.join(['practitioner'])
  const { clinicId } = world
  const known = await patientOf(world)
  const asked = { clinicId, patientId: known.handle.patientId, keys: known.handle.keys, reason: 'document' as const }
  const { vouch: earlier } = await former.vault.vouchPatient(asked)
  const gone = await world.owner.vault.removeMember({ clinicId, chain: world.chain, memberId: former.memberId })
  world.chain.statements.push(...gone.statements)
  world.epochGrants.push(...gone.epochGrants)
  for (const { vault } of [world.owner, doctor])
    await vault.refresh({ chain: world.chain, epochGrants: world.epochGrants })

  // They hold their keys, and the chain as it was.
  const device = await patientOf(world)
  const { patientId } = device.handle
  await doctor.vault.open([await sealAs(device, 'identity', { name: 'Vera' })], { patientId })
  const phone = await patientOf(world, patientId)
  const { keys } = phone.handle
  const { vouch } = await former.vault.vouchPatient({ clinicId, patientId, keys, reason: 'document' })
  const [view] = await doctor.vault.loadPatientKeys({ clinicId, patientId, keys: [{ keys, vouch }] })
  expect(view!.trust).toBe('none')
  const note = input(device.handle, 'note', { shared: true, text: 'written after' }, [keys.dh])
  await expect(doctor.vault.seal(note)).rejects.toMatchObject({ code: 'NOT_VOUCHED' })
  const to = { kind: 'patient', id: patientId, key: keys.dh, epoch: 0 } as const
  await expect(doctor.vault.regrant([], to)).rejects.toMatchObject({ code: 'NOT_VOUCHED' })
  // The first device, which nobody ever vouched for, goes on reading.
  await doctor.vault.seal(input(device.handle, 'note', { shared: true, text: 'for Vera' }, [device.handle.keys.dh]))

  // Whom they recognised while they were there: their own words stay theirs, until somebody recognises them again.
  const words = [await sealAs(known, 'identity', { name: 'Nils' })]
  const rows = [{ keys: known.handle.keys, vouch: earlier }]
  await doctor.vault.loadPatientKeys({ clinicId, patientId: known.handle.patientId, keys: rows })
  const [opened] = await doctor.vault.open(words, { patientId: known.handle.patientId })
  expect(opened).toMatchObject({ ok: true, value: { author: { kind: 'patient', vouched: true } } })
  const again = await doctor.vault.vouchPatient(asked)
  rows[0] = { keys: known.handle.keys, vouch: again.vouch }
  const [seen] = await world.owner.vault.loadPatientKeys({ clinicId, patientId: known.handle.patientId, keys: rows })
  expect(seen!.trust).toBe('vouched')
})
