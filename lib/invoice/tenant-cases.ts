import { randomUUID } from 'node:crypto'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const invoiceCases: TenantCases<typeof store> = {
  // Answers a number of whoever asks: B's counter is neither read nor moved by A.
  takeNumber: {
    own: (tx, { clinicId }) =>
      store.takeNumber(tx, clinicId, { series: 'receipt', prefix: 'REC', today: '2026-11-21' }),
  },
  listDocuments: (tx, _, b) => store.listDocuments(tx, b.paymentId),
  insertDocument: (tx, { clinicId }, b) =>
    store.insertDocument(
      tx,
      {
        ...{ clinicId, paymentId: b.paymentId, series: 'invoice', cause: `invoice/${randomUUID()}`, number: 'INV-1' },
        ...{ day: '2026-11-21', currency: 'eur', content: b.document, credits: null },
      },
      b.now,
    ),
  listOfPatient: (tx, _, b) => store.listOfPatient(tx, b.patientId),
  listIssued: { own: (tx, { clinicId }) => store.listIssued(tx, clinicId, { from: '2026-11-01', to: '2026-12-01' }) },
  findBuyer: (tx, { clinicId }, b) => store.findBuyer(tx, clinicId, b.documentId),
}
