import { randomUUID } from 'node:crypto'
import { must } from '../access/testing.ts'
import { showOwnLog } from '../audit/flow.ts'
import { testDevice, type TestDevice } from '../booking/testing.ts'
import { createVault } from '../browser/vault-core.ts'
import { memoryStorage } from '../browser/vault-storage.ts'
import type { TestDb } from '../server/testing.ts'

/** A patient whose own vault opens the entries of the log that are about them. */
export async function patientWhoReadsTheLog(admin: TestDb['admin'], clinicId: string) {
  const patientId = randomUUID()
  const vault = createVault(memoryStorage())
  const { keyId, keys } = await vault.createPatient({ clinicId, patientId, home: 'memory' })
  await admin('INSERT INTO patient (id, clinic_id) VALUES ($1, $2)', [patientId, clinicId])
  await admin(
    `INSERT INTO patient_key (id, clinic_id, patient_id, sign_key, dh_key, state) VALUES ($1, $2, $3, $4, $5, 'booking')`,
    [keyId, clinicId, patientId, keys.sign, keys.dh],
  )
  const own = { ...(await testDevice(patientId)), keyId: keyId as TestDevice['keyId'], keys }
  /** What each entry says, the oldest first; false for one that did not open. */
  const readLog = async () => {
    const { entries } = must(await showOwnLog({ kind: 'patient', clinicId, patientId, keyId }, { skip: 0 }))
    const opened = await vault.openAudit({ clinicId, entries, asPatient: patientId })
    return opened.map((each) => each.ok && each.detail).reverse()
  }
  return { own, readLog }
}
