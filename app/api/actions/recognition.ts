import * as flow from '@/lib/recognition/flow'
import * as rules from '@/lib/recognition/rules'
import { action, type Actions } from '@/lib/server/action'

const seesPatients = ['practitioner', 'frontdesk', 'admin'] as const

export const recognitionActions = {
  'recognition/devices': action(seesPatients, rules.AppointmentInput, flow.newDevices),
  'recognition/records': action(seesPatients, rules.AppointmentInput, flow.readableRecords),
  'recognition/recognise': action(seesPatients, rules.RecogniseInput, flow.recognise, { maxBytes: 2 * 1024 * 1024 }),
} satisfies Actions<rules.RecognitionContract>
