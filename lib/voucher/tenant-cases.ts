import { randomUUID } from 'node:crypto'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const lastDay = '2099-12-31'

export const voucherCases: TenantCases<typeof store> = {
  insertVouchers: (tx, actor, b) =>
    store.insertVouchers(
      tx,
      actor,
      { batchId: randomUUID(), serviceId: b.serviceId, lastDay, hashes: [bytes(32)] },
      b.now,
    ),
  hasBatch: (tx, actor, b) => store.hasBatch(tx, actor, b.voucherBatchId),
  listOpen: { own: (tx, actor) => store.listOpen(tx, actor, '2026-01-01') },
  listBatches: { own: (tx, actor) => store.listBatches(tx, actor, '2026-01-01') },
  withdrawBatch: (tx, actor, b) => store.withdrawBatch(tx, actor, b.voucherBatchId, b.now),
  useVoucher: (tx, { clinicId }, b) =>
    store.useVoucher(tx, {
      ...{ clinicId, serviceId: b.serviceId, appointmentId: randomUUID() },
      ...{ codeHash: b.voucherHash, today: '2026-01-01' },
    }),
  retakeVoucher: (tx, _, b) =>
    store.retakeVoucher(tx, { id: b.spentId, appointmentId: b.spentOn, today: '2026-01-01' }),
  releaseVoucher: (tx, _, b) => store.releaseVoucher(tx, b.appointmentId, lastDay),
  countUsed: (tx, _, b) =>
    store.countUsed(tx, b.clinicId, { from: new Date('2020-01-01'), to: new Date('2100-01-01') }),
  findVoucher: (tx, _, b) => store.findVoucher(tx, b.spentId),
}
