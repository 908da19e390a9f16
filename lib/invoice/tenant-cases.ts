import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const invoiceCases: TenantCases<typeof store> = {
  // Answers a number of whoever asks: B's counter is neither read nor moved by A.
  takeNumber: {
    own: (tx, { clinicId }) =>
      store.takeNumber(tx, clinicId, { series: 'receipt', prefix: 'REC', today: '2026-11-21' }),
  },
}
