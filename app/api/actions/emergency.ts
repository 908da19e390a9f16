import * as card from '@/lib/emergency/flow-card'
import * as rules from '@/lib/emergency/rules'
import { action, type Actions } from '@/lib/server/action'

export const emergencyActions = {
  'emergency/my-card': action('patient', rules.NothingInput, card.myCard),
  'emergency/save-card': action('patient', rules.SaveCardInput, card.saveCard),
  'emergency/revoke-card': action('patient', rules.NothingInput, card.revokeCard),
  'emergency/open-card': action('public', rules.OpenCardInput, card.openCard),
} satisfies Actions<rules.EmergencyContract>
