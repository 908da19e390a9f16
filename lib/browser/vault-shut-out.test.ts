import { expect, test } from 'vitest'
import { fromB64, random, toB64 } from '../crypto/bytes.ts'
import { appendStatement, currentEpoch, verifyChain } from '../crypto/chain.ts'
import { newEpoch } from '../crypto/epoch.ts'
import { readStanding } from '../access/standing.ts'
import { takeEpochs, takeRemoval } from '../access/statements.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, type Clinic, input, patientOf, signIn, type Staff } from './vault-world.ts'

/** What a member with a changed client signs with. */
async function ownKey(world: Clinic, staff: Staff) {
  const real = crypto.subtle.importKey.bind(crypto.subtle)
  const made: CryptoKey[] = []
  crypto.subtle.importKey = (async (...args: never[]) => {
    const one = await (real as never as (...all: never[]) => Promise<CryptoKey>)(...args)
    if (one.type === 'private' && one.algorithm.name === 'Ed25519') made.push(one)
    return one
  }) as never
  try {
    await signIn(world, staff, { vault: createVault(memoryStorage()) })
  } finally {
    crypto.subtle.importKey = real as never
  }
  return { key: made.at(-1)!, public: fromB64(staff.keys.sign, 32) }
}
const garbage = () => ({ enc: toB64(random(32)), ct: toB64(random(48)) })
const refresh = ({ vault }: Staff, { chain, epochGrants }: Clinic) => vault.refresh({ chain, epochGrants })

/** Fails with passOn (lib/crypto/renewal.ts) throwing at what it does not hold, and with `settle` asking for each earlier secret. */
test('attack 7: who makes a group’s next key for themselves alone is named, and removed like anybody else', async () => {
  const world = await clinic(['admin', 'practitioner'])
  const { clinicId, owner } = world
  const doctor = await world.join(['practitioner'])
  const bad = await world.join(['practitioner'])
  const staying = await world.join(['practitioner'])
  const pat = await patientOf(world)
  const written = await pat.vault.seal({
    ...input(pat.handle, 'reason', { reason: 'a cough' }),
    asPatient: pat.handle.patientId,
  })
  const verify = () => verifyChain(clinicId, world.chain.statements)
  const removal = { kind: 'member-removed', memberId: doctor.memberId } as const
  world.chain.statements.push(await appendStatement(await verify(), clinicId, removal, await ownKey(world, owner)))

  const signer = await ownKey(world, bad)
  const statements = []
  const epochGrants = []
  let chain = await verify()
  for (const group of ['desk', 'clinical'] as const) {
    const { public: key } = await newEpoch()
    const epoch = currentEpoch(chain, group)!.epoch + 1
    const said = await appendStatement(chain, clinicId, { kind: 'epoch', group, epoch, key }, signer)
    statements.push(said)
    for (const { keys } of [owner, bad, staying]) epochGrants.push({ group, epoch, to: keys.dh, ...garbage() })
    epochGrants.push({ group, epoch: epoch - 1, to: toB64(key), ...garbage() })
    chain = await verifyChain(clinicId, [...world.chain.statements, ...statements])
  }
  const standing = () => readStanding(world.chain.statements)
  const taken = await takeEpochs(clinicId, standing(), bad.memberId, { statements, epochGrants })
  expect(taken.ok).toBe(true)
  world.chain.statements.push(...statements)
  world.epochGrants.push(...epochGrants)

  expect((await refresh(owner, world)).waiting).toEqual([])
  expect(await owner.vault.shutOut()).toEqual(['clinical', 'desk'].map((group) => ({ group, by: bad.memberId })))
  await refresh(staying, world)
  expect(await staying.vault.shutOut()).toHaveLength(2)

  const removed = await owner.vault.removeMember({ clinicId, chain: world.chain, memberId: bad.memberId })
  expect(await takeRemoval(clinicId, standing(), bad.memberId, removed)).toMatchObject({ ok: true })
  // Nobody is left without the new key by leaving out theirs.
  for (const each of removed.epochGrants.filter(({ to }) => to === staying.keys.dh)) {
    const fewer = { ...removed, epochGrants: removed.epochGrants.filter((one) => one !== each) }
    expect(await takeRemoval(clinicId, standing(), bad.memberId, fewer)).toMatchObject({ ok: false })
  }
  world.chain.statements.push(...removed.statements)
  world.epochGrants.push(...removed.epochGrants)
  for (const member of [owner, staying]) {
    expect((await refresh(member, world)).waiting).toEqual([])
    expect(await member.vault.shutOut()).toEqual([])
  }
  // And what was written before the key that nobody had reaches who comes after it.
  const newcomer = await world.join(['practitioner'])
  expect(await newcomer.vault.shutOut()).toEqual([])
  const [opened] = await newcomer.vault.open([written], { patientId: pat.handle.patientId })
  expect(opened).toMatchObject({ ok: true })
}, 60_000)

/** Fails with enteredBy (vault-members.ts) answering null: the owner made that key. */
test('somebody who was let in without a group’s key is told by whom', async () => {
  const world = await clinic(['admin', 'practitioner'])
  const inviter = await world.join(['admin', 'practitioner'])
  const doctor = await world.join(['practitioner'], undefined, false, inviter)
  const without = world.epochGrants.filter(({ to, group }) => to !== doctor.keys.dh || group !== 'clinical')
  const vault = createVault(memoryStorage())
  await signIn({ ...world, epochGrants: without }, doctor, { vault })
  expect(await vault.shutOut()).toEqual([{ group: 'clinical', by: inviter.memberId }])
}, 30_000)
