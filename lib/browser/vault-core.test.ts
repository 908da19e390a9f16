import { beforeAll, describe, expect, test, vi } from 'vitest'
import { toB64 } from '../crypto/bytes.ts'
import { verifyChain } from '../crypto/chain.ts'
import { generateDeviceKeys } from '../crypto/keys.ts'
import type { Group } from '../crypto/types.ts'
import { publicKeys } from './vault-context.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import {
  clinic,
  type Clinic,
  codeOf,
  input,
  PASSWORD,
  type PatientDevice,
  patientOf,
  register,
  sealAs,
  signIn,
  type Staff,
} from './vault-world.ts'

// Argon2id with 64 MiB, several times a test, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 })

const forDesk = { displayName: 'Grace', roles: ['frontdesk'], groups: ['desk' as const] }
let world: Clinic
let doctor: Staff
let desk: Staff

beforeAll(async () => {
  world = await clinic(['admin'])
  doctor = await world.join(['practitioner'])
  desk = await world.join(['frontdesk'])
  await doctor.vault.loadChain(world.chain)
}, 60_000)

const newPatient = () => patientOf(world)
const of = ({ handle }: PatientDevice) => ({ patientId: handle.patientId })

describe('a consult', () => {
  test('what the patient seals opens for the groups it is for, and for nobody else', async () => {
    const patient = await newPatient()
    const records = [
      await sealAs(patient, 'identity', { name: 'Ada' }),
      await sealAs(patient, 'reason', { text: 'cough' }),
    ]
    const byDoctor = await doctor.vault.open(records, of(patient))
    expect(byDoctor).toMatchObject([
      { ok: true, value: { content: { name: 'Ada' }, author: { kind: 'patient', vouched: false } } },
      { ok: true, value: { content: { text: 'cough' } } },
    ])
    const byDesk = await desk.vault.open(records, of(patient))
    expect(byDesk).toMatchObject([
      { ok: true, value: { content: { name: 'Ada' } } },
      { ok: false, code: 'NOT_FOR_YOU' },
    ])
    const other = await newPatient()
    const byOther = await other.vault.open(records, {
      asPatient: other.handle.patientId,
      patientId: other.handle.patientId,
    })
    expect(byOther).toMatchObject([
      { ok: false, code: 'BAD_ENVELOPE' },
      { ok: false, code: 'BAD_ENVELOPE' },
    ])
  })

  test('a shared note reaches the patient, with its author named by the chain; its next revision follows it', async () => {
    const patient = await newPatient()
    await doctor.vault.open([await sealAs(patient, 'identity', { name: 'Ada' })], of(patient))
    const first = input(patient.handle, 'note', { text: 'rest' })
    const note = await doctor.vault.seal(first)
    const [opened] = await patient.vault.open([note], { asPatient: patient.handle.patientId, ...of(patient) })
    expect(opened).toMatchObject({
      ok: true,
      value: { author: { kind: 'member', id: doctor.memberId, vouched: true } },
    })
    const previous = opened!.ok ? opened!.value.hash : ''
    const second = await doctor.vault.seal({ ...first, revision: 2, previous, content: { text: 'rest more' } })
    expect(
      (await patient.vault.open([second], { asPatient: patient.handle.patientId, ...of(patient) }))[0],
    ).toMatchObject({
      ok: true,
      value: { revision: 2 },
    })
    expect(await codeOf(doctor.vault.seal({ ...first, revision: 2 }))).toBe('BAD_ENVELOPE')
  })

  test('a receptionist’s browser cannot write or read clinical records', async () => {
    const patient = await newPatient()
    await desk.vault.open([await sealAs(patient, 'identity', { name: 'Ada' })], of(patient))
    const forged = await desk.vault.seal(input(patient.handle, 'note', { text: 'forged' }))
    expect((await doctor.vault.open([forged], of(patient)))[0]).toMatchObject({ ok: false, code: 'NOT_VOUCHED' })
    expect(
      await codeOf(
        desk.vault.sealShare({ rxId: 'r', clinicId: world.clinicId, prescriberName: 'x', prescription: {} }),
      ),
    ).toBe('NOT_VOUCHED')
  })

  test('a prescription’s copy opens in a browser that knows nothing', async () => {
    const rx = {
      rxId: crypto.randomUUID(),
      clinicId: world.clinicId,
      prescriberName: 'Dr Who',
      prescription: { drug: 'tea' },
    }
    const copy = await doctor.vault.sealShare(rx)
    const pharmacist = createVault(memoryStorage())
    const open = { rxId: rx.rxId, ...copy, rootFingerprint: world.rootFingerprint }
    expect(await pharmacist.openShare(open)).toMatchObject({
      ok: true,
      prescription: { drug: 'tea' },
      prescriber: { name: 'Dr Who', memberId: doctor.memberId },
    })
    const stranger = toB64(new Uint8Array(32))
    expect(await pharmacist.openShare({ ...open, rootFingerprint: stranger })).toEqual({
      ok: false,
      code: 'CHAIN_FORKED',
    })
    expect(await pharmacist.openShare({ ...open, secret: stranger })).toEqual({ ok: false, code: 'NOT_FOR_YOU' })
  })
})

describe('attack 7, in the vault', () => {
  // Defence: recipientsOf in vault-records.ts.
  test('attack 7: a patient’s key replaced by SQL gets nothing', async () => {
    const patient = await newPatient()
    await doctor.vault.open([await sealAs(patient, 'identity', { name: 'Ada' })], of(patient))
    const evil = publicKeys((await generateDeviceKeys()).public)
    expect(await codeOf(doctor.vault.seal(input(patient.handle, 'note', {}, [evil.dh])))).toBe('NOT_VOUCHED')
    expect(await codeOf(doctor.vault.seal(input(patient.handle, 'note', {}, [patient.handle.keys.dh])))).toBe(
      'accepted',
    )
    const to = { kind: 'patient', id: patient.handle.patientId, key: evil.dh, epoch: 0 } as const
    expect(await codeOf(doctor.vault.regrant([], to))).toBe('NOT_VOUCHED')
    const { clinicId, patientId } = patient.handle
    const views = await doctor.vault.loadPatientKeys({
      clinicId,
      patientId,
      keys: [{ keys: patient.handle.keys }, { keys: evil }],
    })
    expect(views.map((view) => view.trust)).toEqual(['first-use', 'none'])
    const unseen = await newPatient()
    expect(await codeOf(doctor.vault.seal(input(unseen.handle, 'note', {})))).toBe('NOT_VOUCHED')
  })

  // Defence: trustPatient in vault-patient-keys.ts.
  test('attack 7: a second key that signs for a known patient is not vouched for', async () => {
    const patient = await newPatient()
    await doctor.vault.open([await sealAs(patient, 'identity', { name: 'Ada' })], of(patient))
    const forger = createVault(memoryStorage())
    await forger.loadChain(world.chain)
    const { clinicId, patientId } = patient.handle
    const handle = await forger.createPatient({ clinicId, patientId, home: 'memory' })
    const forged = await sealAs({ vault: forger, handle }, 'reason', { text: 'sell me opium' })
    expect((await doctor.vault.open([forged], of(patient)))[0]).toMatchObject({ ok: false, code: 'NOT_VOUCHED' })
  })

  test('a second device reads and writes once a practitioner says “matches”', async () => {
    const patient = await newPatient()
    const identity = await sealAs(patient, 'identity', { name: 'Ada' })
    await doctor.vault.open([identity], of(patient))
    const { clinicId, patientId } = patient.handle
    const phone = createVault(memoryStorage())
    await phone.loadChain(world.chain, world.rootFingerprint)
    const handle = await phone.createPatient({ clinicId, patientId, home: 'memory' })
    expect((await phone.open([identity], { asPatient: patientId, patientId }))[0]).toMatchObject({
      code: 'NOT_FOR_YOU',
    })

    const { vouch } = await doctor.vault.vouchPatient({ clinicId, patientId, keys: handle.keys, reason: 'call' })
    const to = { kind: 'patient', id: patientId, key: handle.keys.dh, epoch: 0 } as const
    const [granted] = await doctor.vault.regrant([identity], to)
    const withGrant = { ...identity, grants: [...identity.grants, granted!.grant] }
    expect((await phone.open([withGrant], { asPatient: patientId, patientId }))[0]).toMatchObject({
      ok: true,
      value: { content: { name: 'Ada' } },
    })

    // Another member's browser learns of it by the statement alone.
    const owner = world.owner.vault
    await owner.open([identity], of(patient))
    const [view] = await owner.loadPatientKeys({ clinicId, patientId, keys: [{ keys: handle.keys, vouch }] })
    expect(view!.trust).toBe('vouched')
    const reason = await phone.seal({ ...input(handle, 'reason', { text: 'from the phone' }), asPatient: patientId })
    expect((await owner.open([reason], of(patient)))[0]).toMatchObject({
      ok: true,
      value: { author: { vouched: true } },
    })
  })

  // Defence: adoptChain in vault-context.ts.
  test('attack 7: a chain with another root, a shorter one or a fork is refused by who saw the true one', async () => {
    const patient = await newPatient()
    const other = await clinic()
    const false1 = { clinicId: world.clinicId, statements: other.chain.statements }
    expect(await codeOf(patient.vault.loadChain(false1))).toBe('CHAIN_FORKED')
    const fresh = createVault(memoryStorage())
    expect(await codeOf(fresh.loadChain(false1))).toBe('CHAIN_INVALID')
    const shorter = { ...world.chain, statements: world.chain.statements.slice(0, -1) }
    expect(await codeOf(patient.vault.loadChain(shorter))).toBe('CHAIN_SHORTER')
    expect(await codeOf(fresh.loadChain(world.chain, other.rootFingerprint))).toBe('CHAIN_FORKED')
    expect((await fresh.loadChain(world.chain)).trust).toBe('first-use')
    expect((await fresh.loadChain(world.chain, world.rootFingerprint)).trust).toBe('link')
  })

  // Defence: checkNewcomer in invitation.ts, called before anything is signed in vault-invitations.ts.
  test('attack 7: a newcomer’s keys swapped by the server are not vouched for', async () => {
    const invitation = { ...(await world.owner.vault.newInvitation()), ...forDesk }
    const evil = publicKeys((await generateDeviceKeys()).public)
    const { clinicId, chain } = world
    const attempt = {
      clinicId,
      chain,
      invitation,
      memberId: 'm1',
      keys: evil,
    }
    expect(await codeOf(world.owner.vault.vouch({ ...attempt, mac: toB64(new Uint8Array(32)), compared: '' }))).toBe(
      'BAD_INVITATION',
    )
  })

  // Defence: `vouch` in vault-invitations.ts takes roles and groups from what this browser kept, and checkNewcomer (invitation.ts)
  // has them in the MAC. Nothing that the server shows of an invitation is asked.
  test('attack 7: an invitation is for what its maker kept, whatever became of its row', async () => {
    const { clinicId, rootFingerprint, owner } = world
    const { claimHash: _, ...fresh } = await owner.vault.newInvitation()
    await owner.vault.rememberInvitation({ ...fresh, ...forDesk, expiresAt: new Date(Date.now() + 1e6).toISOString() })
    const kept = (await owner.vault.recallInvitation(fresh.id))!
    expect(kept).toEqual({ ...fresh, ...forDesk })
    const answered = async (shown: { roles: string[]; groups: Group[] }) => {
      const newcomer = createVault(memoryStorage())
      const memberId = crypto.randomUUID()
      const response = await register(world, newcomer, memberId)
      const invitation = { ...fresh, rootFingerprint, ...shown }
      const { keys, mac, code: compared } = await newcomer.registerMember({ clinicId, memberId, response, invitation })
      // An altered row's roles, were they handed on by mistake, are nobody's.
      const row = { roles: ['admin', 'practitioner'], groups: ['clinical', 'desk'] }
      const answer = { clinicId, chain: world.chain, invitation: kept, memberId, keys, mac }
      return owner.vault.vouch({ ...answer, compared, ...row })
    }
    const { statements, epochGrants } = await answered(forDesk)
    expect(epochGrants.map(({ group }) => group)).toEqual(['desk'])
    const chain = await verifyChain(clinicId, [...world.chain.statements, ...statements])
    expect(chain.members.at(-1)).toMatchObject({ roles: ['frontdesk'], groups: ['desk'] })
    const more = { roles: ['practitioner'], groups: ['clinical' as const, 'desk' as const] }
    expect(await codeOf(answered(more))).toBe('BAD_INVITATION')
  })
})

describe('an account', () => {
  test('weak passwords are refused, the generated one is not', async () => {
    const vault = createVault(memoryStorage())
    for (const password of ['short', 'aaaaaaaaaaaaaaaa', '1234567890123456', 'abcabcabcabcabc']) {
      expect(await codeOf(vault.registerStart(password)), password).toBe('WEAK_PASSWORD')
    }
    const passphrase = await vault.newPassphrase()
    expect(passphrase).toMatch(/^([a-z]{5}-){4}[a-z]{5}$/)
    expect(await codeOf(vault.registerStart(passphrase))).toBe('accepted')
  })

  test('a wrong password opens nothing; the right one opens in an empty profile', async () => {
    const vault = createVault(memoryStorage())
    expect(await codeOf(signIn(world, desk, { vault, password: `${PASSWORD}!` }))).toBe('WRONG_PASSWORD')
    expect(await codeOf(signIn(world, desk, { vault }))).toBe('accepted')
  })

  test('locked, it seals and signs nothing', async () => {
    const vault = createVault(memoryStorage())
    await vault.loadChain(world.chain)
    expect(await codeOf(vault.signStaff({ purpose: 'test', fields: [] }))).toBe('LOCKED')
    expect(await codeOf(vault.open([], { patientId: 'p' }))).toBe('LOCKED')
    expect(await codeOf(vault.rewrapAccount())).toBe('LOCKED')
  })

  // Defence: the pin inside the account's wrap, handed to adoptChain by settle in staff-account.ts.
  test('attack 11: its wrap follows the chain, so that an empty profile refuses a chain cut back', async () => {
    const cut = { ...world, chain: { ...world.chain, statements: world.chain.statements.slice(0, -1) } }
    const vault = createVault(memoryStorage())
    expect(await codeOf(signIn(cut, world.owner, { vault }))).toBe('accepted') // the first wrap knew no more
    const { wrappedAccount } = await world.owner.vault.rewrapAccount()
    const owner = { ...world.owner, wrappedAccount }
    expect(await codeOf(signIn(cut, owner, { vault: createVault(memoryStorage()) }))).toBe('CHAIN_SHORTER')
    expect(await codeOf(signIn(world, owner, { vault: createVault(memoryStorage()) }))).toBe('accepted')
    const forked = { ...world, chain: { ...world.chain, statements: (await clinic()).chain.statements } }
    expect(await codeOf(signIn(forked, owner, { vault: createVault(memoryStorage()) }))).toMatch(/^CHAIN_/)
  })

  test('pages cannot have the vault sign what lib/crypto signs', async () => {
    const purposes = ['envelope', 'grant', 'chain', 'prescription', 'patient-key', 'call-roster', 'call-admit']
    for (const purpose of purposes) {
      expect(await codeOf(doctor.vault.signStaff({ purpose, fields: ['x'] }))).toBe('UNSUPPORTED')
    }
  })

  test('invitations and drafts of one account are shut to the next at the same browser', async () => {
    const storage = memoryStorage()
    const a = await world.join(['frontdesk'], storage)
    await a.vault.saveDraft('note', { text: 'half' })
    await a.vault.rememberInvitation({
      id: 'i1',
      secret: 'c2VjcmV0',
      ...forDesk,
      expiresAt: new Date(Date.now() + 1e6).toISOString(),
    })
    expect(await a.vault.loadDraft('note')).toEqual({ text: 'half' })
    expect(await a.vault.recallInvitation('i1')).toEqual({ id: 'i1', secret: 'c2VjcmV0', ...forDesk })
    await a.vault.lock()
    expect(await a.vault.loadDraft('note')).toBeNull()
    const b = await world.join(['frontdesk'], storage)
    expect(await b.vault.loadDraft('note')).toBeNull()
    expect(await b.vault.recallInvitation('i1')).toBeNull()
  })
})

describe('a patient’s device', () => {
  test('asked twice for one patient, it keeps the keys it made; forgotten, they are gone', async () => {
    const vault = createVault(memoryStorage())
    const patientId = crypto.randomUUID()
    const make = () => vault.createPatient({ clinicId: world.clinicId, patientId, home: 'stored' })
    const first = await make()
    expect(await make()).toEqual(first)
    expect(first.home).toBe('memory') // this storage keeps nothing past the worker, and says so
    await vault.bindAppointment({ appointmentId: 'a', patientId, linkSecret: 's' })
    await vault.saveDraft('form', { name: 'A' })
    expect(await vault.appointment('a')).toEqual({ patient: first, linkSecret: 's' })
    expect(await vault.loadDraft('form')).toEqual({ name: 'A' })
    await vault.forget()
    expect(await vault.patients()).toEqual([])
    expect(await vault.appointment('a')).toBeNull()
    expect(await vault.loadDraft('form')).toBeNull()
  })
})
