import * as flow from '@/lib/call/flow'
import * as codes from '@/lib/call/flow-codes'
import * as staff from '@/lib/call/flow-staff'
import * as rules from '@/lib/call/rules'
import { action, type Actions } from '@/lib/server/action'

const slow = { rate: { points: 60, seconds: 60 } }
// A signed message is a few hundred bytes; nothing longer has a place in a handshake.
const small = { maxBytes: 16 * 1024 }

export const callActions = {
  'call/look': action('public', rules.LookInput, flow.look, slow),
  'call/ticket': action('public', rules.TicketInput, flow.takeTicket, slow),
  'call/knock': action('public', rules.KnockInput, flow.knock, slow),
  'call/sync': action('public', rules.SyncInput, flow.sync),
  'call/beat': action('public', rules.DoorInput, flow.beat),
  'call/send': action('public', rules.SendInput, flow.send, small),
  'call/token': action('public', rules.DoorInput, flow.takeToken, slow),
  'call/leave': action('public', rules.DoorInput, flow.leave),
  'call/code': action('public', rules.DoorInput, codes.sendCode, slow),
  'call/confirm': action('public', rules.ConfirmInput, codes.confirm, slow),
  'call/open': action(['practitioner'], rules.AppointmentInput, staff.open),
  'call/queue': action(['practitioner'], rules.NoInput, staff.queue),
  'call/turn-away': action(['practitioner'], rules.TurnAwayInput, staff.turnAway),
  'call/end': action(['practitioner'], rules.EndInput, staff.end),
  'call/readable': action(['practitioner'], rules.AppointmentInput, staff.readable),
  'call/matches': action(['practitioner'], rules.MatchesInput, staff.matches, { maxBytes: 2 * 1024 * 1024 }),
} satisfies Actions<rules.CallContract>
