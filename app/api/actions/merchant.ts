import * as flow from '@/lib/merchant/flow'
import * as rules from '@/lib/merchant/rules'
import { action, type Actions } from '@/lib/server/action'

export const merchantActions = {
  'merchant/connect': action(['admin'], rules.ConnectInput, flow.connect, { maxBytes: 4096 }),
  'merchant/remove': action(['admin'], rules.RemoveInput, flow.remove),
} satisfies Actions<rules.MerchantContract>
