import type { StoredRecord } from '../record/rules.ts'
import { call } from './api.ts'
import type { Vault } from './vault-api.ts'
import { VaultError } from './vault-error.ts'
import { vault } from './vault.ts'

const once = new Map<string, Promise<void>>()

/**
 * In passing, when a clinical member has opened a chart: the patient's emergency key is made where none holds, and the records
 * are granted to it. Nothing of it is in the way of the chart: what fails here is done at the next opening.
 */
export function keepEmergencyKey(
  { clinicId, patientId }: { clinicId: string; patientId: string },
  records: readonly StoredRecord[],
  keys: Vault = vault(),
): Promise<void> {
  // One at a time: a chart that is drawn anew while the last round runs makes no second key.
  const before = once.get(patientId) ?? Promise.resolve()
  const round = before.then(() => keepOnce({ clinicId, patientId }, records, keys)).catch(passedOver)
  once.set(patientId, round)
  return round
}

async function keepOnce(
  { clinicId, patientId }: { clinicId: string; patientId: string },
  records: readonly StoredRecord[],
  keys: Vault,
): Promise<void> {
  const load = async () => {
    const answer = await call('emergency/keep', { patientId }, { as: 'staff' })
    if (!answer.ok) return null
    const { statement } = answer.value
    return { ...answer.value, key: await keys.loadEmergencyKey({ clinicId, patientId, statement }) }
  }
  let kept = await load()
  if (!kept || kept.busy || kept.key.state === 'few') return
  if (kept.key.state !== 'valid') {
    const epoch = kept.epoch + 1
    const made = await keys.makeEmergencyKey({ clinicId, patientId, epoch })
    const { statement, publicKey, shares } = made
    // Whether this browser or a colleague's was first: what the server has now is what counts.
    await call('emergency/make', { patientId, epoch, statement, publicKey, shares }, { as: 'staff' })
    kept = await load()
  }
  if (kept?.key.state !== 'valid' || !kept.publicKey) return
  const missing = new Set(kept.missing.map(({ recordId, revision }) => `${recordId}.${revision}`))
  const lacking = records.filter(({ meta }) => missing.has(`${meta.recordId}.${meta.revision}`))
  if (!lacking.length) return
  const to = { kind: 'escrow', id: patientId, key: kept.publicKey, epoch: kept.key.epoch } as const
  const grants = await keys.regrant(lacking, to)
  for (let at = 0; at < grants.length; at += 100)
    await call('emergency/grant', { patientId, grants: grants.slice(at, at + 100) }, { as: 'staff' })
}

/** Refusals of the vault (locked meanwhile, a chain that moved) are for the next round; anything else is a bug. */
function passedOver(error: unknown): void {
  if (!(error instanceof VaultError)) throw error
}
