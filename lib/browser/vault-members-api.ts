import type { B64, ChainStatement, EpochGrant, Group, PublicKeys } from '../crypto/types.ts'
import type { ChainInput, ChainView, KeptInvitation } from './vault-api.ts'

/** What goes into the chain together, and the epochs' secrets that go with it. */
export interface Extended {
  statements: ChainStatement[]
  epochGrants: EpochGrant[]
}

/** An invitation as it was kept here, and what the server shows of its answer. */
export interface Answered {
  clinicId: string
  chain: ChainInput
  invitation: KeptInvitation
  memberId: string
  keys: PublicKeys
  mac: string
}

/**
 * The unlocked officer's, or member's, hand on the chain. Whatever is signed, each group that waits for a new key and has this
 * member in it gets it in the same breath, sealed to those who are in it then.
 */
export interface MembersVault {
  /**
   * The code that the newcomer's page shows too when these are their keys (`registerMember`): for both to compare before anybody
   * vouches. Checks the newcomer's MAC first.
   */
  newcomerCode(input: Answered): Promise<{ code: B64 }>
  /**
   * The inviter's browser checks the newcomer's MAC, then signs the member statement and seals the groups' epochs. Roles and
   * groups are those of the invitation as it was kept here (`recallInvitation`), never what the server shows of it. `compared`
   * is the code that a person found to be the same: other keys than those are vouched for by nobody.
   */
  vouch(input: Answered & { compared: B64 }): Promise<Extended>
  /** Other roles and groups for a member of the chain, whose keys stay: more, or fewer. */
  changeMember(input: {
    clinicId: string
    chain: ChainInput
    memberId: string
    roles: string[]
    groups: Group[]
  }): Promise<Extended>
  /** Who is removed opens nothing that is written from then on. The last of a clinic-wide group stays: CHAIN_INVALID. */
  removeMember(input: { clinicId: string; chain: ChainInput; memberId: string }): Promise<Extended>
  /** The next epoch of each group that waits for one and has this member. No statements: there is none. */
  renewEpochs(input: { clinicId: string; chain: ChainInput }): Promise<Extended>
  /** The newest chain, and with it the epochs that were sealed to this member since. */
  refresh(input: { chain: ChainInput; epochGrants: EpochGrant[] }): Promise<ChainView>
  /**
   * Groups of this member whose newest key was not handed to them: `by` is who made it, or, of who came later, who let them in.
   * With that person's removal the group starts anew.
   */
  shutOut(): Promise<{ group: Group; by: string }[]>
}
