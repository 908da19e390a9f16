import type { ChainStatement, EpochGrant } from '../crypto/types.ts'

export const roles = ['practitioner', 'frontdesk', 'admin'] as const
export type Role = (typeof roles)[number]

/** Who asks. Every store takes one first; what it may not see is null to it. */
export interface PublicActor {
  kind: 'public'
}
export interface PatientActor {
  kind: 'patient'
  clinicId: string
  patientId: string
  keyId: string
}
export interface StaffActor {
  kind: 'staff'
  clinicId: string
  memberId: string
  sessionId: string
  roles: Role[]
}
/** The worker, acting on one clinic's due work. */
export interface SystemActor {
  kind: 'system'
  clinicId: string
}
export type Actor = PublicActor | PatientActor | StaffActor | SystemActor

/** What a browser needs to unlock and verify: answered after sign-in and on reload. */
export interface KeyMaterial {
  clinicId: string
  memberId: string
  sessionId: string
  displayName: string
  roles: Role[]
  wrappedAccount: string
  statements: ChainStatement[]
  epochGrants: EpochGrant[]
}
