// A browser and a log that a server shows it: what it remembers, and what it refuses.
import { describe, expect, test } from 'vitest'
import { extendLog } from '../crypto/audit.ts'
import { fromB64, random, toB64 } from '../crypto/bytes.ts'
import { importSecret } from '../crypto/keys.ts'
import { signHead } from '../crypto/witness.ts'
import type { AuditVault } from './vault-audit-api.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, codeOf, signIn } from './vault-world.ts'

const url = 'https://witness.test'

const clinicId = 'clinic-1'
const leaves = Array.from({ length: 8 }, () => toB64(random(32)))
const headOf = async (of: string[]) => ({
  length: of.length,
  hash: toB64(
    (await extendLog(
      null,
      0,
      of.map((leaf) => fromB64(leaf, 32)),
    ))!,
  ),
})
/** As a server answers that has these leaves. */
async function show(vault: AuditVault, of: string[], more: Partial<Parameters<AuditVault['extendAudit']>[0]> = {}) {
  const { length } = await vault.auditPin(clinicId)
  return codeOf(
    vault.extendAudit({ clinicId, head: await headOf(of), from: length, leaves: of.slice(length), ...more }),
  )
}
const fork = (at: number) => leaves.with(at, toB64(random(32)))

describe('attack 11: a log that a browser saw', () => {
  // Defences: the comparisons in extendAudit (vault-audit.ts), and its last line, which remembers.
  test('goes on, and is refused cut back, forked, out of its place, or with more than its head says', async () => {
    const vault = createVault(memoryStorage())
    expect(await show(vault, leaves.slice(0, 5))).toBe('accepted')
    expect(await vault.auditPin(clinicId)).toEqual(await headOf(leaves.slice(0, 5)))
    expect(await show(vault, leaves.slice(0, 4), { leaves: [] })).toBe('CHAIN_SHORTER')
    expect(await show(vault, fork(2))).toBe('CHAIN_FORKED')
    expect(await show(vault, leaves, { from: 6, leaves: leaves.slice(6) })).toBe('CHAIN_INVALID')
    expect(await show(vault, leaves.slice(0, 6), { leaves: leaves.slice(5) })).toBe('CHAIN_INVALID')
    expect(await vault.auditPin(clinicId)).toEqual(await headOf(leaves.slice(0, 5)))
    expect(await show(vault, leaves)).toBe('accepted')
  })

  // Defence: the comparison of lengths in adoptLogPin (vault-audit.ts). The server answers which wrap it likes, an older one too.
  test('is not forgotten for an older wrap of the account, which saw less of it', async () => {
    const world = await clinic()
    const { vault } = world.owner
    const reach = async (count: number) => {
      const { length } = await vault.auditPin(world.clinicId)
      const some = leaves.slice(0, count)
      const answer = { head: await headOf(some), from: length, leaves: some.slice(length) }
      await vault.extendAudit({ clinicId: world.clinicId, ...answer })
    }
    await reach(3)
    const older = await vault.rewrapAccount()
    await reach(5)
    const newer = await vault.rewrapAccount()
    for (const { wrappedAccount } of [newer, older]) {
      await vault.lock()
      await signIn(world, { ...world.owner, wrappedAccount })
      expect(await vault.auditPin(world.clinicId)).toEqual(await headOf(leaves.slice(0, 5)))
    }
    // And an empty profile goes by what the wrap says.
    const empty = createVault(memoryStorage())
    await signIn(world, { ...world.owner, wrappedAccount: newer.wrappedAccount }, { vault: empty })
    expect(await empty.auditPin(world.clinicId)).toEqual(await headOf(leaves.slice(0, 5)))
  })

  // Defence: checkAuditPage (vault-audit.ts).
  test('a page of it is what the proved hash says, in its order and from its place', async () => {
    const vault = createVault(memoryStorage())
    const [before, whole] = [await headOf(leaves.slice(0, 3)), await headOf(leaves)]
    const page = { from: 3, previous: before.hash, leaves: leaves.slice(3), hash: whole.hash }
    expect(await codeOf(vault.checkAuditPage(page))).toBe('accepted')
    for (const other of [
      { leaves: fork(5).slice(3) },
      { leaves: leaves.slice(4) },
      { from: 4 },
      { previous: whole.hash },
    ])
      expect(await codeOf(vault.checkAuditPage({ ...page, ...other })), JSON.stringify(other)).toBe('CHAIN_FORKED')
  })
})

describe('attack 11: a log that a witness saw', () => {
  async function told(of: string[], more: { clinicId?: string } = {}) {
    const { pair, public: raw } = await importSecret('Ed25519', random(32))
    const { length, hash } = await headOf(of)
    const head = { clinicId, kind: 'log' as const, length, head: fromB64(hash), at: new Date().toISOString(), ...more }
    const vault = createVault(memoryStorage())
    const heads = [toB64(await signHead(head, pair.privateKey))]
    await vault.checkWitness({ clinicId, url, key: toB64(raw), heads })
    return { vault, heads, key: toB64(raw) }
  }

  // Defences: the two comparisons with `witnessed` in extendAudit (vault-audit.ts).
  test('is refused cut back or forked by a browser that never saw it', async () => {
    const witnessed = leaves.slice(0, 5)
    expect(await show((await told(witnessed)).vault, leaves)).toBe('accepted')
    expect(await show((await told(witnessed)).vault, witnessed)).toBe('accepted')
    expect(await show((await told(witnessed)).vault, leaves.slice(0, 4))).toBe('CHAIN_SHORTER')
    // Longer than what was witnessed, and another one.
    expect(await show((await told(witnessed)).vault, fork(2))).toBe('CHAIN_FORKED')
    expect(await show((await told(witnessed)).vault, fork(6))).toBe('accepted')
    // In two answers, the first of which ends before the witness's place.
    const { vault } = await told(witnessed)
    expect(await show(vault, fork(4), { leaves: leaves.slice(0, 3) })).toBe('accepted')
    expect(await show(vault, fork(4))).toBe('CHAIN_FORKED')
  })

  // Defences: the first comparison in checkWitness (vault-witness.ts) with the line that keeps the key, and its `continue`.
  test('by one witness and no other, and another clinic’s head says nothing of this one', async () => {
    const { vault, heads, key } = await told(leaves.slice(0, 5))
    expect(await codeOf(vault.checkWitness({ clinicId, url, key, heads }))).toBe('accepted')
    const second = await told(leaves.slice(0, 3))
    expect(await codeOf(vault.checkWitness({ clinicId, url, key: second.key, heads: second.heads }))).toBe(
      'CHAIN_FORKED',
    )
    expect(await codeOf(vault.checkWitness({ clinicId, url, key, heads: second.heads }))).toBe('BAD_SIGNATURE')
    const elsewhere = await told(leaves.slice(0, 5), { clinicId: 'clinic-2' })
    expect(await show(elsewhere.vault, leaves.slice(0, 2))).toBe('accepted')
  })
})

describe('attack 11: what a patient’s device saw', () => {
  // Defences: `missing` in keepOwnLog (vault-audit.ts), and what it puts into storage.
  test('entries about the patient that are gone are counted, now and at every later look', async () => {
    const world = await clinic()
    const vault = createVault({ ...memoryStorage(), home: 'stored' })
    await vault.loadChain(world.chain, world.rootFingerprint)
    const patientId = crypto.randomUUID()
    await vault.createPatient({ clinicId: world.clinicId, patientId, home: 'stored' })
    const look = async (of: string[], all = true) => (await vault.keepOwnLog({ patientId, leaves: of, all })).missing
    expect(await look(leaves.slice(0, 4))).toBe(0)
    expect(await look(leaves.slice(1, 4))).toBe(1)
    expect(await look(leaves.slice(2))).toBe(2)
    // A first page of several is not all there is.
    expect(await look(leaves.slice(6), false)).toBe(0)
    expect(await look(leaves)).toBe(0)
  })

  // Defences: the two comparisons in keepConsents (vault-audit.ts), and the line that keeps them.
  test('a history of consents that was cut back or changed is refused', async () => {
    const vault = createVault(memoryStorage())
    const keep = (hashes: string[]) => codeOf(vault.keepConsents({ clinicId, patientId: 'p1', hashes }))
    expect(await keep(leaves.slice(0, 3))).toBe('accepted')
    expect(await keep(leaves.slice(0, 2))).toBe('CHAIN_SHORTER')
    expect(await keep(fork(1))).toBe('CHAIN_FORKED')
    expect(await keep(leaves.slice(0, 5))).toBe('accepted')
    expect(await keep(leaves.slice(0, 4))).toBe('CHAIN_SHORTER')
  })
})
