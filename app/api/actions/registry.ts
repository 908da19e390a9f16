import { resolveStaff } from '@/lib/access/next-auth'
import type { Contract } from '@/lib/contract'
import { auditRefusal } from '@/lib/server/audit-readings'
import { makeDoor, type Action, type Actions } from '@/lib/server/action'
import { resolvePatient } from '@/lib/patient/session'
import { accessActions } from './access'
import { auditActions } from './audit'
import { accountActions } from './account'
import { deskActions } from './desk'
import { bookingActions, consentActions, intakeActions } from './booking'
import { calendarActions } from './calendar'
import { callActions } from './call'
import { companionActions } from './companion'
import { careActions } from './care'
import { clinicActions } from './clinic'
import { elsewhereActions } from './elsewhere'
import { emergencyActions } from './emergency'
import { encounterActions } from './encounter'
import { feedActions } from './feed'
import { invoiceActions } from './invoice'
import { pairingActions } from './pairing'
import { patientActions } from './patient'
import { paymentActions } from './payment'
import { prescriptionActions } from './prescription'
import { recallActions } from './recall'
import { recognitionActions } from './recognition'
import { recordActions } from './record'
import { rekeyActions } from './rekey'
import { reminderActions } from './reminder'
import { rewrapActions } from './rewrap'
import { retentionActions } from './retention'
import { lateActions } from './late'
import { ledgerActions } from './ledger'
import { merchantActions } from './merchant'
import { scheduleActions } from './schedule'
import { siteActions } from './site'
import { waitlistActions } from './waitlist'
import { voucherActions } from './voucher'

/** Every action, by its name. A contract without its action does not compile once its domain is listed here. */
const actions = {
  ...accessActions,
  ...auditActions,
  ...accountActions,
  ...calendarActions,
  ...callActions,
  ...careActions,
  ...bookingActions,
  ...deskActions,
  ...companionActions,
  ...consentActions,
  ...intakeActions,
  ...paymentActions,
  ...clinicActions,
  ...elsewhereActions,
  ...emergencyActions,
  ...encounterActions,
  ...feedActions,
  ...pairingActions,
  ...patientActions,
  ...prescriptionActions,
  ...recallActions,
  ...recognitionActions,
  ...recordActions,
  ...rekeyActions,
  ...reminderActions,
  ...rewrapActions,
  ...retentionActions,
  ...invoiceActions,
  ...lateActions,
  ...ledgerActions,
  ...merchantActions,
  ...scheduleActions,
  ...siteActions,
  ...waitlistActions,
  ...voucherActions,
} satisfies Partial<Actions<Contract>>

export const door = makeDoor({
  actions: actions as Record<string, Action>,
  onRefused: auditRefusal,
  resolveActor: async (kind, request, now) =>
    kind === 'staff' ? resolveStaff(request.headers.get('cookie'), now) : resolvePatient(request, now),
})
