import * as flow from '@/lib/payment/flow'
import * as rules from '@/lib/payment/rules'
import { action, type Actions } from '@/lib/server/action'

export const paymentActions = {
  'payment/checkout': action('public', rules.CheckoutInput, flow.checkout),
  'payment/return': action('public', rules.ReturnInput, flow.paymentReturn),
} satisfies Actions<rules.PaymentContract>
