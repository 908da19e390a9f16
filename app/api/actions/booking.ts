import * as flow from '@/lib/booking/flow'
import * as holds from '@/lib/booking/hold'
import * as rules from '@/lib/booking/rules'
import { signConsent } from '@/lib/consent/flow'
import { SignConsentInput, type ConsentContract } from '@/lib/consent/rules'
import { submitIntake } from '@/lib/intake/flow'
import { SubmitInput, type IntakeContract } from '@/lib/intake/rules'
import { action, type Actions } from '@/lib/server/action'

// Sealed answers are a third larger than what was typed, for each of their parts.
const large = { maxBytes: 4 * 1024 * 1024 }

export const bookingActions = {
  'booking/slots': action('public', rules.SlotsInput, holds.slots),
  'booking/hold': action('public', rules.HoldInput, holds.holdSlot),
  'booking/renew': action('public', rules.HoldRef, holds.renewHold),
  'booking/release': action('public', rules.HoldRef, holds.releaseHold),
  'booking/book': action('public', rules.BookInput, flow.bookSlot, large),
  'booking/appointment': action('public', rules.HoldRef, flow.showAppointment),
  'booking/cancel': action('public', rules.HoldRef, flow.cancelAppointment),
} satisfies Actions<rules.BookingContract>

export const consentActions = {
  'consent/sign': action('patient', SignConsentInput, signConsent, large),
} satisfies Actions<ConsentContract>
export const intakeActions = {
  'intake/submit': action('patient', SubmitInput, submitIntake, large),
} satisfies Actions<IntakeContract>
