import { action, type Actions } from '@/lib/server/action'
import * as desk from '@/lib/waitlist/desk'
import * as flow from '@/lib/waitlist/flow'
import * as rules from '@/lib/waitlist/rules'

export const waitlistActions = {
  'waitlist/join': action('public', rules.JoinInput, flow.join),
  'waitlist/open': action('public', rules.LinkInput, flow.open),
  'waitlist/confirm': action('public', rules.LinkInput, flow.confirm),
  'waitlist/take': action('public', rules.TakeInput, flow.take),
  'waitlist/decline': action('public', rules.DeclineInput, flow.decline),
  'waitlist/leave': action('public', rules.LinkInput, flow.leave),
  'waitlist/list': action('staff', rules.ListInput, desk.list),
  'waitlist/add': action('staff', rules.AddInput, desk.add),
  'waitlist/remove': action('staff', rules.RemoveInput, desk.remove),
  'waitlist/save': action(['admin'], rules.SaveInput, desk.save),
} satisfies Actions<rules.WaitlistContract>
