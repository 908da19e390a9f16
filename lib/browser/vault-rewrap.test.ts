// What the vault passes on, and what it does not, whatever a server shows it.
import { expect, test } from 'vitest'
import { fromB64, sha256, toB64 } from '../crypto/bytes.ts'
import type { Superseded } from '../crypto/rewrap.ts'
import type { Sealed } from '../crypto/types.ts'
import { turns } from './turns.ts'
import { clinic, input, patientOf, sealAs } from './vault-world.ts'

const world = await clinic()
const doctor = world.owner.vault

const shown = async ({ ciphertext, signature: _, ...record }: Sealed): Promise<Superseded & { loose: boolean }> => ({
  ...record,
  grants: record.grants.filter(({ recipient }) => recipient.kind === 'group'),
  ciphertextHash: toB64(await sha256(fromB64(ciphertext))),
  loose: false,
})
const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)

async function records() {
  const patient = await patientOf(world)
  const identity = await sealAs(patient, 'identity', { name: 'Ada' })
  await doctor.open([identity], { patientId: patient.handle.patientId })
  const [note, other] = await doctor.sealMany(['one', 'two'].map((text) => input(patient.handle, 'note', { text }, [])))
  return { patient, identity, note: note!, other: other! }
}

// Each names the check that refuses it: without that check, it is passed on.
test('attack 8: nothing that was altered or moved is passed on', async () => {
  const { note, other } = await records()
  const good = await shown(note)
  const cases: [string, Superseded & { loose: boolean }][] = [
    ['BAD_SIGNATURE', { ...good, ciphertextHash: flip(good.ciphertextHash) }],
    ['BAD_SIGNATURE', { ...good, commit: flip(good.commit) }],
    ['BAD_ENVELOPE', { ...good, header: flip(good.header) }],
    ['BAD_ENVELOPE', { ...good, meta: { ...good.meta, type: 'draft' } }],
    ['BAD_ENVELOPE', { ...good, meta: { ...good.meta, patientId: crypto.randomUUID() } }],
    ['BAD_SIGNATURE', { ...good, grants: (await shown(other)).grants }],
    ['BAD_SIGNATURE', { ...good, grants: good.grants.map((grant) => ({ ...grant, ct: flip(grant.ct) })) }],
    ['NOT_FOR_YOU', { ...good, grants: [] }],
  ]
  for (const [code, record] of cases) {
    const { done, failed } = await doctor.rewrap([record])
    expect(done, code).toEqual([])
    expect(failed).toMatchObject([{ recordId: record.meta.recordId, code }])
  }
  const { done } = await doctor.rewrap([good])
  expect(done).toMatchObject([{ recordId: note.meta.recordId, grants: [] }])
})

test('what nobody vouched for is passed on as it is, and teaches the vault no key', async () => {
  const patient = await patientOf(world)
  const { clinicId, patientId, keys } = patient.handle
  const { done } = await doctor.rewrap([await shown(await sealAs(patient, 'reason', { reason: 'x' }))])
  expect(done.length).toBe(1)
  const [view] = await doctor.loadPatientKeys({ clinicId, patientId, keys: [{ keys }] })
  expect(view!.trust).toBe('none')
})

// Defence: `turns.after` in vault-rewrap.ts.
test('a chart that is opened meanwhile comes first', async () => {
  const { patient, note } = await records()
  const good = await shown(note)
  const order: string[] = []
  const { patientId } = patient.handle
  await Promise.all([
    doctor
      .open(
        Array.from({ length: 200 }, () => note),
        { patientId },
      )
      .then(() => order.push('opened')),
    doctor.rewrap(Array.from({ length: 10 }, () => good)).then(() => order.push('passed on')),
  ])
  expect(order).toEqual(['opened', 'passed on'])
})

test('who waits its turn goes on when nobody is waited for any more, and not before', async () => {
  const queue = turns()
  const order: string[] = []
  let end = () => undefined as void
  const work = queue.first(() => new Promise<void>((resolve) => (end = () => (order.push('first'), resolve()))))
  const after = queue.after().then(() => order.push('after'))
  end()
  await Promise.all([work, after])
  expect(order).toEqual(['first', 'after'])
})
