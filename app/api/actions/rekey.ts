import * as flow from '@/lib/rekey/flow'
import * as rules from '@/lib/rekey/rules'
import { action, type Actions } from '@/lib/server/action'

export const rekeyActions = {
  'rekey/ask': action('public', rules.AskInput, flow.ask),
  'rekey/link': action('public', rules.LinkInput, flow.showLink),
  'rekey/start': action('public', rules.StartInput, flow.start),
  'rekey/request': action('public', rules.RequestInput, flow.request),
  'rekey/status': action('public', rules.StatusInput, flow.status, { rate: { points: 300, seconds: 60 } }),
  'rekey/list': action('staff', rules.NoInput, flow.list),
  'rekey/approve': action('staff', rules.ApproveInput, flow.approve),
  'rekey/finish': action('staff', rules.FinishInput, flow.finish),
  'rekey/object': action('staff', rules.OneInput, flow.object),
} satisfies Actions<rules.RekeyContract>
