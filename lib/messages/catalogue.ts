/**
 * Every sentence a person reads, one file for each namespace and language. A new namespace is a file in each language and
 * a line in each list here; catalogue.test.ts fails for a file that is missing, unlisted or told in one language only.
 */
import accessEn from './en/access.json' with { type: 'json' }
import accountEn from './en/account.json' with { type: 'json' }
import adminEn from './en/admin.json' with { type: 'json' }
import audienceEn from './en/audience.json' with { type: 'json' }
import auditEn from './en/audit.json' with { type: 'json' }
import bookingEn from './en/booking.json' with { type: 'json' }
import calendarEn from './en/calendar.json' with { type: 'json' }
import callEn from './en/call.json' with { type: 'json' }
import careEn from './en/care.json' with { type: 'json' }
import clinicEn from './en/clinic.json' with { type: 'json' }
import commonEn from './en/common.json' with { type: 'json' }
import companionEn from './en/companion.json' with { type: 'json' }
import consentEn from './en/consent.json' with { type: 'json' }
import deskEn from './en/desk.json' with { type: 'json' }
import devicesEn from './en/devices.json' with { type: 'json' }
import emergencyEn from './en/emergency.json' with { type: 'json' }
import encounterEn from './en/encounter.json' with { type: 'json' }
import errorsEn from './en/errors.json' with { type: 'json' }
import elsewhereEn from './en/elsewhere.json' with { type: 'json' }
import feedEn from './en/feed.json' with { type: 'json' }
import intakeEn from './en/intake.json' with { type: 'json' }
import invoiceEn from './en/invoice.json' with { type: 'json' }
import keepEn from './en/keep.json' with { type: 'json' }
import landingEn from './en/landing.json' with { type: 'json' }
import lostEn from './en/lost.json' with { type: 'json' }
import mailEn from './en/mail.json' with { type: 'json' }
import moneyEn from './en/money.json' with { type: 'json' }
import noticeEn from './en/notice.json' with { type: 'json' }
import onboardingEn from './en/onboarding.json' with { type: 'json' }
import membersEn from './en/members.json' with { type: 'json' }
import patientEn from './en/patient.json' with { type: 'json' }
import paymentEn from './en/payment.json' with { type: 'json' }
import prescriptionEn from './en/prescription.json' with { type: 'json' }
import recallEn from './en/recall.json' with { type: 'json' }
import recognitionEn from './en/recognition.json' with { type: 'json' }
import recordEn from './en/record.json' with { type: 'json' }
import retentionEn from './en/retention.json' with { type: 'json' }
import remindersEn from './en/reminders.json' with { type: 'json' }
import rekeyEn from './en/rekey.json' with { type: 'json' }
import rewrapEn from './en/rewrap.json' with { type: 'json' }
import moveEn from './en/move.json' with { type: 'json' }
import scheduleEn from './en/schedule.json' with { type: 'json' }
import sitesEn from './en/sites.json' with { type: 'json' }
import vouchersEn from './en/vouchers.json' with { type: 'json' }
import staffEn from './en/staff.json' with { type: 'json' }
import waitlistEn from './en/waitlist.json' with { type: 'json' }
import accessFr from './fr/access.json' with { type: 'json' }
import accountFr from './fr/account.json' with { type: 'json' }
import adminFr from './fr/admin.json' with { type: 'json' }
import audienceFr from './fr/audience.json' with { type: 'json' }
import auditFr from './fr/audit.json' with { type: 'json' }
import bookingFr from './fr/booking.json' with { type: 'json' }
import calendarFr from './fr/calendar.json' with { type: 'json' }
import callFr from './fr/call.json' with { type: 'json' }
import careFr from './fr/care.json' with { type: 'json' }
import clinicFr from './fr/clinic.json' with { type: 'json' }
import commonFr from './fr/common.json' with { type: 'json' }
import companionFr from './fr/companion.json' with { type: 'json' }
import consentFr from './fr/consent.json' with { type: 'json' }
import deskFr from './fr/desk.json' with { type: 'json' }
import devicesFr from './fr/devices.json' with { type: 'json' }
import emergencyFr from './fr/emergency.json' with { type: 'json' }
import encounterFr from './fr/encounter.json' with { type: 'json' }
import errorsFr from './fr/errors.json' with { type: 'json' }
import elsewhereFr from './fr/elsewhere.json' with { type: 'json' }
import feedFr from './fr/feed.json' with { type: 'json' }
import intakeFr from './fr/intake.json' with { type: 'json' }
import invoiceFr from './fr/invoice.json' with { type: 'json' }
import keepFr from './fr/keep.json' with { type: 'json' }
import landingFr from './fr/landing.json' with { type: 'json' }
import lostFr from './fr/lost.json' with { type: 'json' }
import mailFr from './fr/mail.json' with { type: 'json' }
import moneyFr from './fr/money.json' with { type: 'json' }
import noticeFr from './fr/notice.json' with { type: 'json' }
import onboardingFr from './fr/onboarding.json' with { type: 'json' }
import membersFr from './fr/members.json' with { type: 'json' }
import patientFr from './fr/patient.json' with { type: 'json' }
import paymentFr from './fr/payment.json' with { type: 'json' }
import prescriptionFr from './fr/prescription.json' with { type: 'json' }
import recallFr from './fr/recall.json' with { type: 'json' }
import recognitionFr from './fr/recognition.json' with { type: 'json' }
import recordFr from './fr/record.json' with { type: 'json' }
import retentionFr from './fr/retention.json' with { type: 'json' }
import remindersFr from './fr/reminders.json' with { type: 'json' }
import rekeyFr from './fr/rekey.json' with { type: 'json' }
import rewrapFr from './fr/rewrap.json' with { type: 'json' }
import moveFr from './fr/move.json' with { type: 'json' }
import scheduleFr from './fr/schedule.json' with { type: 'json' }
import sitesFr from './fr/sites.json' with { type: 'json' }
import vouchersFr from './fr/vouchers.json' with { type: 'json' }
import staffFr from './fr/staff.json' with { type: 'json' }
import waitlistFr from './fr/waitlist.json' with { type: 'json' }
import { unbrokenAll } from './french.ts'

const en = {
  access: accessEn,
  account: accountEn,
  admin: adminEn,
  audience: audienceEn,
  audit: auditEn,
  booking: bookingEn,
  calendar: calendarEn,
  call: callEn,
  care: careEn,
  clinic: clinicEn,
  common: commonEn,
  companion: companionEn,
  consent: consentEn,
  desk: deskEn,
  devices: devicesEn,
  emergency: emergencyEn,
  encounter: encounterEn,
  errors: errorsEn,
  elsewhere: elsewhereEn,
  feed: feedEn,
  intake: intakeEn,
  invoice: invoiceEn,
  keep: keepEn,
  landing: landingEn,
  lost: lostEn,
  mail: mailEn,
  money: moneyEn,
  notice: noticeEn,
  onboarding: onboardingEn,
  members: membersEn,
  patient: patientEn,
  payment: paymentEn,
  prescription: prescriptionEn,
  recall: recallEn,
  recognition: recognitionEn,
  record: recordEn,
  retention: retentionEn,
  reminders: remindersEn,
  rekey: rekeyEn,
  rewrap: rewrapEn,
  move: moveEn,
  schedule: scheduleEn,
  sites: sitesEn,
  vouchers: vouchersEn,
  staff: staffEn,
  waitlist: waitlistEn,
}
export type Messages = typeof en
export type Namespace = keyof Messages

const fr = {
  access: accessFr,
  account: accountFr,
  admin: adminFr,
  audience: audienceFr,
  audit: auditFr,
  booking: bookingFr,
  calendar: calendarFr,
  call: callFr,
  care: careFr,
  clinic: clinicFr,
  common: commonFr,
  companion: companionFr,
  consent: consentFr,
  desk: deskFr,
  devices: devicesFr,
  emergency: emergencyFr,
  encounter: encounterFr,
  errors: errorsFr,
  elsewhere: elsewhereFr,
  feed: feedFr,
  intake: intakeFr,
  invoice: invoiceFr,
  keep: keepFr,
  landing: landingFr,
  lost: lostFr,
  mail: mailFr,
  money: moneyFr,
  notice: noticeFr,
  onboarding: onboardingFr,
  members: membersFr,
  patient: patientFr,
  payment: paymentFr,
  prescription: prescriptionFr,
  recall: recallFr,
  recognition: recognitionFr,
  record: recordFr,
  retention: retentionFr,
  reminders: remindersFr,
  rekey: rekeyFr,
  rewrap: rewrapFr,
  move: moveFr,
  schedule: scheduleFr,
  sites: sitesFr,
  vouchers: vouchersFr,
  staff: staffFr,
  waitlist: waitlistFr,
}

export const locales = ['en', 'fr'] as const
export type Locale = (typeof locales)[number]

export const catalogue: Record<Locale, Messages> = { en, fr: unbrokenAll(fr as Messages) }
