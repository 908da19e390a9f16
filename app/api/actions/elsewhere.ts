import * as flow from '@/lib/elsewhere/flow'
import * as rules from '@/lib/elsewhere/rules'
import { action, type Actions } from '@/lib/server/action'

export const elsewhereActions = {
  'elsewhere/save': action(['practitioner'], rules.SaveBusyInput, flow.saveBusy),
  'elsewhere/remove': action(['practitioner'], rules.NoInput, flow.removeBusy),
} satisfies Actions<rules.ElsewhereContract>
