import { z } from 'zod'

export type PaymentStatus = 'none' | 'due' | 'pending' | 'paid' | 'refunded' | 'failed' | 'expired'
export type PaymentEvent = 'open' | 'pay' | 'fail' | 'expire' | 'refund'

/**
 * Where an event leads; null when it changes nothing. Money that arrived outweighs every other word, however late it comes,
 * and money that went back outweighs that: so any order of the same events ends in the same state.
 */
export function nextPayment(status: PaymentStatus, event: PaymentEvent): PaymentStatus | null {
  switch (event) {
    case 'open':
      return status === 'due' || status === 'failed' || status === 'expired' ? 'pending' : null
    case 'pay':
      return ['due', 'pending', 'failed', 'expired'].includes(status) ? 'paid' : null
    case 'fail':
      return status === 'pending' ? 'failed' : null
    case 'expire':
      return status === 'pending' || status === 'failed' ? 'expired' : null
    case 'refund':
      return status === 'none' || status === 'refunded' ? null : 'refunded'
  }
}

/** What is owed at the start. */
export function firstPayment(mode: 'free' | 'online' | 'later', priceMinor: number): PaymentStatus {
  if (mode === 'free' || priceMinor === 0) return 'none'
  return mode === 'online' ? 'pending' : 'due'
}

/** Whether the booking waits for the money. */
export const waitsForMoney = (status: PaymentStatus) => ['pending', 'failed', 'expired'].includes(status)

/** What a payment does to its appointment: what was freed in the meantime is taken again if it can be, else refunded. */
export function decidePaid(appointment: string): 'confirm' | 'rebook' | 'refund' | 'nothing' {
  if (appointment === 'held') return 'confirm'
  if (appointment === 'expired') return 'rebook'
  if (appointment === 'cancelled' || appointment === 'rescheduled') return 'refund'
  return 'nothing'
}

/** Stripe lets a session live for 30 minutes at the least; the slot outlives it a little. */
export const sessionMinutes = 31
export const holdForPaymentMinutes = 33

const secret = z
  .string()
  .min(20)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/)
export const CheckoutInput = z.object({ id: z.uuid(), secret })
export const ReturnInput = z.object({ appointmentId: z.uuid(), sessionId: z.string().min(4).max(200).regex(/^[\w-]+$/) })

export interface PaymentContract {
  /** Stripe's page for what is still owed. */
  'payment/checkout': { in: z.input<typeof CheckoutInput>; out: { url: string } }
  /** Asked by the return page, which may hold no keys: the state alone. */
  'payment/return': { in: z.input<typeof ReturnInput>; out: { status: PaymentStatus; appointment: string } }
}
