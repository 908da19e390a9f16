import { NothingHere } from '@/components/shell/nothing-here'
import { PublicShell } from '@/components/shell/public-shell'

export default function NotFound() {
  return (
    <PublicShell>
      <NothingHere />
    </PublicShell>
  )
}
