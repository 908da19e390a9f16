import type { StaffRow } from '@/lib/access/rules'

/** What each part of a member's dialog gets. */
export interface MemberProps {
  row: StaffRow
  onClose: () => void
  onDone: () => Promise<void>
}
