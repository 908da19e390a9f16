import * as flow from '@/lib/care/flow'
import * as rules from '@/lib/care/rules'
import { action, type Actions } from '@/lib/server/action'

const slow = { rate: { points: 60, seconds: 60 } }

export const careActions = {
  'care/let-in': action('patient', rules.LetInInput, flow.letIn, slow),
  'care/save-age': action(['admin'], rules.AgeInput, flow.saveAge),
  'care/end': action('patient', rules.EndInput, flow.end, slow),
} satisfies Actions<rules.CareContract>
