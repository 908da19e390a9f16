// A clinic with real keys, made through the flows: what tests of the staff's side start from.
import { randomUUID } from 'node:crypto'
import { createVault } from '../browser/vault-core.ts'
import { memoryStorage } from '../browser/vault-storage.ts'
import type { KeptInvitation, Vault } from '../browser/vault-api.ts'
import type { RecordType, Sealed } from '../crypto/types.ts'
import type { Result } from '../errors.ts'
import { openGrant } from '../record/grants.ts'
import { inClinic } from '../server/tx.ts'
import * as flow from './flow.ts'
import * as signInFlow from './flow-sign-in.ts'
import { groupsOf, type Role, type StaffActor } from './rules.ts'

const publicActor = { kind: 'public' } as const
export const at = (now = new Date()) => ({
  now,
  ip: `10.0.${Math.floor(Math.random() * 250)}.${Math.floor(Math.random() * 250)}`,
})

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.code)
  return result.value
}

export const PASSWORD = 'tundra-violin-lantern-87'
const newVault = () => createVault(memoryStorage())

async function register(vault: Vault, email: string): Promise<string> {
  const { request } = await vault.registerStart(PASSWORD)
  return must(await signInFlow.startRegistration(publicActor, { email, request }, at())).response
}

export interface TestStaff {
  vault: Vault
  email: string
  actor: StaffActor
}

/** OPAQUE to session row; the vault is unlocked. */
export async function signIn(
  vault: Vault,
  email: string,
  password = PASSWORD,
  sessionId?: string,
): Promise<StaffActor> {
  const { request } = await vault.signInStart(password)
  const { response, state } = must(await signInFlow.startSignIn(publicActor, { email, request }, at()))
  const { finish } = await vault.signInFinish({ response })
  const { proof } = must(await signInFlow.finishSignIn(publicActor, { state, finish }, at()))
  const opened = await signInFlow.openSession(proof, 'Chrome/1 Linux', new Date())
  const actor = await signInFlow.findStaff(opened!.sessionId, new Date())
  const me = must(await flow.loadMe(actor!))
  const { clinicId, memberId, wrappedAccount, epochGrants, statements } = me
  const chain = { clinicId, statements }
  await vault.unlock({ clinicId, memberId, ...(sessionId && { sessionId }), wrappedAccount, epochGrants, chain })
  return actor!
}

export async function openTestClinic(practitioner = true) {
  const vault = newVault()
  const [clinicId, memberId] = [randomUUID(), randomUUID()]
  const tag = clinicId.slice(0, 8)
  const email = `owner-${tag}@example.org`
  const roles = practitioner ? ['admin', 'practitioner'] : ['admin']
  const keys = await vault.registerOwner({ clinicId, memberId, response: await register(vault, email), roles })
  const opening = {
    clinicId,
    memberId,
    clinic: {
      name: 'Lumen Clinic',
      slug: `lumen-${tag}`,
      timeZone: 'Europe/Paris',
      country: 'FR',
      currency: 'eur',
      locale: 'en' as const,
    },
    owner: { displayName: 'Ada Lumen', title: '', email },
    practitioner,
    ...keys,
  }
  must(await flow.openClinic(publicActor, opening, at()))
  const actor = await signIn(vault, email)
  return {
    clinicId,
    rootFingerprint: keys.rootFingerprint,
    opening,
    owner: { vault, email, actor } satisfies TestStaff,
  }
}
export type TestClinic = Awaited<ReturnType<typeof openTestClinic>>

/** Invited and answered; nobody vouched yet. */
export async function answer(
  { clinicId, rootFingerprint, owner }: TestClinic,
  roles: Role[],
  ownPatients = false,
  siteIds: string[] = [],
) {
  const { claimHash, ...fresh } = await owner.vault.newInvitation()
  const part = { own: ownPatients ? fresh.id : null, sites: siteIds }
  const invitation = { ...fresh, displayName: 'Grace', roles, groups: groupsOf(roles, part) }
  const invited = { id: invitation.id, claimHash, displayName: 'Grace', title: '', roles, ownPatients, siteIds }
  must(await flow.invite(owner.actor, invited, at()))
  const vault = newVault()
  const [memberId, email] = [ownPatients ? invitation.id : randomUUID(), `${randomUUID()}@example.org`]
  const response = await register(vault, email)
  const made = await vault.registerMember({
    clinicId,
    memberId,
    response,
    invitation: { ...invitation, rootFingerprint },
  })
  const person = { displayName: 'Grace', title: '', email }
  must(await flow.join(publicActor, { id: invitation.id, memberId, ...person, ...made }, at()))
  return { invitation, vault, memberId, email }
}

/** What the inviter's browser does with what the server shows it of an answer. */
export async function vouchFor(clinic: TestClinic, invitationId: string, invitation: KeptInvitation) {
  const { clinicId, owner } = clinic
  const listed = must(await flow.listStaff(owner.actor, {}, at()))
  const row = listed.invitations.find((each) => each.id === invitationId)!
  const chain = must(await flow.loadChain(null, { clinicId }))
  const { memberId, keys, mac } = row.answer!
  const shown = { clinicId, chain, invitation, memberId, keys, mac }
  const { code: compared } = await owner.vault.newcomerCode(shown)
  return owner.vault.vouch({ ...shown, compared })
}

/** What the database holds of every record, each with all of its grants: as a hostile operator hands it over. */
export async function everyRow(clinicId: string): Promise<Sealed[]> {
  const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
  return inClinic(clinicId, async (tx) => {
    const grants = await Promise.all((await tx.grant.findMany()).map(openGrant))
    return (await tx.record.findMany()).map(({ type, patientId, recordId, revision, ...row }) => ({
      meta: { clinicId: row.clinicId, patientId, recordId, revision, type: type as RecordType },
      ...{ header: b64(row.header), commit: b64(row.commit) },
      ...{ ciphertext: b64(row.ciphertext), signature: b64(row.signature) },
      grants: grants.flatMap((each) =>
        each?.recordId === recordId && each.revision === revision ? [each.grant!] : [],
      ),
    }))
  })
}
export const opens = async ({ vault }: { vault: Vault }, records: Sealed[], patientId: string) =>
  (await vault.open(records, { patientId })).map((each) => (each.ok ? 'opened' : each.code))
