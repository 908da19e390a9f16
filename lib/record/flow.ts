import 'server-only'
import type { z } from 'zod'
import type { PatientActor } from '../access/rules.ts'
import { ok, type Result } from '../errors.ts'
import { auditReadings } from '../server/audit-readings.ts'
import { inClinic } from '../server/tx.ts'
import type { MyRecordsInput, StoredRecord } from './rules.ts'
import { listRecords } from './store.ts'

export async function listMine(
  actor: PatientActor,
  input: z.output<typeof MyRecordsInput>,
): Promise<Result<{ records: StoredRecord[] }>> {
  const records = await inClinic(actor.clinicId, (tx) => listRecords(tx, actor, input))
  await auditReadings(actor, 'patient.chart-opened', records)
  return ok({ records })
}
