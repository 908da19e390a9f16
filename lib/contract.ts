import type { AccessContract } from './access/rules.ts'
import type { CallContract } from './call/rules.ts'
import type { EncounterContract } from './encounter/rules.ts'
import type { PrescriptionContract } from './prescription/rules.ts'
import type { RecallContract } from './recall/rules.ts'

/** Every action that a browser may call: name → what goes in and what comes out. Types alone, each from its domain's rules. */
export type Contract = AccessContract & CallContract & EncounterContract & PrescriptionContract & RecallContract
