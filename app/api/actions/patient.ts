import * as flow from '@/lib/patient/flow'
import * as code from '@/lib/patient/flow-code'
import * as devices from '@/lib/patient/flow-devices'
import * as rules from '@/lib/patient/rules'
import { action, type Actions } from '@/lib/server/action'

const slow = { rate: { points: 60, seconds: 60 } }

export const patientActions = {
  'patient/challenge': action('public', rules.ChallengeInput, flow.challenge),
  'patient/session': action('public', rules.SessionInput, flow.openSession),
  'patient/code': action('public', rules.CodeInput, code.sendCode, slow),
  'patient/confirm': action('public', rules.ConfirmInput, code.confirmDevice, slow),
  'patient/chart': action('patient', rules.ChartInput, flow.loadChart),
  'patient/devices': action('patient', rules.DevicesInput, devices.listDevices),
  'patient/remove-device': action('patient', rules.RemoveDeviceInput, devices.removeDevice),
  'patient/add-device': action('patient', rules.AddDeviceInput, devices.addDevice),
  'patient/behind': action('patient', rules.BehindInput, devices.listBehind),
  'patient/hand-on': action('patient', rules.HandOnInput, devices.handOn, { maxBytes: 2 * 1024 * 1024 }),
  'patient/find-backup': action('public', rules.FindBackupInput, devices.findBackup),
  'patient/links': action('patient', rules.LinksInput, devices.listLinks),
  'patient/export': action('patient', rules.ExportInput, flow.exportChart),
} satisfies Actions<rules.PatientContract>
