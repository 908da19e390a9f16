import 'server-only'
import { audit, readerOf } from '../server/audit.ts'
import { enqueue, type JobHandler } from '../server/jobs.ts'
import { destroyOuter } from '../server/keystore.ts'
import { notify } from '../server/notify.ts'
import { inClinic, inNoClinic } from '../server/tx.ts'
import { dueClasses, settingsAt } from './rules.ts'
import { mailShorter } from './mail.ts'
import { rotate } from './rotation.ts'
import * as store from './store.ts'

/**
 * Destroys the keys, then deletes the rows. In this order: killed in between, the records are gone and the next try deletes
 * what is left of them. A purge that is held waits for the hold's end.
 */
export async function purgeNow(clinicId: string, purgeId: string, now: Date): Promise<void> {
  const actor = { kind: 'system', clinicId } as const
  await inClinic(clinicId, async (tx) => {
    const [found] = await store.listPurges(tx, actor, { id: purgeId, state: 'ordered' })
    if (!found) return
    const { patientId, classes } = found
    // A hold that is placed meanwhile waits for this, and what is destroyed here was ordered before it.
    await store.lockPatient(tx, actor, patientId)
    if ((await store.listHolds(tx, actor, patientId)).length > 0) return
    let storeKek = ''
    for (const each of classes) storeKek = await destroyOuter({ clinicId, patientId, class: each })
    const readers = await Promise.all((await store.listReaderKeys(tx, actor, patientId)).map(readerOf))
    await store.deleteRows(tx, actor, found, readers)
    await store.markDestroyed(tx, actor, { id: purgeId, storeKek }, now)
    await audit(tx, actor, 'retention.purged', purgeId, { patientId })
    await notify(tx, 'patient', patientId)
    await notify(tx, 'staff', clinicId)
  })
}

/** Where the clinic chose so: what has been due for so many days, and nobody spoke up. */
export async function purgeDue(now: Date): Promise<number> {
  let ordered = 0
  for (const clinicId of await inNoClinic((tx) => store.lookupClinics(tx))) {
    const actor = { kind: 'system', clinicId } as const
    ordered += await inClinic(clinicId, async (tx) => {
      const { settings } = settingsAt(await store.findSettings(tx, actor), now)
      if (settings.autoDays === null) return 0
      const then = new Date(now.getTime() - settings.autoDays * 86_400_000)
      const waiting = new Set((await store.listPurges(tx, actor, { state: 'ordered' })).map((each) => each.patientId))
      let count = 0
      for (const kept of await store.listKept(tx, actor, null, now)) {
        const classes = dueClasses(kept, settings, then)
        if (classes.length === 0 || waiting.has(kept.patientId)) continue
        const id = await store.insertPurge(tx, actor, { patientId: kept.patientId, classes, requestId: null }, now)
        await enqueue(tx, 'retention.purge', { clinicId, purgeId: id }, { singletonKey: id })
        count += 1
      }
      return count
    })
  }
  return ordered
}

/** A round ends before its job counts as lost; the next one goes on. */
const round = (ring: 'field' | 'store', asked: 'begin' | 'tend') => {
  const until = Date.now() + 90_000
  return rotate(ring, { asked, now: () => new Date(), step: () => (Date.now() < until ? 'go on' : 'stop') })
}

export const retentionJobs = {
  handlers: {
    'retention.purge': (data) => purgeNow(String(data.clinicId), String(data.purgeId), new Date()),
    'mail.retention-shorter': mailShorter,
    'retention.due': async () => void (await purgeDue(new Date())),
    'keys.nightly': async () => void (await round('store', 'begin')),
    'keys.tend': async () => {
      await round('store', 'tend')
      await round('field', 'tend')
    },
  } satisfies Record<string, JobHandler>,
  every: { 'retention.due': '20 1 * * *', 'keys.nightly': '0 2 * * *', 'keys.tend': '*/5 * * * *' },
}
