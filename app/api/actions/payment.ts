import { RefundInput, StandingInput, TakeInput, WriteOffInput } from '@/lib/ledger/rules'
import * as desk from '@/lib/payment/desk'
import * as flow from '@/lib/payment/flow'
import * as goodwill from '@/lib/payment/goodwill'
import * as rules from '@/lib/payment/rules'
import { action, type Actions } from '@/lib/server/action'

export const paymentActions = {
  'payment/checkout': action('public', rules.CheckoutInput, flow.checkout),
  'payment/take': action(['frontdesk', 'admin'], TakeInput, desk.take),
  'payment/hand-back': action(['frontdesk', 'admin'], rules.HandBackInput, desk.handBack),
  'payment/refund-again': action(['frontdesk', 'admin'], rules.RefundAgainInput, desk.refundAgain),
  'payment/standing': action(['admin'], StandingInput, goodwill.standing),
  'payment/give-back': action(['admin'], RefundInput, goodwill.giveBack),
  'payment/write-off': action(['admin'], WriteOffInput, goodwill.writeOff),
  'payment/return': action('public', rules.ReturnInput, flow.paymentReturn),
} satisfies Actions<rules.PaymentContract>
