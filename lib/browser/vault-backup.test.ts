import { expect, test } from 'vitest'
import { fromB64 } from '../crypto/bytes.ts'
import { backupKeys } from '../crypto/patient-backup.ts'
import type { Sealed } from '../crypto/types.ts'
import { createVault } from './vault-core.ts'
import { memoryStorage } from './vault-storage.ts'
import { clinic, codeOf, patientOf, sealAs } from './vault-world.ts'

const world = await clinic()
const { clinicId } = world
const grantedTo = (records: Sealed[], granted: { recordId: string; grant: Sealed['grants'][number] }[]) =>
  records.map((record) => ({
    ...record,
    grants: granted.filter(({ recordId }) => recordId === record.meta.recordId).map(({ grant }) => grant),
  }))

async function lostPhone() {
  const phone = await patientOf(world)
  const { patientId } = phone.handle
  const records = [await sealAs(phone, 'identity', { name: 'Vera' }), await sealAs(phone, 'reason', { reason: 'x' })]
  const secret = await phone.vault.newBackupSecret()
  const backup = await phone.vault.makeBackup({ patientId, secret })
  const granted = await phone.vault.handOn({ patientId, records, to: [backup.keys.dh] })
  const keys = [
    { keys: phone.handle.keys, link: null, removed: true },
    { keys: backup.keys, link: backup.link, removed: false },
  ]
  return { phone, patientId, records, secret, backup, kept: grantedTo(records, granted), keys }
}

test('attack 14: the printed page opens a patient’s records in an empty browser, which then opens them itself', async () => {
  const { patientId, secret, backup, kept, keys } = await lostPhone()
  const empty = createVault(memoryStorage())
  await empty.loadChain(world.chain, world.rootFingerprint)
  const handle = await empty.openBackup({ clinicId, patientId, secret })
  expect(handle).toMatchObject({ keyId: backup.keyId, keys: backup.keys, home: 'memory' })
  await empty.loadOwnKeys({ patientId, keys })
  const opened = await empty.open(kept, { asPatient: patientId, patientId })
  expect(opened.map((each) => each.ok && each.value.content)).toEqual([{ name: 'Vera' }, { reason: 'x' }])
  const here = await empty.enrolHere({ patientId })
  const handed = await empty.handOn({ patientId, records: kept, to: [here.keys.dh] })
  const settled = await empty.settleHere({ patientId })
  expect(settled).toMatchObject({ keyId: here.keyId, keys: here.keys })
  const own = await empty.open(grantedTo(kept, handed), { asPatient: patientId, patientId })
  expect(own.every((each) => each.ok)).toBe(true)
})

// Defence: the key is of the page's own 32 bytes and of nothing that the server has.
test('attack 14: without the page’s words the same rows open nothing', async () => {
  const { patientId, kept, keys } = await lostPhone()
  const thief = await patientOf(world, patientId)
  await thief.vault.loadOwnKeys({ patientId, keys })
  const opened = await thief.vault.open(kept, { asPatient: patientId, patientId })
  expect(opened.map((each) => !each.ok && each.code)).toEqual(['NOT_FOR_YOU', 'NOT_FOR_YOU'])
  const guessed = await thief.vault.newBackupSecret()
  await thief.vault.openBackup({ clinicId, patientId, secret: guessed })
  const again = await thief.vault.open(kept, { asPatient: patientId, patientId })
  expect(again.some((each) => each.ok)).toBe(false)
})

test('the same words make the same key, and its id is a UUID that says nothing of them', async () => {
  const { secret, backup } = await lostPhone()
  const again = await backupKeys(fromB64(secret))
  expect(again.keyId).toBe(backup.keyId)
  expect(again.keyId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(await codeOf(backupKeys(fromB64(secret).slice(1)))).toBe('NO_KEY')
  expect(again.keys.sign.privateKey.extractable).toBe(false)
})
