// Two officers' vaults and what passes between them: the server here is a hostile one, which sees and keeps all of it.
import { beforeAll, describe, expect, test } from 'vitest'
import type { Sealed, SealedShare } from '../crypto/types.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { type Clinic, clinic, codeOf, input, type PatientDevice, patientOf, sealAs, type Staff } from './vault-world.ts'

let world: Clinic
let doctor: Staff
let officer: Staff
beforeAll(async () => {
  world = await clinic(['admin', 'practitioner'])
  doctor = await world.join(['practitioner'])
  officer = await world.join(['admin'])
  await doctor.vault.loadChain(world.chain)
})

interface Case {
  device: PatientDevice
  patientId: string
  statement: string
  shares: SealedShare[]
  records: Sealed[]
}
const shareOf = ({ shares }: Case, { memberId }: Staff) => shares.find((each) => each.memberId === memberId)!

/** A patient whose key the doctor has made, with records granted to it. */
async function patient(epoch = 1, device?: PatientDevice): Promise<Case> {
  const { clinicId } = world
  const one = device ?? (await patientOf(world))
  await one.vault.loadChain(world.chain)
  const { patientId } = one.handle
  const theirs = [await sealAs(one, 'identity', { name: 'Vera' }), await sealAs(one, 'reason', { reason: 'a rash' })]
  await doctor.vault.open(theirs, { patientId })
  const made = await doctor.vault.makeEmergencyKey({ clinicId, patientId, epoch })
  const { statement, shares, publicKey } = made
  expect(await doctor.vault.loadEmergencyKey({ clinicId, patientId, statement })).toMatchObject({ state: 'valid' })
  const to = { kind: 'escrow', id: patientId, key: publicKey, epoch } as const
  const granted = await doctor.vault.regrant(theirs, to)
  // A note that is written later has its grant from the first.
  const note = await doctor.vault.seal(input(one.handle, 'note', { text: 'eczema' }, []))
  const only = (record: Sealed) => ({
    ...record,
    grants: [
      ...record.grants.filter(({ recipient }) => recipient.kind === 'escrow'),
      ...granted.filter((each) => each.recordId === record.meta.recordId).map(({ grant }) => grant),
    ],
  })
  return { device: one, patientId, statement, shares, records: [...theirs, note].map(only) }
}

async function asked(at: Case, recordId: string | null = null) {
  const { clinicId } = world
  const { patientId, statement } = at
  return officer.vault.askEmergency({ clinicId, patientId, recordId, statement, reason: 'nobody can be reached' })
}
const answered = (at: Case, request: string, by: Staff = world.owner) =>
  by.vault.answerEmergency({ clinicId: world.clinicId, request, statement: at.statement, share: shareOf(at, by) })
const opened = (at: Case, asking: { request: string; reason: string }, answer: string, records = at.records) =>
  officer.vault.openEmergency({
    ...{ clinicId: world.clinicId, ...asking, answer, records },
    ...{ statement: at.statement, share: shareOf(at, officer) },
  })
const okOf = (results: { ok: boolean }[]) => results.map(({ ok }) => ok)

describe('attack 22: two officers’ browsers', () => {
  // Defences of its last lines: `opening = null` in openEmergency, `!context.opening` in readerFor.
  test('attack 22: together they open that patient, and the patient reads why', async () => {
    const at = await patient()
    // Even where the clinic lets browsers remember what they opened.
    await officer.vault.cacheFor(600)
    const { request, reason } = await asked(at)
    const { answer } = await answered(at, request)
    const reading = await opened(at, { request, reason }, answer)
    expect(okOf(reading.results)).toEqual([true, true, true])
    expect(reading.answeredBy).toBe(world.owner.memberId)
    // The officer's browser has learned the patient's key by what it read, and seals the reason to it.
    const told = await at.device.vault.readEmergency({
      ...{ clinicId: world.clinicId, request, reason: reading.reason!, asPatient: at.patientId },
    })
    expect(told).toMatchObject({ reason: 'nobody can be reached', askedBy: officer.memberId })
    // Nothing of it stays: neither the key nor what it opened.
    const after = await officer.vault.open(at.records, { patientId: at.patientId })
    expect(okOf(after)).toEqual([false, false, false])
  })

  // Defences: 'nobody answers themselves' in answerRequest; openAnswer needs a second officer's signature.
  test('attack 22: one of them alone opens nothing', async () => {
    const at = await patient()
    const { request, reason } = await asked(at)
    expect(await codeOf(answered(at, request, officer))).toBe('NOT_VOUCHED')
    expect(await codeOf(opened(at, { request, reason }, 'oWE'))).toBe('BAD_ENVELOPE')
    const results = await officer.vault.open(at.records, { patientId: at.patientId })
    expect(okOf(results)).toEqual([false, false, false])
  })

  // Defence: the request's patient in openEmergency, and the keys' context.
  test('attack 22: what opens one patient opens no other', async () => {
    const [at, other] = [await patient(), await patient()]
    const { request, reason } = await asked(at)
    const { answer } = await answered(at, request)
    const { results } = await opened(at, { request, reason }, answer, [...at.records, ...other.records])
    expect(okOf(results)).toEqual([true, true, true, false, false, false])
    const mixed = { ...at, statement: other.statement, shares: other.shares }
    expect(await codeOf(opened(mixed, { request, reason }, answer))).not.toBe('accepted')
    expect(await codeOf(answered(other, request))).not.toBe('accepted')
  })

  // Defence: the device's clinic and patient in readEmergency.
  test('attack 8: what was opened of one patient is told to no other’s device, nor to one of another clinic', async () => {
    const [at, other] = [await patient(), await patient()]
    const { request, reason } = await asked(at)
    const told = ({ vault, handle }: PatientDevice) =>
      codeOf(vault.readEmergency({ clinicId: world.clinicId, request, reason, asPatient: handle.patientId }))
    expect(await told(at.device)).toBe('accepted')
    expect(await told(other.device)).toBe('BAD_ENVELOPE')
    // Somebody whom another clinic's server gave the same id.
    const elsewhere = createVault(memoryStorage())
    await elsewhere.loadChain(world.chain)
    const { patientId } = at
    const handle = await elsewhere.createPatient({ clinicId: crypto.randomUUID(), patientId, home: 'memory' })
    expect(await told({ vault: elsewhere, handle })).toBe('BAD_ENVELOPE')
  })

  // Defence: `asked` in openEmergency.
  test('attack 22: one record that was asked for is all that opens, whatever else the server hands out', async () => {
    const at = await patient()
    const { request, reason } = await asked(at, at.records[1]!.meta.recordId)
    const { answer } = await answered(at, request)
    const { results } = await opened(at, { request, reason }, answer)
    expect(okOf(results)).toEqual([false, true, false])
  })

  test('attack 22: who is no officer neither asks nor answers, and another browser does not open', async () => {
    const at = await patient()
    const { clinicId } = world
    const { patientId, statement } = at
    const ask = doctor.vault.askEmergency({ clinicId, patientId, recordId: null, statement, reason: 'x' })
    expect(await codeOf(ask)).toBe('NOT_VOUCHED')
    const { id, request, reason } = await asked(at)
    const share = shareOf(at, world.owner)
    expect(await codeOf(doctor.vault.answerEmergency({ clinicId, request, statement, share }))).toBe('NOT_VOUCHED')
    const { answer } = await answered(at, request)
    await officer.vault.endEmergency({ requestId: id })
    expect(await codeOf(opened(at, { request, reason }, answer))).toBe('NO_KEY')
  })

  // Defence: `emergency-epoch` in currentKey. An earlier key's secret may have been put together already.
  test('an earlier key shown again is not used', async () => {
    const at = await patient()
    const later = await patient(2, at.device)
    const { clinicId } = world
    const { patientId, statement } = at
    expect(await doctor.vault.loadEmergencyKey({ clinicId, patientId, statement })).toMatchObject({ state: 'stale' })
    const note = await doctor.vault.seal(input(at.device.handle, 'note', { text: 'x' }, []))
    expect(note.grants.map(({ recipient }) => recipient.kind)).toEqual(['group'])
    expect(await codeOf(asked(later))).toBe('accepted')
    expect(await codeOf(asked(at))).toBe('STALE')
  })

  // Defence: isAsked in currentKey.
  test('attack 22: what was asked for before a practitioner made the next key is answered and opened by the key it names', async () => {
    const at = await patient()
    const { request, reason } = await asked(at)
    const later = await patient(2, at.device)
    const { patientId, statement } = later
    const { clinicId } = world
    for (const { vault } of [world.owner, officer])
      expect(await vault.loadEmergencyKey({ clinicId, patientId, statement })).toMatchObject({ state: 'valid' })
    const { answer } = await answered(at, request)
    expect(okOf((await opened(at, { request, reason }, answer)).results)).toEqual([true, true, true])
    expect(await codeOf(answered(later, request))).not.toBe('accepted')
  })
})

// Defences: voicesOf in makeEmergencyKey (lib/crypto/emergency.ts), areTwo in answerEmergency and in openAnswer.
test('attack 22: an administrator of one’s own making is no second one, and is told so', async () => {
  const own = await clinic(['admin', 'practitioner'])
  const { clinicId, owner } = own
  const manager = await own.join(['admin'])
  const puppet = await own.join(['admin'], undefined, false, manager)
  for (const each of [owner, manager]) await each.vault.refresh({ chain: own.chain, epochGrants: own.epochGrants })
  const { patientId } = (await patientOf(own)).handle
  const { statement, shares } = await owner.vault.makeEmergencyKey({ clinicId, patientId, epoch: 1 })
  const at = { clinicId, patientId, statement }
  expect(await owner.vault.loadEmergencyKey(at)).toMatchObject({ state: 'valid' })
  const { request } = await manager.vault.askEmergency({ ...at, recordId: null, reason: 'x' })
  const answer = (by: Staff) =>
    by.vault.answerEmergency({
      ...{ clinicId, request, statement },
      share: shares.find((each) => each.memberId === by.memberId)!,
    })
  expect(await codeOf(answer(puppet))).toBe('NOT_VOUCHED')
  expect(await codeOf(answer(owner))).toBe('accepted')
}, 60_000)

test('only a clinical member makes a key, and what the server says alone is granted nothing', async () => {
  const { clinicId } = world
  const { handle } = await patientOf(world)
  const { patientId } = handle
  expect(await codeOf(officer.vault.makeEmergencyKey({ clinicId, patientId, epoch: 1 }))).toBe('NOT_VOUCHED')
  const to = { kind: 'escrow', id: patientId, key: handle.keys.dh, epoch: 1 } as const
  expect(await codeOf(doctor.vault.regrant([], to))).toBe('NOT_VOUCHED')
})

test('with one officer there is none, and it is said', async () => {
  const alone = await clinic(['admin', 'practitioner'])
  const { handle } = await patientOf(alone)
  const at = { clinicId: alone.clinicId, patientId: handle.patientId }
  const view = await alone.owner.vault.loadEmergencyKey({ ...at, statement: null })
  expect(view).toEqual({ state: 'few', epoch: 0, officers: [alone.owner.memberId] })
  expect(await codeOf(alone.owner.vault.makeEmergencyKey({ ...at, epoch: 1 }))).toBe('NO_KEY')
})

// Defence: countsWholly in loadEmergencyKey. Whoever dealt a key may have kept its secret.
test('attack 22: a key that was dealt by who sees their own patients only is granted nothing of the others’', async () => {
  const { clinicId } = world
  const own = await world.join(['practitioner'], undefined, true)
  for (const { vault } of [world.owner, doctor])
    await vault.refresh({ chain: world.chain, epochGrants: world.epochGrants })
  const one = await patientOf(world)
  const { patientId } = one.handle
  await doctor.vault.open([await sealAs(one, 'identity', { name: 'Vera' })], { patientId })
  const { statement } = await own.vault.makeEmergencyKey({ clinicId, patientId, epoch: 1 })
  expect(await own.vault.loadEmergencyKey({ clinicId, patientId, statement })).toMatchObject({ state: 'valid' })
  expect(await doctor.vault.loadEmergencyKey({ clinicId, patientId, statement })).toMatchObject({ state: 'stale' })
  const note = await doctor.vault.seal(input(one.handle, 'note', { text: 'a secret' }, []))
  expect(note.grants.filter(({ recipient }) => recipient.kind === 'escrow')).toEqual([])
  // What the whole clinic's practitioner deals, everybody uses.
  const better = await doctor.vault.makeEmergencyKey({ clinicId, patientId, epoch: 2 })
  for (const { vault } of [doctor, own])
    expect(await vault.loadEmergencyKey({ clinicId, patientId, statement: better.statement })).toMatchObject({
      state: 'valid',
    })
})
