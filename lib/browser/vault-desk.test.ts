// What the desk wrote down of somebody who telephoned: who opens it, whom it is believed of, and what it never stands before.
import { beforeAll, expect, test } from 'vitest'
import { managingKind } from '../crypto/policy.ts'
import type { Group, RecordType, Sealed } from '../crypto/types.ts'
import type { IdentityContent } from '../record/rules.ts'
import { deskIdentity, identityOf, isNamed, isOtherPerson } from './identity.ts'
import type { Opened, OpenResult, Vault } from './vault-api.ts'
import { clinic, type Clinic, patientOf, sealAs, type Staff } from './vault-world.ts'

let world: Clinic
let doctor: Staff
let desk: Staff
beforeAll(async () => {
  world = await clinic(['admin'])
  doctor = await world.join(['practitioner'])
  desk = await world.join(['frontdesk'])
  // Who came before the last one was here has not heard of them yet.
  for (const { vault } of [doctor, desk]) await vault.refresh({ chain: world.chain, epochGrants: world.epochGrants })
})

const written = (
  by: Staff,
  patientId: string,
  type: RecordType,
  content: unknown,
  managing: Group = managingKind[type],
) =>
  by.vault.seal({
    ...{ clinicId: world.clinicId, patientId, recordId: crypto.randomUUID(), revision: 1, schema: 1, type, content },
    ...{ managing, groups: managingKind[type] === 'desk' ? ['desk', 'clinical'] : ['clinical'] },
  })
const good = (results: OpenResult[]): Opened[] => results.flatMap((each) => (each.ok ? [each.value] : []))
const read = async (vault: Vault, records: Sealed[], patientId: string) => vault.open(records, { patientId })
const codes = (results: OpenResult[]) => results.map((each) => (each.ok ? 'opened' : each.code))

test('the practitioner opens name and reason as the desk’s, the desk the name alone, and both without a key of the patient', async () => {
  const patientId = crypto.randomUUID()
  const records = [
    await written(desk, patientId, 'identity', { name: 'Rosa', birthDate: '1961-05-04', email: '' }),
    await written(desk, patientId, 'reason', { appointmentId: crypto.randomUUID(), reason: 'a cough' }),
  ]
  const opened = await read(doctor.vault, records, patientId)
  expect(opened).toMatchObject([
    { ok: true, value: { content: { name: 'Rosa' }, author: { kind: 'member', id: desk.memberId, vouched: true } } },
    { ok: true, value: { content: { reason: 'a cough' }, author: { kind: 'member' } } },
  ])
  expect(codes(await read(desk.vault, records, patientId))).toEqual(['opened', 'NOT_FOR_YOU'])
})

// Defence: `writesFor` in policy.ts. The desk writes down why somebody calls, and nothing else that practitioners manage.
test('attack 10: anything else that the desk signs is believed by nobody, nor its reason for another part of the clinic', async () => {
  const patientId = crypto.randomUUID()
  for (const type of ['intake', 'note', 'prescription', 'recall', 'consent'] as const)
    expect(codes(await read(doctor.vault, [await written(desk, patientId, type, {})], patientId)), type).toEqual([
      'NOT_VOUCHED',
    ])
  const sites = [crypto.randomUUID(), crypto.randomUUID()]
  const there = await world.join(['frontdesk'], undefined, false, world.owner, [sites[0]!])
  const refresh = { chain: world.chain, epochGrants: world.epochGrants }
  for (const { vault } of [doctor, desk, there]) await vault.refresh(refresh)
  const under = async (managing: Group) =>
    codes(await read(doctor.vault, [await written(there, patientId, 'reason', {}, managing)], patientId))
  expect(await under(`clinical:${sites[0]}` as Group)).toEqual(['opened'])
  expect(await under(`clinical:${sites[1]}` as Group)).toEqual(['NOT_VOUCHED'])
  expect(await under('clinical')).toEqual(['NOT_VOUCHED'])
})

// Defence: `ownIdentity` before `deskIdentity` in identityOf, and the loop of `open`: a member's record makes no patient's key known.
test('attack 7: the patient’s own word stands before the desk’s, whenever that was written', async () => {
  const patient = await patientOf(world)
  const { patientId, keys } = patient.handle
  const own = await sealAs(patient, 'identity', { name: 'Rosalie', birthDate: '1961-05-05', email: '' })
  const desks = await written(desk, patientId, 'identity', { name: 'Rosa', birthDate: '1961-05-04', email: '' })
  for (const records of [
    [desks, own],
    [own, desks],
  ]) {
    const opened = good(await read(doctor.vault, records, patientId))
    expect(identityOf(opened)).toMatchObject({
      content: { name: 'Rosalie' },
      author: { kind: 'patient', vouched: false },
    })
    expect(deskIdentity(opened)).toMatchObject({ content: { name: 'Rosa' } })
  }
  const claimed = [{ keys }]
  const [view] = await doctor.vault.loadPatientKeys({ clinicId: world.clinicId, patientId, keys: claimed })
  expect(view!.trust).toBe('first-use')
})

// Defence: the revision in checkAuthorship. The newest revision alone is shown.
test('attack 7: nothing that the desk signs is a further revision of what the patient said', async () => {
  const patient = await patientOf(world)
  const { patientId } = patient.handle
  for (const type of ['identity', 'reason'] as const) {
    const own = await sealAs(patient, type, { name: 'Rosalie', birthDate: '1961-05-05', email: '' })
    const [first] = good(await read(doctor.vault, [own], patientId))
    const second = await desk.vault.seal({
      previous: first!.hash,
      ...{
        clinicId: world.clinicId,
        patientId,
        recordId: own.meta.recordId,
        revision: 2,
        schema: 1,
        type,
        content: {},
      },
      ...{ managing: managingKind[type], groups: type === 'identity' ? ['desk', 'clinical'] : ['clinical'] },
    })
    expect(codes(await read(doctor.vault, [second], patientId)), type).toEqual(['NOT_VOUCHED'])
  }
})

// Defence: `claims` in createPatient. Whom the clinic booked for, the server alone says.
test('attack 7: keys that this browser has for somebody are not those of whom the server names as new', async () => {
  const { vault, handle } = await patientOf(world)
  const { clinicId, patientId } = handle
  const claim = (appointmentId: string, of = patientId) =>
    vault.createPatient({ clinicId, patientId: of, home: 'memory', claims: appointmentId })
  await expect(claim(crypto.randomUUID())).rejects.toMatchObject({ code: 'HELD_ALREADY' })
  const [appointmentId, fresh] = [crypto.randomUUID(), crypto.randomUUID()]
  const made = await claim(appointmentId, fresh)
  expect(await claim(appointmentId, fresh)).toEqual(made)
  await expect(claim(crypto.randomUUID(), fresh)).rejects.toMatchObject({ code: 'HELD_ALREADY' })
})

test('“matches” hands the patient what the desk wrote, and their device opens it as the clinic’s', async () => {
  const patient = await patientOf(world)
  const { patientId, keys, clinicId } = patient.handle
  const records = [
    await written(desk, patientId, 'identity', { name: 'Rosa', birthDate: '1961-05-04', email: '' }),
    await written(desk, patientId, 'reason', { appointmentId: crypto.randomUUID(), reason: 'a cough' }),
    await sealAs(patient, 'identity', { name: 'Rosa', birthDate: '1961-05-04', email: '' }),
  ]
  await patient.vault.loadChain(world.chain)
  const asPatient = { asPatient: patientId, patientId }
  expect(codes(await patient.vault.open(records, asPatient))).toEqual(['NOT_FOR_YOU', 'NOT_FOR_YOU', 'opened'])
  await read(doctor.vault, records, patientId)
  await doctor.vault.vouchPatient({ clinicId, patientId, keys, reason: 'call' })
  const to = { kind: 'patient', id: patientId, key: keys.dh, epoch: 0 } as const
  const granted = await doctor.vault.regrant(records.slice(0, 2), to)
  expect(granted.map(({ recordId }) => recordId)).toEqual(records.slice(0, 2).map(({ meta }) => meta.recordId))
  const handed = records.map((record) => ({
    ...record,
    grants: [
      ...record.grants,
      ...granted.filter(({ recordId }) => recordId === record.meta.recordId).map((each) => each.grant),
    ],
  }))
  expect(good(await patient.vault.open(handed, asPatient)).map(({ author }) => author.kind)).toEqual([
    ...['member', 'member', 'patient'],
  ])
})

const who = (name: string, birthDate = '1961-05-04') => ({ name, birthDate }) as IdentityContent
test.each([
  ['Rosa Núñez', 'rosa  nunez', false],
  ['Rosa Núñez', 'Rosa-Núñez', false],
  ['Rosa Núñez', 'Rosa Nunes', true],
])('%s and %s: another person: %s', (a, b, other) => expect(isOtherPerson(who(a), who(b))).toBe(other))
test('another birthday is another person', () => {
  expect(isOtherPerson(who('Rosa'), who('Rosa', '1961-05-05'))).toBe(true)
})
test('a name is found by the beginnings of its words, in any order, without its accents', () => {
  expect(['ros', 'nun ro', 'Núñez'].map((typed) => isNamed('Rosa Núñez', typed))).toEqual([true, true, true])
  expect(isNamed('Rosa Núñez', 'osa')).toBe(false)
})
