import * as flow from '@/lib/recognition/flow'
import * as rules from '@/lib/recognition/rules'
import { action, type Actions } from '@/lib/server/action'

export const recognitionActions = {
  'recognition/devices': action(['practitioner', 'frontdesk', 'admin'], rules.AppointmentInput, flow.newDevices),
  'recognition/records': action(['practitioner', 'frontdesk', 'admin'], rules.AppointmentInput, flow.readableRecords),
  'recognition/recognise': action(['practitioner', 'frontdesk', 'admin'], rules.RecogniseInput, flow.recognise, {
    maxBytes: 2 * 1024 * 1024,
  }),
} satisfies Actions<rules.RecognitionContract>
