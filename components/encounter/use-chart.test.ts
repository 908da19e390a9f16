import { expect, test } from 'vitest'
import { createVault } from '@/lib/browser/vault-core'
import { memoryStorage } from '@/lib/browser/vault-storage'
import { clinic, patientOf, type PatientDevice, sealAs, signIn } from '@/lib/browser/vault-world'
import type { Sealed } from '@/lib/crypto/types'
import type { EncounterView } from '@/lib/encounter/rules'
import { readChart } from './use-chart'

const world = await clinic()
const form = { questions: [{ id: 'allergies', kind: 'text', label: 'Allergies?' }] }
const intakeOf = (device: PatientDevice, allergies: unknown) =>
  sealAs(device, 'intake', { appointmentId: 'a', form, answers: { allergies } })
const keyOf = ({ handle }: PatientDevice, vouch: string | null = null) => ({
  keyId: handle.keyId,
  keys: handle.keys,
  state: vouch ? ('vouched' as const) : ('confirmed' as const),
  vouch,
  link: null,
})
/** As the server answers it, with nothing else in it. */
const viewOf = (patientId: string, patientKeys: EncounterView['patientKeys'], records: Sealed[]) =>
  ({
    appointment: { appointmentId: `visit of ${patientId}`, patientId },
    clinic: { id: world.clinicId },
    statements: world.chain.statements,
    records: records.map((record) => ({ ...record, appointmentId: 'a', createdAt: '2026-11-21T08:00:00Z' })),
    patientKeys,
    ...{ consents: [], prescriptions: [], recalls: [], visits: [], care: [] },
    now: '2026-11-21T08:00:00Z',
  }) as unknown as EncounterView

/** A practitioner's browser that was wiped. */
async function wiped() {
  const vault = createVault(memoryStorage())
  await signIn(world, world.owner, { vault })
  return vault
}
async function patientAndThief() {
  const patient = await patientOf(world)
  const thief = await patientOf(world, patient.handle.patientId)
  const records = [
    await sealAs(patient, 'identity', { name: 'Ada' }),
    await intakeOf(patient, 'penicillin'),
    await sealAs(thief, 'identity', { name: 'Eve', birthDate: '1990-01-01', email: 'eve@example.org' }),
    await intakeOf(thief, 'none'),
  ]
  return { patient, thief, records, patientId: patient.handle.patientId }
}

// Defence: trustPatient in lib/browser/vault-records.ts, and the order in which readChart asks.
test('attack 7: a form from a mailed code’s device is shown as not vouched for, and its key is no reader', async () => {
  const { patient, thief, records, patientId } = await patientAndThief()
  const { clinicId, keys } = patient.handle
  const { vouch } = await world.owner.vault.vouchPatient({ clinicId, patientId, keys, reason: 'call' })
  for (const [patientKeys, order] of [
    [[keyOf(patient, vouch), keyOf(thief)], records],
    // In whatever order they lie there: the vouch is known before any record is opened.
    [[keyOf(thief), keyOf(patient, vouch)], records.toReversed()],
    // Nobody vouched for yet: the earliest identity's key.
    [[keyOf(thief), keyOf(patient)], records],
  ] as const) {
    const chart = await readChart(
      viewOf(patientId, [...patientKeys], [...order]),
      `visit of ${patientId}`,
      await wiped(),
    )
    expect(chart.identity).toMatchObject({ name: 'Ada' })
    expect(chart.intakes.map(({ content }) => content?.answers?.allergies)).toEqual(
      order === records ? ['penicillin', undefined] : [undefined, 'penicillin'],
    )
    const apart = [
      { type: 'identity', content: { name: 'Eve' } },
      { type: 'intake', content: { answers: { allergies: 'none' } } },
    ]
    expect(chart.unvouched).toMatchObject(order === records ? apart : apart.toReversed())
    expect(chart.failed).toEqual([])
    expect(chart.readers).toEqual([{ patientId, key: keys.dh }])
    expect(chart.strangers).toBe(1)
  }
})

test('who booked on one device and was recognised on another keeps the name, and the other alone reads', async () => {
  const { patient: desktop, thief, records, patientId } = await patientAndThief()
  const phone = await patientOf(world, patientId)
  const before = await wiped()
  await readChart(viewOf(patientId, [keyOf(desktop), keyOf(phone)], records), `visit of ${patientId}`, before)
  const { clinicId } = desktop.handle
  const { vouch } = await before.vouchPatient({ clinicId, patientId, keys: phone.handle.keys, reason: 'call' })
  const keys = [keyOf(desktop), keyOf(thief), keyOf(phone, vouch)]
  const chart = await readChart(viewOf(patientId, keys, records), `visit of ${patientId}`, await wiped())
  expect(chart.identity).toMatchObject({ name: 'Ada' })
  expect(chart.intakes.map(({ content }) => content?.answers?.allergies)).toEqual(['penicillin', undefined])
  expect(chart.readers).toEqual([{ patientId, key: phone.handle.keys.dh }])
  expect(chart.strangers).toBe(1)
})

// Defence: the schema in unvouched.ts. What a page draws without it may throw in its middle.
test('what no page of ours would have sent is not shown', async () => {
  const { patient, thief, patientId, records } = await patientAndThief()
  const odd = [
    await sealAs(thief, 'identity', { name: { toString: 1 }, birthDate: '2026-99-99', email: '' }),
    await sealAs(thief, 'reason', {}),
    await sealAs(thief, 'intake', { answers: {} }),
    await intakeOf(thief, { a: 1 }),
  ]
  const view = viewOf(patientId, [keyOf(patient), keyOf(thief)], [records[0]!, ...odd])
  const chart = await readChart(view, `visit of ${patientId}`, await wiped())
  expect(chart.unvouched).toEqual([])
  expect(chart.failed).toHaveLength(odd.length)
})

// Defence: siteOf in use-chart.ts. With the row's site in its place, what is written here would go to another site's practitioners.
test('attack 7: where a visit is, the patient’s own check list says, and not the server', async () => {
  const patient = await patientOf(world)
  const { handle } = patient
  const [here, elsewhere] = [crypto.randomUUID(), crypto.randomUUID()]
  const appointmentId = `visit of ${handle.patientId}`
  const listOf = (of: string, site: string) => {
    const { clinicId, patientId, keys } = handle
    return patient.vault.seal({
      ...{ clinicId, patientId, recordId: crypto.randomUUID(), revision: 1, schema: 1, type: 'checklist' as const },
      ...{ content: { appointmentId: of }, practitioner: world.owner.memberId, site },
      ...{ patients: [{ patientId, key: keys.dh }], asPatient: patientId },
    })
  }
  const records = [
    await sealAs(patient, 'identity', { name: 'Ada' }),
    await listOf(appointmentId, here),
    await listOf('an earlier visit', elsewhere),
  ]
  const view = viewOf(handle.patientId, [keyOf(patient)], records)
  const named = { ...view, appointment: { ...view.appointment, siteId: elsewhere } }
  expect((await readChart(named, appointmentId, await wiped())).site).toBe(here)
  // Of this visit the patient said nothing.
  expect((await readChart(named, 'a visit of nobody', await wiped())).site).toBeNull()
})
