import * as flow from '@/lib/schedule/flow'
import * as rules from '@/lib/schedule/rules'
import { action, type Actions } from '@/lib/server/action'

export const scheduleActions = {
  'schedule/load': action('staff', rules.LoadInput, flow.load),
  'schedule/save-week': action(['admin'], rules.SaveWeekInput, flow.saveWeek),
  'schedule/remove-period': action(['admin'], rules.RemovePeriodInput, flow.removePeriod),
  'schedule/save-day': action(['admin', 'practitioner'], rules.SaveDayInput, flow.saveDay),
  'schedule/add-absence': action(['admin', 'practitioner'], rules.AbsenceInput, flow.addAbsence),
  'schedule/remove-absence': action(['admin', 'practitioner'], rules.AbsenceRef, flow.removeAbsence),
  'schedule/add-clinic-days': action(['admin'], rules.ClinicDaysInput, flow.addClinicDays),
  'schedule/remove-clinic-days': action(['admin'], rules.ClinicDaysRef, flow.removeClinicDays),
  'schedule/save-holidays': action(['admin'], rules.HolidaysInput, flow.saveHolidays),
} satisfies Actions<rules.ScheduleContract>
