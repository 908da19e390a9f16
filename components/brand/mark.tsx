import { cx } from '@/components/ui/cx'

/** A rail, and a curtain of three folds drawn half across. */
export const Mark = ({ size = 28, className }: { size?: number; className?: string }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden className={cx('shrink-0', className)}>
    <path d="M3 5.5h26" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" />
    <path d="M5.5 5.5c0 8-.8 15.5-1.5 21.5 2.2 1 3.8 1 5.4 0 .9-6 1.2-13.5 1.2-21.5Z" fill="currentColor" />
    <path d="M10.6 5.5c0 8 .1 15.5-.2 21.5 1.9 1 3.6 1 5.2 0 .2-6-.2-13.5-.2-21.5Z" fill="currentColor" opacity=".62" />
    <path
      d="M15.4 5.5c0 8 1 15.5 1.2 21.5 1.7 1 3.4 1 4.9-.3-1.3-6-1.8-13.2-1.9-21.2Z"
      fill="currentColor"
      opacity=".34"
    />
  </svg>
)

export const Wordmark = ({ className }: { className?: string }) => (
  <span className={cx('inline-flex items-center gap-2 text-accent', className)}>
    <Mark size={26} />
    <span className="font-display text-xl leading-none text-ink">Curtain</span>
  </span>
)
