import type { GroupGrant } from '../crypto/rewrap.ts'
import type { Sealed } from '../crypto/types.ts'
import type { Due, PassedOn } from './passing-on.ts'

/** Passing records on to the newest epochs of their groups, after somebody left. */
export interface RewrapVault {
  /**
   * Grants each record anew, as the unlocked member, in slices that make way for whatever a person waits for. `loose` records
   * were sealed to members' own keys while a group had no epoch: they are granted to the groups that their type is for.
   * One that does not verify is answered with its reason and left as it is.
   */
  rewrap(records: Due[]): Promise<PassedOn>
  /**
   * Grants records of this patient to the practitioners of a site, as the unlocked member: those that may be shared at all, that
   * this browser opens, and that the member's own groups manage. Throws NO_KEY while the site's group has no current epoch,
   * NOT_VOUCHED when nothing of it may be granted.
   */
  grantToSite(input: {
    patientId: string
    site: string
    records: Sealed[]
  }): Promise<{ recordId: string; revision: number; grant: GroupGrant }[]>
}
