import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

const later = new Date(Date.now() + 60_000)

/** No tenant's: a message belongs to two devices, and only they know whose these are. */
export const pairingCases: TenantCases<typeof store> = {
  findMessage: { lookup: (tx) => store.findMessage(tx, 'nobody', 1), answers: () => null },
  addMessage: {
    lookup: (tx) => store.addMessage(tx, { relay: 'somebody', seq: 1, body: new Uint8Array(9), expiresAt: later }),
    answers: () => true,
  },
  dropExpired: { lookup: (tx) => store.dropExpired(tx, new Date(0)), answers: () => undefined },
}
