import * as choice from '@/lib/reminder/choice'
import * as rules from '@/lib/reminder/rules'
import { action, type Actions } from '@/lib/server/action'

export const reminderActions = {
  'reminder/save': action(['admin'], rules.SaveInput, choice.save),
  'reminder/choose': action('public', rules.ChooseInput, choice.chooseByLink),
} satisfies Actions<rules.ReminderContract>
