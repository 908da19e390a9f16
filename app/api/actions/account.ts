import * as flow from '@/lib/account/flow'
import * as kit from '@/lib/account/flow-kit'
import * as passkey from '@/lib/account/flow-passkey'
import * as rules from '@/lib/account/rules'
import { action, type Actions } from '@/lib/server/action'

export const accountActions = {
  'account/view': action('staff', rules.NoInput, flow.loadAccount),
  'account/end-session': action('staff', rules.OneInput, flow.endSession),
  'account/end-others': action('staff', rules.NoInput, flow.endOthers),
  'account/password-start': action('staff', rules.PasswordStartInput, flow.startPassword),
  'account/change-password': action('staff', rules.PasswordInput, flow.changePassword),
  'account/add-kit': action('staff', rules.AddKitInput, kit.addKit),
  'account/kit-start': action('public', rules.NoInput, kit.startKit),
  'account/try-kit': action('staff', rules.KitAnswerInput, kit.tryKit),
  'account/kit-open': action('public', rules.KitOpenInput, kit.openKit),
  'account/kit-password': action('public', rules.PasswordInput, kit.setPasswordByKit),
  'account/remove-wrap': action('staff', rules.OneInput, kit.removeWrap),
  'account/passkey-options': action('staff', rules.NoInput, passkey.passkeyOptions),
  'account/add-passkey': action('staff', rules.AddPasskeyInput, passkey.addPasskey),
  'account/passkey-start': action('public', rules.NoInput, passkey.startPasskey),
  'account/passkey-finish': action('public', rules.PasskeyAnswerInput, passkey.finishPasskey),
  'account/security': action('staff', rules.NoInput, flow.loadSecurity),
  'account/save-security': action(['admin'], rules.SecurityForm, flow.saveSecurity),
} satisfies Actions<rules.AccountContract>
