import * as flow from '@/lib/prescription/flow'
import * as rules from '@/lib/prescription/rules'
import { action, type Actions } from '@/lib/server/action'

export const prescriptionActions = {
  'prescription/issue': action(['practitioner'], rules.IssueInput, flow.issue),
  'prescription/cancel': action(['practitioner'], rules.PrescriptionMove, flow.cancel),
  'prescription/dispense': action(['practitioner'], rules.PrescriptionMove, flow.dispense),
} satisfies Actions<rules.PrescriptionContract>
