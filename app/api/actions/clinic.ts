import * as flow from '@/lib/clinic/flow'
import * as rules from '@/lib/clinic/rules'
import { LegalForm } from '@/lib/invoice/rules'
import { CancellationPolicy } from '@/lib/price/rules'
import { action, type Actions } from '@/lib/server/action'

export const clinicActions = {
  'clinic/settings': action('staff', rules.SettingsInput, flow.loadSettings),
  'clinic/save-profile': action(['admin'], rules.ProfileForm, flow.saveProfile),
  'clinic/save-cancellation': action(['admin'], CancellationPolicy, flow.saveCancellation),
  'clinic/save-legal': action(['admin'], LegalForm, flow.saveLegal),
  'clinic/save-service': action(['admin'], rules.SaveServiceInput, flow.saveService),
  'clinic/save-consent-text': action(['admin'], rules.SaveConsentTextInput, flow.saveConsentText),
  'clinic/save-cache': action(['admin'], rules.CacheInput, flow.saveCache),
  'clinic/connect-payments': action(['admin'], rules.PaymentsInput, flow.connectPayments),
} satisfies Actions<rules.ClinicContract>
