import * as flow from '@/lib/recall/flow'
import * as rules from '@/lib/recall/rules'
import { action, type Actions } from '@/lib/server/action'

export const recallActions = {
  'recall/set': action(['practitioner'], rules.SetRecallInput, flow.setRecall),
  'recall/list': action(['practitioner', 'frontdesk'], rules.RecallList, flow.list),
  'recall/invite-now': action(['practitioner', 'frontdesk'], rules.RecallMove, flow.inviteNow),
  'recall/decline': action(['practitioner', 'frontdesk'], rules.RecallMove, flow.decline),
} satisfies Actions<rules.RecallContract>
