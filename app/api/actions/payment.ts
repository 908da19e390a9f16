import { TakeInput } from '@/lib/ledger/rules'
import * as desk from '@/lib/payment/desk'
import * as flow from '@/lib/payment/flow'
import * as rules from '@/lib/payment/rules'
import { action, type Actions } from '@/lib/server/action'

export const paymentActions = {
  'payment/checkout': action('public', rules.CheckoutInput, flow.checkout),
  'payment/take': action(['frontdesk', 'admin'], TakeInput, desk.take),
  'payment/hand-back': action(['frontdesk', 'admin'], rules.HandBackInput, desk.handBack),
  'payment/refund-again': action(['frontdesk', 'admin'], rules.RefundAgainInput, desk.refundAgain),
  'payment/return': action('public', rules.ReturnInput, flow.paymentReturn),
} satisfies Actions<rules.PaymentContract>
