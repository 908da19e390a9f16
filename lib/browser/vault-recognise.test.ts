// A device that came with a mailed code: what it opens before anybody recognised the patient on it, and who opens what for it.
import { describe, expect, test } from 'vitest'
import type { RecordType, Sealed } from '../crypto/types.ts'
import { clinic, codeOf, input, patientOf, sealAs, signIn } from './vault-world.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'

const world = await clinic()
const desk = await world.join(['frontdesk'])
const doctor = await world.join(['practitioner'])
await desk.vault.loadChain(world.chain)
const of = (patientId: string) => ({ patientId })

/** A patient with records of every kind, and a further device of theirs that nobody recognised yet. */
async function lastResort() {
  const patient = await patientOf(world)
  const { clinicId, patientId } = patient.handle
  const theirs = await Promise.all([
    sealAs(patient, 'identity', { name: 'Vera' }),
    ...(['checklist', 'reason', 'intake', 'consent'] as const).map((type) => sealAs(patient, type, {})),
  ])
  await doctor.vault.open(theirs, of(patientId))
  const write = (type: RecordType, content: unknown) =>
    doctor.vault.seal(input(patient.handle, type, content, [patient.handle.keys.dh]))
  const records = [...theirs, await write('note', { shared: true }), await write('prescription', {})]
  const device = await patientOf(world, patientId)
  const { keys } = device.handle
  return {
    ...{ clinicId, patientId, records, device, keys, code: await device.vault.ownDeviceCode(patientId) },
    to: { kind: 'patient', id: patientId, key: keys.dh, epoch: 0 } as const,
  }
}
type Case = Awaited<ReturnType<typeof lastResort>>

const opens = async ({ device, patientId }: Case, records: Sealed[]) => {
  const opened = await device.vault.open(records, { asPatient: patientId, patientId })
  return opened.flatMap((each, index) => (each.ok ? [records[index]!.meta.type] : []))
}
/** The server's rows after these grants were taken. */
const rows = (records: Sealed[], granted: { recordId: string; grant: Sealed['grants'][number] }[]) =>
  records.map((record) => ({
    ...record,
    grants: [
      ...record.grants,
      ...granted.flatMap((each) => (each.recordId === record.meta.recordId ? each.grant : [])),
    ],
  }))
const recognise = (who: typeof desk, { clinicId, patientId, keys, code }: Case, more: object = {}) =>
  who.vault.recogniseDevice({ clinicId, patientId, keys, code, name: 'Vera', reason: 'document', ...more })

// Defence: no browser of the clinic grants to a key that the database alone calls the patient's (`mayRead` and `knownAtDesk` in
// vault-records.ts).
test('attack 14: a code by e-mail alone decrypts nothing, whatever rows a hostile server hands the device', async () => {
  const at = await lastResort()
  const { clinicId, patientId, records, keys, to } = at
  expect(records).toHaveLength(7)
  expect(await opens(at, records)).toEqual([])
  // The server files the key as it likes; each browser of the clinic is asked to grant to it, and to seal for it.
  for (const { vault } of [doctor, desk, world.owner]) {
    await vault.open(records, of(patientId))
    await vault.loadPatientKeys({ clinicId, patientId, keys: [{ keys, vouch: null, link: null }] })
    expect(await codeOf(vault.regrant(records, to))).toBe('NOT_VOUCHED')
    expect(await codeOf(vault.seal(input(at.device.handle, 'checklist', {}, [keys.dh])))).toBe('NOT_VOUCHED')
  }
  // Grants of others under its name, its own "grants" of what it cannot open, and everybody's rows at once.
  const renamed = records.map((record) => ({
    ...record,
    grants: record.grants.map((grant) => ({ ...grant, recipient: to })),
  }))
  expect(await opens(at, renamed)).toEqual([])
  expect(await at.device.vault.handOn({ patientId, records: renamed, to: [] })).toEqual([])
})

describe('the member at the desk', () => {
  test('compares the device’s code, and opens what the desk manages for it; a practitioner does the rest', async () => {
    const at = await lastResort()
    const { clinicId, patientId, records, keys, to } = at
    await desk.vault.open(records, of(patientId))
    const { vouch, by } = await recognise(desk, at)
    expect(by).toBe('desk')
    const byDesk = await desk.vault.regrant(records, to)
    expect(await opens(at, rows(records, byDesk))).toEqual(['identity', 'checklist'])

    // The practitioner's browser hears of it and believes it for no more than that.
    await doctor.vault.open(records, of(patientId))
    const [heard] = await doctor.vault.loadPatientKeys({ clinicId, patientId, keys: [{ keys, vouch }] })
    expect(heard).toMatchObject({ trust: 'none', met: false, atDesk: 'document' })
    const early = await doctor.vault.regrant(records, to)
    expect(await opens(at, rows(records, early))).toEqual(['identity', 'checklist'])
    expect(await codeOf(doctor.vault.seal(input(at.device.handle, 'note', { shared: true }, [keys.dh])))).toBe(
      'NOT_VOUCHED',
    )
    expect((await recognise(doctor, at, { reason: 'known' })).by).toBe('clinical')
    const all = await doctor.vault.regrant(records, to)
    expect(await opens(at, rows(records, all))).toEqual(records.map(({ meta }) => meta.type))
  })

  // Defence: `by` of checkPatientVouch in loadPatientKeys (vault-patient-keys.ts), and the group’s kind in `regrant` (vault-records.ts).
  test('attack 7: a receptionist who vouches for a key of their own is granted no clinical record by any browser', async () => {
    const at = await lastResort()
    const { clinicId, patientId, records, keys, to } = at
    await desk.vault.open(records, of(patientId))
    const { vouch } = await desk.vault.vouchPatient({ clinicId, patientId, keys, reason: 'known' })
    const elsewhere = createVault(memoryStorage())
    await signIn(world, doctor, { vault: elsewhere })
    for (const vault of [elsewhere, doctor.vault, desk.vault]) {
      await vault.open(records, of(patientId))
      const heard = await vault.loadPatientKeys({ clinicId, patientId, keys: [{ keys, vouch }] })
      // Defence: `by` in countsWholly (patient-vouch.ts). Nor is it the patient's to another receptionist.
      expect(heard).toMatchObject([{ trust: 'none', atDesk: 'known' }])
      const granted = await vault.regrant(records, to)
      expect((await opens(at, rows(records, granted))).sort()).toEqual(['checklist', 'identity'])
    }
    // Nor is what it signs the patient's word.
    const forged = await sealAs(at.device, 'reason', { reason: 'forged' })
    expect((await elsewhere.open([forged], of(patientId)))[0]).toMatchObject({ ok: false, code: 'NOT_VOUCHED' })
  })
})

describe('who sees a part of the clinic', () => {
  const forVisit = (
    { handle }: Case['device'],
    type: RecordType,
    visit: { practitioner: string; site: string | null },
  ) => {
    const { clinicId, patientId, keys } = handle
    return {
      ...{ clinicId, patientId, recordId: crypto.randomUUID(), revision: 1, schema: 1, type, ...visit },
      ...{ content: { name: 'Vera', shared: true }, patients: [{ patientId, key: keys.dh }] },
    }
  }
  const open = async (who: typeof desk, records: Sealed[], patientId: string) =>
    (await who.vault.open(records, of(patientId))).map((each) => (each.ok ? 'opened' : each.code))

  // Defence: `countsWholly` in loadPatientKeys (vault-patient-keys.ts), and `mayHave` in `regrant` (vault-records.ts).
  test.each(['own', 'site'])(
    'attack 7: vouches for a device of their own as another’s patient’s (%s), and it is granted nothing of that patient',
    async (part) => {
      const [here, there] = [crypto.randomUUID(), crypto.randomUUID()]
      const insider = await world.join(
        ['practitioner'],
        memoryStorage(),
        part === 'own',
        undefined,
        part === 'own' ? [] : [here],
      )
      const colleague = await world.join(['practitioner'], memoryStorage(), false, undefined, [there])
      await Promise.all([doctor, world.owner, insider, colleague].map((who) => signIn(world, who)))
      const patient = await patientOf(world)
      const { clinicId, patientId } = patient.handle
      // The patient of a colleague at another site.
      const visit = { practitioner: colleague.memberId, site: there }
      const theirs = await Promise.all(
        (['identity', 'checklist', 'reason', 'intake'] as const).map((type) =>
          patient.vault.seal({ ...forVisit(patient, type, visit), asPatient: patientId }),
        ),
      )
      expect(await open(insider, theirs, patientId)).toEqual(theirs.map(() => 'NOT_FOR_YOU'))
      expect(await open(colleague, theirs, patientId)).toEqual(theirs.map(() => 'opened'))

      const device = await patientOf(world, patientId)
      const { keys } = device.handle
      const to = { kind: 'patient', id: patientId, key: keys.dh, epoch: 0 } as const
      const { vouch, by } = await insider.vault.vouchPatient({ clinicId, patientId, keys, reason: 'known' })
      expect(by).toBe('clinical')
      for (const { vault } of [colleague, doctor, world.owner]) {
        await vault.open(theirs, of(patientId))
        const [heard] = await vault.loadPatientKeys({ clinicId, patientId, keys: [{ keys, vouch }] })
        expect(heard).toMatchObject({ trust: 'none', met: false })
        expect(await vault.regrant(theirs, to)).toEqual([])
        expect(await codeOf(vault.seal(forVisit(device, 'note', visit)))).toBe('NOT_VOUCHED')
        // Nor is what it signs the patient's word.
        const forged = await device.vault.seal({ ...forVisit(device, 'reason', visit), asPatient: patientId })
        expect((await vault.open([forged], of(patientId)))[0]).toMatchObject({ ok: false, code: 'NOT_VOUCHED' })
      }
    },
  )

  test('vouches for their own patient’s device, and everybody’s browser opens to it what their part manages', async () => {
    const site = crypto.randomUUID()
    const [one, other] = [
      await world.join(['practitioner'], memoryStorage(), false, undefined, [site]),
      await world.join(['practitioner'], memoryStorage(), false, undefined, [site]),
    ]
    await Promise.all([doctor, world.owner, one, other].map((who) => signIn(world, who)))
    const patient = await patientOf(world)
    const { clinicId, patientId } = patient.handle
    const sealAt = (type: RecordType, where: string | null) => {
      const visit = { practitioner: doctor.memberId, site: where }
      return patient.vault.seal({ ...forVisit(patient, type, visit), asPatient: patientId })
    }
    const here = [await sealAt('identity', site), await sealAt('reason', site)]
    const elsewhere = await sealAt('intake', null)
    const device = await patientOf(world, patientId)
    const { keys } = device.handle
    const to = { kind: 'patient', id: patientId, key: keys.dh, epoch: 0 } as const
    expect(await open(one, here, patientId)).toEqual(['opened', 'opened'])
    const { vouch } = await one.vault.vouchPatient({ clinicId, patientId, keys, reason: 'known' })
    // Whoever sees the same site takes the word for their own.
    await open(other, here, patientId)
    const [heard] = await other.vault.loadPatientKeys({ clinicId, patientId, keys: [{ keys, vouch }] })
    expect(heard).toMatchObject({ trust: 'vouched' })
    // Whoever sees the whole clinic grants what that site manages, and what else the patient has waits.
    await open(doctor, [...here, elsewhere], patientId)
    await doctor.vault.loadPatientKeys({ clinicId, patientId, keys: [{ keys, vouch }] })
    const granted = await doctor.vault.regrant([...here, elsewhere], to)
    expect(granted.map(({ recordId }) => recordId).sort()).toEqual(here.map(({ meta }) => meta.recordId).sort())
  })
})

describe('the code of a device', () => {
  // Defence: the comparison in `recogniseDevice`.
  test('attack 7: other keys than those on the patient’s screen are not vouched for, whatever list they came in', async () => {
    const at = await lastResort()
    await doctor.vault.open(at.records, of(at.patientId))
    const evil = await patientOf(world, at.patientId)
    expect(await codeOf(recognise(doctor, at, { keys: evil.handle.keys }))).toBe('STALE')
    expect(await codeOf(recognise(doctor, at, { keys: { ...at.keys, dh: evil.handle.keys.dh } }))).toBe('STALE')
    expect(await codeOf(recognise(doctor, at, { code: '' }))).toBe('STALE')
    expect(await codeOf(doctor.vault.regrant(at.records, at.to))).toBe('NOT_VOUCHED')
    expect(await codeOf(recognise(doctor, at, { name: 'Somebody' }))).toBe('NOT_VOUCHED')
    expect((await recognise(doctor, at, { code: at.code.replaceAll(' ', '-') })).by).toBe('clinical')
  })

  test('is twelve digits, of the device and of the clinic', async () => {
    const at = await lastResort()
    const other = await patientOf(world, at.patientId)
    const codes = [at.code, await other.vault.ownDeviceCode(at.patientId)]
    for (const code of codes) expect(code).toMatch(/^\d{3} \d{3} \d{3} \d{3}$/)
    expect(codes[0]).not.toBe(codes[1])
  })
})
