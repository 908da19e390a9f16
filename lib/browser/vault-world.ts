import { ready, server } from '@serenity-kit/opaque'
import { groupsOf, type Role } from '../access/rules.ts'
import { managingKind } from '../crypto/policy.ts'
import type { EpochGrant, PublicKeys, RecordType, Sealed } from '../crypto/types.ts'
import type { ChainInput, PatientHandle, SealInput, Vault } from './vault-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage, type VaultStorage } from './vault-storage.ts'

/** A clinic with real keys and a real OPAQUE server half, all in memory: for tests and benchmarks. */
export interface Clinic {
  clinicId: string
  rootFingerprint: string
  chain: ChainInput
  epochGrants: EpochGrant[]
  owner: Staff
  /** The OPAQUE server's seed. */
  setup: string
  /** Invites, vouches for and signs in one more member. */
  join(roles: string[], storage?: VaultStorage, ownPatients?: boolean, by?: Staff, sites?: string[]): Promise<Staff>
}
export interface Staff {
  vault: Vault
  memberId: string
  keys: PublicKeys
  password: string
  record: string
  wrappedAccount: string
}

export const PASSWORD = 'a correct horse, battery-stapled'

export async function clinic(
  ownerRoles: string[] = ['admin', 'practitioner'],
  vault: Vault = createVault(memoryStorage()),
): Promise<Clinic> {
  await ready
  const setup = server.createSetup()
  const clinicId = crypto.randomUUID()
  const statements: ChainInput['statements'] = []
  const epochGrants: EpochGrant[] = []
  const chain: ChainInput = { clinicId, statements }

  const memberId = crypto.randomUUID()
  const founded = await vault.registerOwner({
    clinicId,
    memberId,
    response: await register({ setup }, vault, memberId),
    roles: ownerRoles,
  })
  statements.push(...founded.statements)
  epochGrants.push(...founded.epochGrants)
  const owner: Staff = { vault, memberId, password: PASSWORD, ...founded }
  const world: Clinic = {
    clinicId,
    rootFingerprint: founded.rootFingerprint,
    chain,
    epochGrants,
    owner,
    setup,
    async join(roles, storage = memoryStorage(), ownPatients = false, by = owner, sites = []) {
      if (by !== owner) await by.vault.refresh({ chain, epochGrants })
      const newcomer = createVault(storage)
      const fresh = await by.vault.newInvitation()
      const { id } = fresh
      const groups = groupsOf(roles as Role[], { own: ownPatients ? id : null, sites })
      const invited = { ...fresh, displayName: 'Grace', roles, groups }
      const invitation = { ...invited, rootFingerprint: founded.rootFingerprint }
      const made = await newcomer.registerMember({
        clinicId,
        memberId: id,
        response: await register({ setup }, newcomer, id),
        invitation,
      })
      const vouched = await by.vault.vouch({
        clinicId,
        chain,
        invitation: invited,
        memberId: id,
        keys: made.keys,
        mac: made.mac,
        compared: made.code,
      })
      statements.push(...vouched.statements)
      epochGrants.push(...vouched.epochGrants)
      const staff: Staff = { vault: newcomer, memberId: id, password: PASSWORD, ...made }
      await signIn(world, staff)
      await owner.vault.loadChain(chain)
      return staff
    },
  }
  await signIn(world, owner)
  return world
}

/** First half of a registration, and the server's answer to it. */
export async function register({ setup }: Pick<Clinic, 'setup'>, vault: Vault, memberId: string): Promise<string> {
  const { request } = await vault.registerStart(PASSWORD)
  const answer = server.createRegistrationResponse({
    serverSetup: setup,
    userIdentifier: memberId,
    registrationRequest: request,
  })
  return answer.registrationResponse
}

/** Signs in by OPAQUE and unlocks, as the sign-in page does. */
export async function signIn(
  world: Clinic,
  staff: Staff,
  {
    vault = staff.vault,
    password = staff.password,
    sessionId,
  }: { vault?: Vault; password?: string; sessionId?: string } = {},
) {
  const { request } = await vault.signInStart(password)
  const { loginResponse } = server.startLogin({
    serverSetup: world.setup,
    userIdentifier: staff.memberId,
    registrationRecord: staff.record,
    startLoginRequest: request,
  })
  await vault.signInFinish({ response: loginResponse })
  return vault.unlock({
    clinicId: world.clinicId,
    memberId: staff.memberId,
    sessionId,
    wrappedAccount: staff.wrappedAccount,
    epochGrants: world.epochGrants,
    chain: world.chain,
  })
}

export interface PatientDevice {
  vault: Vault
  handle: PatientHandle
}

/** A device of a new patient, or one more of a known one: its keys are its own. */
export async function patientOf(world: Clinic, patientId: string = crypto.randomUUID()): Promise<PatientDevice> {
  const vault = createVault(memoryStorage())
  await vault.loadChain(world.chain, world.rootFingerprint)
  return { vault, handle: await vault.createPatient({ clinicId: world.clinicId, patientId, home: 'memory' }) }
}

export const input = (
  { clinicId, patientId, keys }: PatientHandle,
  type: RecordType,
  content: unknown,
  to: string[] = [keys.dh],
): SealInput => ({
  clinicId,
  patientId,
  recordId: crypto.randomUUID(),
  revision: 1,
  schema: 1,
  type,
  content,
  managing: managingKind[type],
  groups: managingKind[type] === 'desk' ? ['desk', 'clinical'] : ['clinical'],
  patients: to.map((key) => ({ patientId, key })),
})
export const sealAs = ({ vault, handle }: PatientDevice, type: RecordType, content: unknown): Promise<Sealed> =>
  vault.seal({ ...input(handle, type, content), asPatient: handle.patientId })

export const codeOf = (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'accepted',
    (error) => (error as { code: string }).code,
  )
