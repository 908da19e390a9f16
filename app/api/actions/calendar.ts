import * as flow from '@/lib/calendar/flow'
import * as rules from '@/lib/calendar/rules'
import { action, type Actions } from '@/lib/server/action'

export const calendarActions = {
  'calendar/load': action('staff', rules.CalendarInput, flow.loadCalendar),
} satisfies Actions<rules.CalendarContract>
