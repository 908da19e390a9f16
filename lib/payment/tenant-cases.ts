import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { TenantCases } from '../access/tenant-world.ts'
import * as store from './store.ts'

export const paymentCases: TenantCases<typeof store> = {
  insertPayment: (tx, { clinicId }, b) =>
    store.insertPayment(tx, {
      ...{ clinicId, appointmentId: b.heldId, status: 'paid', amountMinor: 0, currency: 'eur', account: null },
    }),
  findPayment: (tx, _, b) => store.findPayment(tx, b.appointmentId),
  lockPayment: (tx, _, b) => store.lockPayment(tx, b.appointmentId),
  updatePayment: (tx, _, b) => store.updatePayment(tx, b.paymentId, { status: 'paid' }, b.now),
  saveSession: (tx, _, b) =>
    store.saveSession(
      tx,
      { id: b.paymentId, attempt: 0 },
      { sessionId: b.checkout, sessionUrl: 'https://evil.test', sessionExpiresAt: b.later },
      b.now,
    ),
  forgetSession: (tx, _, b) => store.forgetSession(tx, b.paymentId, b.checkout, b.now),
  lookupCheckout: {
    lookup: (tx, _, b) => store.lookupCheckout(tx, b.checkout),
    answers: ({ clinicId, appointmentId }) => ({ clinicId, appointmentId }),
  },
  insertEvent: (tx, { clinicId }, b) =>
    store.insertEvent(tx, { id: `evt_${randomUUID()}`, clinicId, type: 'charge.refunded', createdAt: b.now }),
  lookupEvent: { lookup: (tx, _, b) => store.lookupEvent(tx, b.eventId), answers: () => true },
  lookupUnsettled: {
    lookup: (tx, _, b) => store.lookupUnsettled(tx, b.later, 1000),
    answers: ({ clinicId, appointmentId }) => expect.arrayContaining([{ clinicId, appointmentId }]),
  },
  listDisputes: (tx, _, b) => store.listDisputes(tx, b.paymentId),
  insertDispute: (tx, { clinicId }, b) =>
    store.insertDispute(
      tx,
      {
        ...{ clinicId, paymentId: b.paymentId, paymentIntent: 'pi_other', stripeDispute: `dp_${randomUUID()}` },
        ...{ amountMinor: 1, currency: 'eur', state: 'open', answerBy: null },
      },
      b.now,
    ),
  updateDispute: (tx, _, b) => store.updateDispute(tx, b.disputeId, { state: 'won' }, b.now),
  findTaking: (tx, _, b) => store.findTaking(tx, b.takingId),
  listTakings: (tx, _, b) => store.listTakings(tx, b.paymentId),
  insertTaking: (tx, { clinicId, memberId }, b) =>
    store.insertTaking(
      tx,
      {
        ...{ id: randomUUID(), clinicId, paymentId: b.paymentId, method: 'cash', amountMinor: 1, currency: 'eur' },
        ...{ number: 'REC-2026-000002', day: b.now, takenBy: memberId },
      },
      b.now,
    ),
  listRefunds: (tx, _, b) => store.listRefunds(tx, b.paymentId),
  insertRefund: (tx, { clinicId }, b) =>
    store.insertRefund(
      tx,
      {
        ...{
          clinicId,
          paymentId: b.paymentId,
          paymentIntent: 'pi_other',
          takingId: null,
          amountMinor: 1,
          currency: 'eur',
        },
        ...{ reason: 'twice', state: 'due', stripeRefund: null, handed: null, requestKey: null },
      },
      b.now,
    ),
  updateRefund: (tx, _, b) => store.updateRefund(tx, b.refundId, { state: 'paid' }, b.now),
}
