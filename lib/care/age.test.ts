// The birthday at which a guardian's access ends: what the clinic proposes, and what the server takes of what was signed.
import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { PatientActor, StaffActor } from '../access/rules.ts'
import { at, bookAs, testDevice } from '../booking/testing.ts'
import { loadChart } from '../patient/flow.ts'
import { clinicWorld } from '../payment/testing.ts'
import { sealed } from '../record/testing.ts'
import { officersWord } from '../retention/testing.ts'
import { testDb } from '../server/testing.ts'
import { letIn, saveAge } from './flow.ts'
import { agePurpose, serverEnd } from './rules.ts'

const { admin } = testDb()
let world: Awaited<ReturnType<typeof clinicWorld>>
let officer: StaffActor
let says: Awaited<ReturnType<typeof officersWord>>
beforeAll(async () => {
  world = await clinicWorld(admin)
  const { clinicId, memberId } = world
  await admin(`UPDATE service SET payment_mode = 'free', price_minor = 0 WHERE id = $1`, [world.serviceId])
  officer = { kind: 'staff', clinicId, memberId, sessionId: '', roles: ['admin'] }
  says = await officersWord(admin, officer)
})
const now = new Date()
const done = { ok: true, value: { done: true } }
const set = async () => {
  const [row] = await admin<{ age: number }>('SELECT guardian_age AS age FROM clinic WHERE id = $1', [world.clinicId])
  return row!.age
}

async function patient() {
  const own = await testDevice()
  expect((await bookAs(world, own)).ok).toBe(true)
  const actor: PatientActor = {
    ...{ kind: 'patient', clinicId: world.clinicId, patientId: own.patientId, keyId: own.keyId },
  }
  return { own, actor }
}

// Defence: isSigned in saveAge.
test('an officer’s own key sets the age, a session alone does not, and a patient’s browser is told of it', async () => {
  const { actor } = await patient()
  expect(await loadChart(actor, {}, at())).toMatchObject({ ok: true, value: { guardianAge: 18 } })
  const good = await says.word(agePurpose, [16], now)
  for (const word of [
    { signedAt: now.toISOString(), signature: 'A'.repeat(86) },
    await says.word(agePurpose, [14], now),
    await says.word('retention-settings', [16], now),
    await says.word(agePurpose, [16], new Date(now.getTime() - 3_600_000)),
  ])
    expect(await saveAge(officer, { age: 16, word }, at(now))).toMatchObject({ code: 'BAD_PROOF' })
  expect(await set()).toBe(18)
  expect(await saveAge(officer, { age: 16, word: good }, at(now))).toEqual(done)
  expect(await set()).toBe(16)
  expect(await loadChart(actor, {}, at())).toMatchObject({ ok: true, value: { guardianAge: 16 } })
})

test('the table holds no age that no clinic can choose', async () => {
  for (const age of [0, 13, 19, 99])
    await expect(admin('UPDATE clinic SET guardian_age = $2 WHERE id = $1', [world.clinicId, age])).rejects.toThrow()
})

// Defence: isTooLate in letIn.
test('attack 7: the server files nobody as a guardian for longer than a child is one', async () => {
  const { own, actor } = await patient()
  const asked = (until: string | null) => ({
    ...{ careId: randomUUID(), role: 'guardian' as const, until, keyId: own.keyId, keys: own.keys, name: '' },
    record: sealed(
      { clinicId: world.clinicId, patientId: own.patientId, recordId: randomUUID(), revision: 1, type: 'care' },
      { kind: 'patient', id: own.patientId, key: own.keys.dh, epoch: 0 },
    ) as never,
  })
  const years = (count: number) => new Date(Date.UTC(now.getUTCFullYear() + count, now.getUTCMonth(), 1)).toISOString()
  for (const until of [null, years(19), years(99)])
    expect(await letIn(actor, asked(until), at())).toEqual({ ok: false, code: 'BAD_INPUT' })
  // Born today, of age in eighteen years.
  const on = years(18).slice(0, 10)
  expect(await letIn(actor, asked(serverEnd({ kind: 'age', age: 18, on })), at())).toEqual(done)
})
