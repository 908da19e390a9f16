import * as flow from '@/lib/retention/flow'
import * as rules from '@/lib/retention/rules'
import { action, type Actions } from '@/lib/server/action'

export const retentionActions = {
  'retention/overview': action(['admin'], rules.NothingInput, flow.overview),
  'retention/save-settings': action(['admin'], rules.SaveInput, flow.saveSettings),
  'retention/place-hold': action(['admin'], rules.PlaceHoldInput, flow.placeHold),
  'retention/lift-hold': action(['admin'], rules.LiftHoldInput, flow.liftHold),
  'retention/purge': action(['admin'], rules.PurgeInput, flow.purge),
  'retention/answer': action(['admin'], rules.AnswerInput, flow.answer),
  'retention/ask': action('patient', rules.NothingInput, flow.ask),
  'retention/mine': action('patient', rules.NothingInput, flow.mine),
} satisfies Actions<rules.RetentionContract>
