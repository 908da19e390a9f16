// Somebody leaves a clinic: the chain's statements and the next epochs, made by the owner's own keys and stored as they are.
import { randomUUID } from 'node:crypto'
import type { TestStack } from './stack.ts'
import type { ClinicWorld } from './world.ts'
import { createVault } from '../lib/browser/vault-core.ts'
import { memoryStorage } from '../lib/browser/vault-storage.ts'
import { fromB64, labelledHash, toB64 } from '../lib/crypto/bytes.ts'
import { appendStatement, verifyChain } from '../lib/crypto/chain.ts'
import type { Entry } from '../lib/crypto/chain-statement.ts'
import { newEpoch, sealEpoch } from '../lib/crypto/epoch.ts'
import type { Keys } from '../lib/crypto/keys.ts'
import type { Group } from '../lib/crypto/types.ts'

/** Removes the member, and makes the next epochs of the groups that their records were for. */
export async function leave(stack: TestStack, world: ClinicWorld, memberId: string): Promise<void> {
  const keys = await keysOf(world)
  const { clinicId, owner } = world
  const chainNow = async () => {
    const { statements } = await owner.door.get('access/chain', { clinicId })
    return verifyChain(clinicId, statements)
  }
  const say = async (entry: Entry) => {
    const chain = await chainNow()
    const signer = { key: keys.sign.privateKey, public: keys.public.sign }
    const { seq, body, signer: by, signature } = await appendStatement(chain, clinicId, entry, signer)
    await stack.sql(
      `INSERT INTO chain_statement (clinic_id, seq, previous, hash, body, signer, signature) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [clinicId, seq, toB64(chain.head), toB64(await labelledHash('chain', fromB64(body))), body, by, signature],
    )
  }
  await say({ kind: 'member-removed', memberId })
  for (const group of ['desk', 'clinical'] as Group[]) {
    const { members, epochs } = await chainNow()
    const { secret, public: key } = await newEpoch()
    const epoch = { group, epoch: epochs.findLast((each) => each.group === group)!.epoch + 1, key }
    await say({ kind: 'epoch', ...epoch })
    for (const member of members.filter((each) => each.until === null && each.groups.includes(group))) {
      const { to, enc, ct } = await sealEpoch(clinicId, epoch, secret, member.keys.dh)
      await stack.sql(
        `INSERT INTO epoch_grant (clinic_id, "group", epoch, to_key, enc, ct) VALUES ($1, $2, $3, $4, $5, $6)`,
        [clinicId, group, epoch.epoch, to, enc, ct],
      )
    }
  }
}

/** The owner's keys as one session of theirs keeps them. */
async function keysOf({ clinicId, owner }: ClinicWorld): Promise<Keys> {
  const storage = memoryStorage()
  const vault = createVault(storage)
  const { door, email, password } = owner
  const { request } = await vault.signInStart(password)
  const { response } = await door.get('access/sign-in-start', { email, request })
  await vault.signInFinish({ response })
  const { memberId, wrappedAccount, epochGrants, statements } = await door.get('access/me', {})
  const chain = { clinicId, statements }
  await vault.unlock({ clinicId, memberId, sessionId: randomUUID(), wrappedAccount, epochGrants, chain })
  const [name] = await storage.keys('session:')
  return (await storage.get<{ keys: Keys }>(name!))!.keys
}
