import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const entries = [
  { account: 'cash', taxRate: null, amountMinor: 5 },
  { account: 'deposits', taxRate: null, amountMinor: -5 },
] as const

const november = { from: '2026-11-01', to: '2026-12-01' }

export const ledgerCases: TenantCases<typeof store> = {
  findBook: (tx, { clinicId }, b) => store.findBook(tx, { id: b.paymentId, clinicId, currency: 'eur' }),
  listDaySums: (tx, { clinicId }) => store.listDaySums(tx, clinicId, november, '2026-11-21'),
  listBalances: (tx, { clinicId }) => store.listBalances(tx, clinicId),
  listServiceSums: (tx, { clinicId }) => store.listServiceSums(tx, clinicId, november),
  listUnpaid: { own: (tx, { clinicId }) => store.listUnpaid(tx, clinicId) },
  listBounced: (tx, { clinicId }) => store.listBounced(tx, clinicId),
  listDisputed: (tx, { clinicId }, b) => store.listDisputed(tx, clinicId, b.now),
  listPosted: (tx, { clinicId }) => store.listPosted(tx, clinicId, november),
  findLastClosing: (tx, { clinicId }) => store.findLastClosing(tx, clinicId),
  findClosing: (tx, { clinicId }) => store.findClosing(tx, clinicId, '2025-01-02'),
  listClosed: (tx, { clinicId }) => store.listClosed(tx, clinicId, 10),
  insertClosing: (tx, { clinicId }, b) =>
    store.insertClosing(tx, { clinicId, day: '2025-01-03', accounts: [], closedBy: b.memberId }, b.now),
  listOpening: (tx, { clinicId }) => store.listOpening(tx, clinicId, '2027-01-01'),
  listPostedDays: (tx, { clinicId }) => store.listPostedDays(tx, clinicId, november),
  insertPosting: (tx, { clinicId }, b) =>
    store.insertPosting(tx, { id: b.paymentId, clinicId, currency: 'eur' }, '2026-11-21', {
      cause: `paid/${randomUUID()}`,
      entries: [...entries],
    }),
}
