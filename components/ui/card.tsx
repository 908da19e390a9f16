import type { ComponentProps, ReactNode, Ref } from 'react'
import { cx } from './cx'

/** A sheet of paper. `padded={false}` for lists and tables that reach its edges. */
export const Card = ({ padded = true, className, ...rest }: ComponentProps<'section'> & { padded?: boolean }) => (
  <section
    className={cx(
      'scroll-mt-6 rounded-card border border-line bg-surface shadow-low',
      padded ? 'p-5 sm:p-6' : 'overflow-clip',
      className,
    )}
    {...rest}
  />
)

export const CardTitle = ({
  level = 2,
  children,
  actions,
  ref,
}: {
  level?: 2 | 3
  children: ReactNode
  actions?: ReactNode
  /** Of the heading, for what gives it the focus. */
  ref?: Ref<HTMLHeadingElement>
}) => {
  const Heading = level === 2 ? 'h2' : 'h3'
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <Heading
        ref={ref}
        tabIndex={ref ? -1 : undefined}
        className={cx('scroll-mt-6 outline-none', level === 2 ? 'text-xl' : 'text-lg')}
      >
        {children}
      </Heading>
      {actions ? <div className="flex flex-wrap gap-2">{actions}</div> : null}
    </div>
  )
}

/** The title of a page: its only h1. */
export const PageHeader = ({
  title,
  eyebrow,
  lead,
  actions,
  back,
}: {
  title: ReactNode
  eyebrow?: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  back?: ReactNode
}) => (
  <header className="mb-7">
    {back ? <div className="mb-2">{back}</div> : null}
    <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-4">
      <div className="min-w-0">
        {eyebrow ? <p className="eyebrow mb-1">{eyebrow}</p> : null}
        <h1 className="text-2xl sm:text-3xl">{title}</h1>
        {lead ? <p className="mt-3 max-w-prose text-lg text-soft">{lead}</p> : null}
      </div>
      {actions ? <div className="flex flex-wrap gap-2.5">{actions}</div> : null}
    </div>
  </header>
)

/** Names and values: what was booked, who someone is. */
export const Facts = ({
  items,
  className,
}: {
  items: { label: ReactNode; value: ReactNode }[]
  className?: string
}) => (
  <dl className={cx('divide-y divide-line', className)}>
    {items.map(({ label, value }, index) => (
      <div key={index} className="grid gap-x-6 gap-y-0.5 py-3 first:pt-0 last:pb-0 sm:grid-cols-[11rem_1fr]">
        <dt className="text-soft">{label}</dt>
        <dd className="min-w-0 font-semibold">{value}</dd>
      </div>
    ))}
  </dl>
)

/** More, for who wants it; works without script. */
export const Disclosure = ({
  summary,
  children,
  open,
}: {
  summary: ReactNode
  children: ReactNode
  open?: boolean
}) => (
  <details open={open} className="group rounded-control border border-line bg-surface">
    <summary className="flex min-h-12 items-center justify-between gap-3 rounded-control px-4 py-2 font-semibold">
      {summary}
      <svg width="20" height="20" viewBox="0 0 24 24" aria-hidden className="shrink-0 text-soft group-open:rotate-180">
        <path d="m6 9.5 6 6 6-6" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />
      </svg>
    </summary>
    <div className="border-t border-line px-4 py-4">{children}</div>
  </details>
)
