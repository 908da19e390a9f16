'use client'
import { Button } from '@/components/ui/button'
import { LockIcon, SignOutIcon } from '@/components/ui/icons'
import { Avatar } from '@/components/ui/progress'

/** Who is signed in, and the two ways to leave. The session's own code passes what they do. */
export const Account = ({
  name,
  role,
  lockLabel,
  signOutLabel,
  onLock,
  onSignOut,
  busy,
}: {
  name: string
  role: string
  lockLabel: string
  signOutLabel: string
  onLock?: () => void
  onSignOut: () => void
  busy?: boolean
}) => (
  <div className="flex flex-col gap-3">
    <div className="flex items-center gap-3 px-2">
      <Avatar name={name} />
      <div className="min-w-0 leading-snug">
        <p className="truncate font-semibold">{name}</p>
        <p className="truncate text-sm text-soft">{role}</p>
      </div>
    </div>
    <div className="flex flex-wrap gap-2">
      {onLock ? (
        <Button size="sm" className="grow px-3 whitespace-nowrap" icon={<LockIcon size={18} />} onClick={onLock}>
          {lockLabel}
        </Button>
      ) : null}
      <Button
        size="sm"
        variant="quiet"
        className="grow px-3 whitespace-nowrap"
        icon={<SignOutIcon size={18} />}
        busy={busy}
        onClick={onSignOut}
      >
        {signOutLabel}
      </Button>
    </div>
  </div>
)
