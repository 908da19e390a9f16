import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { PatientActor } from '../access/rules.ts'
import { at, testDevice } from '../booking/testing.ts'
import { clinicWorld } from '../payment/testing.ts'
import { testDb } from '../server/testing.ts'
import { myCard, openCard, revokeCard, saveCard } from './flow-card.ts'

const { admin } = testDb()
let clinicId: string
beforeAll(async () => {
  clinicId = (await clinicWorld(admin)).clinicId
})

const nobody = { kind: 'public' } as const
async function patient(state = 'booking', patientId?: string): Promise<PatientActor> {
  const device = await testDevice(patientId)
  if (!patientId) await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [device.patientId, clinicId])
  await admin(
    'INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, $6)',
    [device.keyId, clinicId, device.patientId, device.keys.sign, device.keys.dh, state],
  )
  return { kind: 'patient', clinicId, patientId: device.patientId, keyId: device.keyId }
}
function newCard() {
  const claim = randomBytes(32)
  const claimHash = createHash('sha256').update(claim).digest('base64url')
  return {
    claim: claim.toString('base64url'),
    input: { id: randomUUID(), claimHash, sealed: randomBytes(80).toString('base64url') },
  }
}
const cardOf = async (actor: PatientActor) => {
  const answer = await myCard(actor)
  return answer.ok ? answer.value : null
}

test('a card opens for whoever holds it, and each opening is told with its time', async () => {
  const actor = await patient()
  const { claim, input } = newCard()
  expect(await saveCard(actor, input, at())).toMatchObject({ ok: true })
  expect(await cardOf(actor)).toMatchObject({ card: { id: input.id }, openings: [] })
  // What the log says is sealed: that it says something more is all that can be asked here.
  const entries = async () => (await admin('SELECT 1 FROM audit_entry')).length
  const before = await entries()
  expect(await openCard(nobody, { id: input.id, claim }, at())).toEqual({ ok: true, value: { sealed: input.sealed } })
  const told = await cardOf(actor)
  expect(told?.openings).toHaveLength(1)
  expect((await entries()) - before).toBe(1)
})

// Defence: claimHash in findCard. The number alone is in the address, which servers and histories see.
test('the card’s number without its code opens nothing, and counts as no opening', async () => {
  const actor = await patient()
  const { input } = newCard()
  await saveCard(actor, input, at())
  const claim = randomBytes(32).toString('base64url')
  expect(await openCard(nobody, { id: input.id, claim }, at())).toMatchObject({ code: 'NOT_FOUND' })
  expect(await openCard(nobody, { id: randomUUID(), claim }, at())).toMatchObject({ code: 'NOT_FOUND' })
  expect((await cardOf(actor))?.openings).toEqual([])
})

// Defence: deleteMany in replaceCard; deleteCard.
test('a new card ends the one before, and a withdrawn one opens no more', async () => {
  const actor = await patient()
  const [first, second] = [newCard(), newCard()]
  await saveCard(actor, first.input, at())
  expect(await saveCard(actor, second.input, at())).toMatchObject({ ok: true })
  expect(await openCard(nobody, { id: first.input.id, claim: first.claim }, at())).toMatchObject({ code: 'NOT_FOUND' })
  expect(await openCard(nobody, { id: second.input.id, claim: second.claim }, at())).toMatchObject({ ok: true })
  expect(await revokeCard(actor)).toMatchObject({ ok: true })
  expect(await openCard(nobody, { id: second.input.id, claim: second.claim }, at())).toMatchObject({
    code: 'NOT_FOUND',
  })
  expect((await cardOf(actor))?.card).toBeNull()
})

test('two cards saved at once leave one, and a repeat is the same one', async () => {
  const actor = await patient()
  const [first, second] = [newCard(), newCard()]
  await Promise.all([saveCard(actor, first.input, at()), saveCard(actor, second.input, at())])
  const rows = await admin<{ id: string }>('SELECT id FROM emergency_card WHERE patient_id = $1', [actor.patientId])
  expect(rows).toHaveLength(1)
  const last = rows[0]!.id === first.input.id ? first : second
  expect(await saveCard(actor, last.input, at())).toMatchObject({ ok: true })
  expect(await admin('SELECT id FROM emergency_card WHERE patient_id = $1', [actor.patientId])).toHaveLength(1)
})

test('nobody puts a card under another patient’s number', async () => {
  const [actor, other] = [await patient(), await patient()]
  const { input } = newCard()
  await saveCard(actor, input, at())
  expect(await saveCard(other, { ...newCard().input, id: input.id }, at())).toMatchObject({ code: 'STALE' })
  expect((await cardOf(actor))?.card?.id).toBe(input.id)
})

// Defence: isTheirs. Whoever reads the patient's mail gets a device of this state, and no further.
test('attack 4: a device that a mailed code alone let in neither sees, makes nor withdraws a card', async () => {
  const actor = await patient()
  const { input } = newCard()
  await saveCard(actor, input, at())
  const thief = await patient('confirmed', actor.patientId)
  expect(await myCard(thief)).toMatchObject({ code: 'NOT_CONFIRMED' })
  expect(await saveCard(thief, newCard().input, at())).toMatchObject({ code: 'NOT_CONFIRMED' })
  expect(await revokeCard(thief)).toMatchObject({ code: 'NOT_CONFIRMED' })
  expect((await cardOf(actor))?.card?.id).toBe(input.id)
})
