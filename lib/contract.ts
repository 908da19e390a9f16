import type { AccessContract } from './access/rules.ts'
import type { CallContract } from './call/rules.ts'
import type { ClinicContract } from './clinic/rules.ts'
import type { EncounterContract } from './encounter/rules.ts'
import type { PatientContract } from './patient/rules.ts'
import type { PrescriptionContract } from './prescription/rules.ts'
import type { RecallContract } from './recall/rules.ts'
import type { RecordContract } from './record/rules.ts'

/** Every action of the JSON door: its name, what goes in and what comes out. */
export type Contract = AccessContract &
  CallContract &
  ClinicContract &
  EncounterContract &
  PatientContract &
  PrescriptionContract &
  RecallContract &
  RecordContract

export type ActionName = keyof Contract
