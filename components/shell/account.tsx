'use client'
import Link from 'next/link'
import { Button } from '@/components/ui/button'
import { LockIcon, SignOutIcon } from '@/components/ui/icons'
import { Avatar } from '@/components/ui/progress'

/** Who is signed in, and the two ways to leave. The session's own code passes what they do. */
export const Account = ({
  name,
  role,
  accountLabel,
  lockLabel,
  signOutLabel,
  onLock,
  onSignOut,
  busy,
}: {
  name: string
  role: string
  accountLabel: string
  lockLabel: string
  signOutLabel: string
  onLock?: () => void
  onSignOut: () => void
  busy?: boolean
}) => (
  <div className="flex flex-col gap-3">
    <Link href="/account" className="flex items-center gap-3 rounded-control px-2 py-1 hover:bg-line">
      <Avatar name={name} />
      <div className="min-w-0 leading-snug">
        <p className="truncate font-semibold">{name}</p>
        <p className="truncate text-sm text-soft">{role}</p>
        <p className="truncate text-sm text-accent underline underline-offset-3">{accountLabel}</p>
      </div>
    </Link>
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
