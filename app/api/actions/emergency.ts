import * as card from '@/lib/emergency/flow-card'
import * as keys from '@/lib/emergency/flow-keys'
import * as officers from '@/lib/emergency/flow-officers'
import * as rules from '@/lib/emergency/rules'
import { action, type Actions } from '@/lib/server/action'

export const emergencyActions = {
  'emergency/my-card': action('patient', rules.NothingInput, card.myCard),
  'emergency/save-card': action('patient', rules.SaveCardInput, card.saveCard),
  'emergency/revoke-card': action('patient', rules.NothingInput, card.revokeCard),
  'emergency/open-card': action('public', rules.OpenCardInput, card.openCard),
  'emergency/keep': action(['practitioner'], rules.PatientInput, keys.keep),
  'emergency/make': action(['practitioner'], rules.MakeKeyInput, keys.makeKey),
  'emergency/grant': action(['practitioner'], rules.GrantInput, keys.grant),
  'emergency/officers': action(['admin'], rules.NothingInput, officers.officersView),
  'emergency/waiting': action(['admin'], rules.NothingInput, officers.waiting),
  'emergency/records': action(['admin'], rules.PatientInput, officers.listOf),
  'emergency/ask': action(['admin'], rules.AskInput, officers.ask),
  'emergency/share': action(['admin'], rules.RequestInput, officers.shareFor),
  'emergency/approve': action(['admin'], rules.AnswerInput, officers.approve),
  'emergency/decline': action(['admin'], rules.RequestInput, officers.decline),
  'emergency/withdraw': action(['admin'], rules.RequestInput, officers.withdraw),
  'emergency/open': action(['admin'], rules.RequestInput, officers.open),
  'emergency/tell': action(['admin'], rules.TellInput, officers.tell),
  'emergency/end': action(['admin'], rules.RequestInput, officers.end),
  'emergency/told': action('patient', rules.NothingInput, officers.told),
} satisfies Actions<rules.EmergencyContract>
