// A clinic that somebody left: records under the epochs of before, and the next epochs made.
import { randomUUID } from 'node:crypto'
import { answer, at, must, openTestClinic, PASSWORD, signIn, type TestStaff, vouchFor } from '../access/testing.ts'
import * as access from '../access/flow.ts'
import * as accessStore from '../access/store.ts'
import type { Role, StaffActor } from '../access/rules.ts'
import type { SealInput, Vault } from '../browser/vault-api.ts'
import { createVault } from '../browser/vault-core.ts'
import { memoryStorage } from '../browser/vault-storage.ts'
import { fromB64, labelledHash, toB64 } from '../crypto/bytes.ts'
import { appendStatement, verifyChain } from '../crypto/chain.ts'
import type { Entry } from '../crypto/chain-statement.ts'
import { newEpoch, sealEpoch } from '../crypto/epoch.ts'
import type { Keys } from '../crypto/keys.ts'
import type { Group, RecordType } from '../crypto/types.ts'
import { insertRecords } from '../record/store.ts'
import type { TestDb } from '../server/testing.ts'
import { inClinic } from '../server/tx.ts'

export async function leavingWorld(admin: TestDb['admin']) {
  const clinic = await openTestClinic()
  const { clinicId, owner } = clinic
  const join = async (roles: Role[], ownPatients = false): Promise<TestStaff & { memberId: string }> => {
    const { invitation, vault, email, memberId } = await answer(clinic, roles, ownPatients)
    const signed = await vouchFor(clinic, invitation.id, invitation)
    must(await access.vouch(owner.actor, { id: invitation.id, ...signed }, at()))
    const actor = await signIn(vault, email)
    return { vault, email, actor, memberId }
  }
  const [stays, leaves, desk] = [await join(['practitioner']), await join(['practitioner']), await join(['frontdesk'])]

  /** One more browser of a member, in a session of its own. */
  async function browserOf(email: string): Promise<{ vault: Vault; actor: StaffActor }> {
    const vault = createVault(memoryStorage())
    return { vault, actor: await signIn(vault, email) }
  }

  /** Stores what a vault seals of one patient. */
  async function write(count: number, type: RecordType = 'note', by: Vault = owner.vault) {
    const chain = must(await access.loadChain(null, { clinicId }))
    await by.loadChain(chain)
    const patientId = randomUUID()
    await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
    const desks = type === 'identity' || type === 'checklist'
    const inputs = Array.from({ length: count }, (_, index): SealInput => ({
      ...{ clinicId, patientId, recordId: randomUUID(), revision: 1, schema: 1, type, content: { text: `${index}` } },
      managing: desks ? 'desk' : 'clinical',
      groups: desks ? ['desk', 'clinical'] : ['clinical'],
    }))
    const records = await by.sealMany(inputs)
    for (let from = 0; from < count; from += 100)
      await inClinic(clinicId, (tx) =>
        insertRecords(tx, { kind: 'system', clinicId: owner.actor.clinicId }, records.slice(from, from + 100), {
          patientId,
          appointmentId: null,
        }),
      )
    return { patientId, records }
  }

  /** The owner's keys as a session of theirs keeps them: for statements that no page makes here. */
  async function ownerKeys(): Promise<Keys> {
    const storage = memoryStorage()
    const vault = createVault(storage)
    const { sessionId } = await signIn(vault, owner.email, PASSWORD, randomUUID())
    const [name] = await storage.keys('session:')
    if (!name) throw new Error(`no keys of ${sessionId}`)
    return (await storage.get<{ keys: Keys }>(name))!.keys
  }

  /** Says it in the clinic's chain, signed by the owner. */
  async function say(entry: Entry, keys: Keys) {
    const { statements } = must(await access.loadChain(null, { clinicId }))
    const chain = await verifyChain(clinicId, statements)
    const signed = await appendStatement(chain, clinicId, entry, {
      key: keys.sign.privateKey,
      public: keys.public.sign,
    })
    const hash = toB64(await labelledHash('chain', fromB64(signed.body)))
    await inClinic(clinicId, (tx) =>
      accessStore.appendStatements(tx, clinicId, [{ ...signed, previous: toB64(chain.head), hash }]),
    )
  }

  async function remove(memberId: string) {
    await say({ kind: 'member-removed', memberId }, await ownerKeys())
  }

  /** Makes the next epoch of these groups, sealed to everybody who is still in them. */
  async function rotate(groups: Group[] = ['desk', 'clinical']) {
    const keys = await ownerKeys()
    for (const group of groups) {
      const { statements } = must(await access.loadChain(null, { clinicId }))
      const chain = await verifyChain(clinicId, statements)
      const last = chain.epochs.findLast((each) => each.group === group)!.epoch
      const { secret, public: key } = await newEpoch()
      const epoch = { group, epoch: last + 1, key }
      await say({ kind: 'epoch', ...epoch }, keys)
      const inIt = chain.members.filter((each) => each.until === null && each.groups.includes(group))
      const grants = await Promise.all(inIt.map((each) => sealEpoch(clinicId, epoch, secret, each.keys.dh)))
      await inClinic(clinicId, (tx) => accessStore.saveEpochGrants(tx, clinicId, grants))
    }
  }

  return { ...{ clinicId, owner, stays, leaves, desk }, browserOf, join, write, remove, rotate, clinic }
}
