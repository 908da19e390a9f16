import type { ReactNode } from 'react'
import { cx } from './cx'
import { CheckCircleIcon, type IconType, InfoIcon, WarningIcon } from './icons'

export type Tone = 'neutral' | 'info' | 'success' | 'warning' | 'danger' | 'accent'

const tones: Record<Tone, string> = {
  neutral: 'border-line bg-sunken text-soft',
  info: 'border-info/35 bg-info-wash text-info',
  success: 'border-success/35 bg-success-wash text-success',
  warning: 'border-warning/35 bg-warning-wash text-warning',
  danger: 'border-danger/35 bg-danger-wash text-danger',
  accent: 'border-accent/35 bg-wash text-accent',
}

/** A state in a word or two. The word says it; the dot or icon and the colour only help to find it. */
export const Badge = ({ tone = 'neutral', icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode }) => (
  <span
    className={cx(
      'inline-flex items-center gap-1.5 rounded-full border px-2.5 py-0.5 text-xs font-semibold sm:whitespace-nowrap',
      tones[tone],
    )}
  >
    {icon ?? <span className="size-1.5 shrink-0 rounded-full bg-current" aria-hidden />}
    {children}
  </span>
)

const icons: Record<Exclude<Tone, 'neutral' | 'accent'>, IconType> = {
  info: InfoIcon,
  success: CheckCircleIcon,
  warning: WarningIcon,
  danger: WarningIcon,
}

/**
 * Something a person must know here and now. `announce` when it appears after the page did: politely, or at once for danger.
 */
export function Banner({
  tone = 'info',
  title,
  children,
  actions,
  announce = false,
  className,
}: {
  tone?: 'info' | 'success' | 'warning' | 'danger'
  title?: ReactNode
  children?: ReactNode
  actions?: ReactNode
  announce?: boolean
  className?: string
}) {
  const Icon = icons[tone]
  return (
    <div
      role={announce ? (tone === 'danger' ? 'alert' : 'status') : undefined}
      className={cx('flex gap-3 rounded-card border p-4', tones[tone], className)}
    >
      <Icon size={22} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        {title ? <p className="font-semibold">{title}</p> : null}
        {children ? <div className="text-ink">{children}</div> : null}
        {actions ? <div className="mt-3 flex flex-wrap gap-2.5">{actions}</div> : null}
      </div>
    </div>
  )
}

/** Nothing here yet, and what to do about it. */
export const EmptyState = ({
  icon: Icon,
  title,
  children,
  action,
  page,
}: {
  icon?: IconType
  title: ReactNode
  children?: ReactNode
  action?: ReactNode
  /** It is all that the page says: its title is the page's. */
  page?: boolean
}) => (
  <div className="flex flex-col items-center gap-2 rounded-card border border-dashed border-edge px-6 py-12 text-center">
    {Icon ? (
      <span className="folds mb-2 flex size-16 items-center justify-center rounded-full">
        <span className="flex size-11 items-center justify-center rounded-full bg-surface text-accent">
          <Icon size={22} />
        </span>
      </span>
    ) : null}
    {page ? <h1 className="text-2xl">{title}</h1> : <p className="font-display text-xl">{title}</p>}
    {children ? <div className="max-w-md text-soft">{children}</div> : null}
    {action ? <div className="mt-3">{action}</div> : null}
  </div>
)

/** The shape of what is coming. Say "loading" once, in a region around several of these. */
export const Skeleton = ({ className }: { className?: string }) => (
  <div aria-hidden className={cx('animate-sway rounded-control bg-line', className ?? 'h-5 w-full')} />
)

export const SkeletonPage = ({ label }: { label: string }) => (
  <div role="status" aria-live="polite">
    <span className="sr-only">{label}</span>
    <Skeleton className="mb-3 h-4 w-28" />
    <Skeleton className="mb-8 h-9 w-72 max-w-full" />
    <div className="grid gap-4 sm:grid-cols-2">
      <Skeleton className="h-36 rounded-card" />
      <Skeleton className="h-36 rounded-card" />
      <Skeleton className="h-52 rounded-card sm:col-span-2" />
    </div>
  </div>
)

/** Always on the page; a change of its text is read aloud. Empty, it takes no room. */
export const LiveRegion = ({ children, urgent }: { children?: ReactNode; urgent?: boolean }) => (
  <div role={urgent ? 'alert' : 'status'} className="sr-only">
    {children}
  </div>
)
