import type { AccessContract } from './access/rules.ts'
import type { AuditContract } from './audit/rules.ts'
import type { AccountContract } from './account/rules.ts'
import type { BookingContract } from './booking/rules.ts'
import type { CalendarContract } from './calendar/rules.ts'
import type { CallContract } from './call/rules.ts'
import type { CareContract } from './care/rules.ts'
import type { ClinicContract } from './clinic/rules.ts'
import type { CompanionContract } from './companion/rules.ts'
import type { ConsentContract } from './consent/rules.ts'
import type { DeskContract } from './desk/rules.ts'
import type { EmergencyContract } from './emergency/rules.ts'
import type { EncounterContract } from './encounter/rules.ts'
import type { ElsewhereContract } from './elsewhere/rules.ts'
import type { FeedContract } from './feed/rules.ts'
import type { IntakeContract } from './intake/rules.ts'
import type { InvoiceContract } from './invoice/issued.ts'
import type { LateContract } from './late/rules.ts'
import type { LedgerContract } from './ledger/month.ts'
import type { MerchantContract } from './merchant/rules.ts'
import type { PairingContract } from './pairing/rules.ts'
import type { PatientContract } from './patient/rules.ts'
import type { PaymentContract } from './payment/rules.ts'
import type { PrescriptionContract } from './prescription/rules.ts'
import type { RecallContract } from './recall/rules.ts'
import type { RecognitionContract } from './recognition/rules.ts'
import type { RecordContract } from './record/rules.ts'
import type { RekeyContract } from './rekey/rules.ts'
import type { RewrapContract } from './rewrap/rules.ts'
import type { ReminderContract } from './reminder/rules.ts'
import type { RetentionContract } from './retention/rules.ts'
import type { ScheduleContract } from './schedule/rules.ts'
import type { SiteContract } from './site/rules.ts'
import type { WaitlistContract } from './waitlist/rules.ts'
import type { VoucherContract } from './voucher/rules.ts'

/** Every action of the JSON door: its name, what goes in and what comes out. */
export type Contract = AccessContract &
  AuditContract &
  AccountContract &
  BookingContract &
  CalendarContract &
  CallContract &
  CareContract &
  ClinicContract &
  CompanionContract &
  ConsentContract &
  DeskContract &
  ElsewhereContract &
  EmergencyContract &
  EncounterContract &
  FeedContract &
  IntakeContract &
  InvoiceContract &
  LateContract &
  LedgerContract &
  MerchantContract &
  PairingContract &
  PatientContract &
  PaymentContract &
  PrescriptionContract &
  RecallContract &
  RecognitionContract &
  RecordContract &
  RekeyContract &
  ReminderContract &
  RewrapContract &
  RetentionContract &
  ScheduleContract &
  SiteContract &
  WaitlistContract &
  VoucherContract

export type ActionName = keyof Contract
