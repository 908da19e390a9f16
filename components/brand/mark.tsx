import { cx } from '@/components/ui/cx'

/** A rail, three folds drawn most of the way, and the gap that is left. */
const Mark = ({ size = 28, className }: { size?: number; className?: string }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden className={cx('shrink-0', className)}>
    <rect width="32" height="32" rx="8" className="fill-accent" />
    <path d="M6 8h20" className="stroke-on-accent" strokeWidth="2" strokeLinecap="round" />
    <g className="fill-on-accent">
      <path d="M7 9h4.5c0 5.5.2 10.5-.3 15.8-1.5.9-3.3.9-4.8 0C7 19.5 7 14.5 7 9Z" />
      <path d="M11.5 9H16c.1 5.5.5 10.5.4 15.8-1.6.9-3.6.9-5.2 0 .5-5.3.3-10.3.3-15.8Z" opacity=".72" />
      <path d="M16 9h4c.3 5.5 1.2 10.5 2 15.6-1.7 1-3.9 1.1-5.6.2.1-5.3-.3-10.3-.4-15.8Z" opacity=".46" />
    </g>
  </svg>
)

export const Wordmark = ({ className }: { className?: string }) => (
  <span className={cx('inline-flex items-center gap-2.5', className)}>
    <Mark size={26} />
    <span className="font-display text-xl leading-none text-ink">Curtain</span>
  </span>
)
