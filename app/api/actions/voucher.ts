import { action, type Actions } from '@/lib/server/action'
import * as flow from '@/lib/voucher/flow'
import * as rules from '@/lib/voucher/rules'

export const voucherActions = {
  'voucher/list': action(['admin'], rules.NoInput, flow.list),
  'voucher/make': action(['admin'], rules.MakeInput, flow.make),
  'voucher/withdraw': action(['admin'], rules.WithdrawInput, flow.withdraw),
} satisfies Actions<rules.VoucherContract>
