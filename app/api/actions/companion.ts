import * as desk from '@/lib/companion/desk'
import * as flow from '@/lib/companion/flow'
import * as rules from '@/lib/companion/rules'
import { action, type Actions } from '@/lib/server/action'

export const companionActions = {
  'companion/list': action('staff', rules.ListInput, desk.list),
  'companion/of': action('staff', rules.VisitInput, desk.ofVisit),
  'companion/add': action('staff', rules.AddInput, desk.add),
  'companion/remove': action('staff', rules.RemoveInput, desk.remove),
  'companion/again': action('staff', rules.AgainInput, desk.again),
  'companion/drop': action('staff', rules.VisitInput, desk.drop),
  'companion/open': action('public', rules.LinkInput, flow.open),
  'companion/accept': action('public', rules.AnswerInput, flow.accept),
  'companion/decline': action('public', rules.AnswerInput, flow.decline),
} satisfies Actions<rules.CompanionContract>
