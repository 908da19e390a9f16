import * as flow from '@/lib/access/flow'
import * as members from '@/lib/access/flow-members'
import * as signIn from '@/lib/access/flow-sign-in'
import * as rules from '@/lib/access/rules'
import { action, type Actions } from '@/lib/server/action'

export const accessActions = {
  'access/register-start': action('public', rules.RegisterStartInput, signIn.startRegistration),
  'access/slug-free': action('public', rules.SlugInput, flow.isSlugFree),
  'access/open-clinic': action('public', rules.OpenClinicInput, flow.openClinic),
  'access/sign-in-start': action('public', rules.SignInStartInput, signIn.startSignIn),
  'access/sign-in-finish': action('public', rules.SignInFinishInput, signIn.finishSignIn),
  'access/chain': action('public', rules.ChainQuery, flow.loadChain),
  'access/invitation': action('public', rules.InvitationInput, flow.showInvitation, {
    rate: { points: 300, seconds: 60 },
  }),
  'access/join': action('public', rules.JoinInput, flow.join, { rate: { points: 30, seconds: 60 } }),
  'access/me': action('staff', rules.NoInput, flow.loadMe),
  'access/save-wrap': action('staff', rules.SaveWrapInput, flow.saveWrap),
  'access/sign-out': action('staff', rules.NoInput, signIn.signOut),
  'access/staff': action(['admin'], rules.NoInput, flow.listStaff),
  'access/save-profile': action(['admin'], rules.MemberProfileInput, flow.saveProfile),
  'access/invite': action(['admin'], rules.InviteInput, flow.invite),
  'access/cancel-invitation': action(['admin'], rules.InvitationInput, flow.cancelInvitation),
  'access/vouch': action(['admin'], rules.VouchInput, flow.vouch),
  'access/change-member': action(['admin'], rules.ChangeMemberInput, members.changeMember),
  'access/remove-member': action(['admin'], rules.RemoveMemberInput, members.removeMember),
  'access/renew-epochs': action('staff', rules.RenewEpochsInput, members.renewEpochs),
  'access/colleagues': action('staff', rules.NoInput, members.listColleagues),
  'access/coming': action(['admin'], rules.MemberInput, members.listComing),
} satisfies Actions<rules.AccessContract>
