import { cancelAppointment, cancelByClinic } from '@/lib/booking/cancel'
import * as flow from '@/lib/booking/flow'
import { setWork } from '@/lib/booking/flood'
import { cancelGroup, moveGroup } from '@/lib/booking/group'
import * as holds from '@/lib/booking/hold'
import { moveAppointment, moveTimes } from '@/lib/booking/move'
import { otherTimes, rescheduleAppointment } from '@/lib/booking/reschedule'
import * as rules from '@/lib/booking/rules'
import { SlotsInput } from '@/lib/slot/rules'
import { signConsent } from '@/lib/consent/flow'
import { SignConsentInput, type ConsentContract } from '@/lib/consent/rules'
import { submitIntake } from '@/lib/intake/flow'
import { SubmitInput, type IntakeContract } from '@/lib/intake/rules'
import { slots } from '@/lib/booking/slots'
import { action, type Actions } from '@/lib/server/action'

// Sealed answers are a third larger than what was typed, for each of their parts.
const large = { maxBytes: 4 * 1024 * 1024 }

export const bookingActions = {
  'booking/slots': action('public', SlotsInput, slots),
  'booking/work': action('public', rules.WorkInput, setWork),
  'booking/hold': action('public', rules.HoldInput, holds.holdSlot),
  'booking/renew': action('public', rules.HoldRef, holds.renewHold),
  'booking/release': action('public', rules.HoldRef, holds.releaseHold),
  'booking/book': action('public', rules.BookInput, flow.bookSlot, large),
  'booking/appointment': action('public', rules.HoldRef, flow.showAppointment),
  'booking/other-times': action('public', rules.OtherTimesInput, otherTimes),
  'booking/reschedule': action('public', rules.RescheduleInput, rescheduleAppointment),
  'booking/move-times': action('staff', rules.MoveTimesInput, moveTimes),
  'booking/move': action('staff', rules.MoveInput, moveAppointment),
  'booking/cancel': action('public', rules.CancelByLinkInput, cancelAppointment),
  'booking/cancel-by-clinic': action('staff', rules.CancelInput, cancelByClinic),
  'booking/move-group': action('staff', rules.MoveGroupInput, moveGroup),
  'booking/cancel-group': action('staff', rules.CancelGroupInput, cancelGroup),
} satisfies Actions<rules.BookingContract>

export const consentActions = {
  'consent/sign': action('patient', SignConsentInput, signConsent, large),
} satisfies Actions<ConsentContract>
export const intakeActions = {
  'intake/submit': action('patient', SubmitInput, submitIntake, large),
} satisfies Actions<IntakeContract>
