import type { StaffRow } from '@/lib/access/rules'
import type { SiteView } from '@/lib/site/rules'

/** What each part of a member's dialog gets. */
export interface MemberProps {
  row: StaffRow
  sites: readonly SiteView[]
  onClose: () => void
  onDone: () => Promise<void>
}

export interface Unsaved {
  /** Whether something is chosen here that is not saved. */
  onUnsaved: (is: boolean) => void
}
