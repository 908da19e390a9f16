import * as flow from '@/lib/encounter/flow'
import * as rules from '@/lib/encounter/rules'
import { action, type Actions } from '@/lib/server/action'

export const encounterActions = {
  'encounter/day': action('staff', rules.DayInput, flow.loadDay),
  'encounter/open': action(['practitioner'], rules.AppointmentInput, flow.openEncounter),
  'encounter/save-record': action(['practitioner'], rules.SaveRecordInput, flow.saveNote),
  'encounter/complete': action(['practitioner'], rules.AppointmentInput, flow.complete),
  'encounter/arrive': action('staff', rules.AppointmentInput, flow.arrive),
  'encounter/unarrive': action('staff', rules.AppointmentInput, flow.unarrive),
  'encounter/missing': action('staff', rules.AppointmentInput, flow.missing),
  'encounter/miss': action('staff', rules.MissInput, flow.miss),
} satisfies Actions<rules.EncounterContract>
