import { randomUUID } from 'node:crypto'
import { bytes, type TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const merchantCases: TenantCases<typeof store> = {
  lookupMerchant: { lookup: (tx, _, b) => store.lookupMerchant(tx, b.merchantId), answers: ({ clinicId }) => clinicId },
  findMerchant: (tx, _, b) => store.findMerchant(tx, b.merchantId),
  findAccount: (tx, _, b) => store.findAccount(tx, b.stripeAccount, false),
  listMerchants: { own: (tx) => store.listMerchants(tx) },
  saveMerchant: (tx, actor, b) =>
    store.saveMerchant(
      tx,
      actor,
      {
        ...{ id: randomUUID(), account: `acct_${randomUUID()}`, live: false, name: 'Theirs', lastFour: 'abcd' },
        ...{ currency: null, keySealed: bytes(32), secretSealed: bytes(32), endpoint: 'we_1' },
      },
      b.now,
    ),
  forgetKey: (tx, _, b) => store.forgetKey(tx, b.merchantId),
  markRefused: (tx, _, b) => store.markRefused(tx, b.merchantId, b.now),
  holdKey: (tx, _, b) => store.holdKey(tx, b.merchantId),
  lockMerchant: (tx, _, b) => store.lockMerchant(tx, b.merchantId),
  countOwed: (tx, _, b) => store.countOwed(tx, b.merchantId),
  listOpenPages: (tx, _, b) => store.listOpenPages(tx, b.merchantId, new Date()),
  askAgain: (tx, _, b) => store.askAgain(tx, b.merchantId, b.now),
}
