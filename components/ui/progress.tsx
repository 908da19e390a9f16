import { cx } from './cx'
import { CheckIcon } from './icons'

export interface Step {
  label: string
  /** A step that may be gone back to. */
  href?: string
}

/** Where one is in a sequence. `summary` is the phone's form of it, such as "Step 2 of 5". */
export const Steps = ({
  steps,
  current,
  label,
  summary,
}: {
  steps: Step[]
  current: number
  label: string
  summary: string
}) => (
  <nav aria-label={label}>
    <p className="mb-2 flex items-baseline justify-between text-sm sm:hidden">
      <span className="font-semibold">{steps[current]?.label}</span>
      <span className="text-soft">{summary}</span>
    </p>
    <ol className="flex gap-1.5 sm:gap-3">
      {steps.map((step, index) => {
        const done = index < current
        const text = (
          <span className="flex items-center gap-1.5">
            {done ? <CheckIcon size={16} /> : null}
            {step.label}
          </span>
        )
        return (
          <li
            key={step.label}
            aria-current={index === current ? 'step' : undefined}
            className={cx(
              'min-w-0 flex-1 border-t-4 sm:pt-2 sm:text-sm',
              index <= current ? 'border-accent' : 'border-line',
              index === current ? 'font-semibold text-ink' : 'text-soft',
            )}
          >
            <span className="max-sm:sr-only">
              {done && step.href ? (
                <a href={step.href} className="text-accent underline underline-offset-3">
                  {text}
                </a>
              ) : (
                text
              )}
            </span>
          </li>
        )
      })}
    </ol>
  </nav>
)

const letters = (name: string) =>
  name
    .replace(/^(dr|pr|prof|m|mme|mr|mrs|ms)\.?\s+/i, '')
    .split(/[\s-]+/)
    .filter(Boolean)
    .map((part) => Array.from(part)[0]!.toUpperCase())
    .filter((_, index, all) => index === 0 || index === all.length - 1)
    .join('')

/** Initials on cloth; the name stands beside it, so this is decoration. */
export const Avatar = ({ name, size = 'md' }: { name: string; size?: 'sm' | 'md' | 'lg' }) => (
  <span
    aria-hidden
    className={cx(
      'inline-flex shrink-0 items-center justify-center rounded-full bg-cloth-1 font-display text-ink',
      size === 'sm' ? 'size-8 text-xs' : size === 'md' ? 'size-11 text-base' : 'size-16 text-xl',
    )}
  >
    {letters(name)}
  </span>
)
