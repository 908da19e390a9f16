import { type ReactNode, useId } from 'react'
import { cx } from './cx'
import { WarningIcon } from './icons'

export interface FieldText {
  label: ReactNode
  /** Shown small beside the label, such as "optional". */
  optional?: string
  hint?: ReactNode
  error?: ReactNode
  /** The label is read aloud only. */
  hideLabel?: boolean
}
export interface Wire {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': true | undefined
}

export const inputClass = cx(
  'block w-full min-h-12 rounded-control border-[1.5px] border-edge bg-surface px-3.5 py-2.5 text-base text-ink',
  'transition-colors duration-150 hover:border-accent aria-invalid:border-danger aria-invalid:bg-danger-wash',
  'disabled:cursor-not-allowed disabled:bg-sunken disabled:opacity-70',
)

/** Ids that tie a control to its hint and its error. */
export function useWire(id: string | undefined, { hint, error }: Pick<FieldText, 'hint' | 'error'>) {
  const own = useId()
  const base = id ?? own
  const described = cx(hint && `${base}-hint`, error && `${base}-error`)
  const wire: Wire = { id: base, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined }
  return { wire, hintId: `${base}-hint`, errorId: `${base}-error` }
}

/** Label above, hint under it, the control, and what is wrong with it below. */
export function Field({
  id,
  label,
  optional,
  hint,
  error,
  hideLabel,
  className,
  children,
}: FieldText & { id?: string; className?: string; children: (wire: Wire) => ReactNode }) {
  const { wire, hintId, errorId } = useWire(id, { hint, error })
  return (
    <div className={cx('flex flex-col gap-1.5', className)}>
      <label htmlFor={wire.id} className={hideLabel ? 'sr-only' : 'font-semibold text-ink'}>
        {label}
        {optional ? <span className="ms-2 text-sm font-normal text-soft">{optional}</span> : null}
      </label>
      {hint ? <Hint id={hintId}>{hint}</Hint> : null}
      {children(wire)}
      {error ? <FieldError id={errorId}>{error}</FieldError> : null}
    </div>
  )
}

/** The same for a group of controls. */
export function FieldGroup({
  id,
  label,
  optional,
  hint,
  error,
  hideLabel,
  className,
  children,
}: FieldText & { id?: string; className?: string; children: (wire: Wire) => ReactNode }) {
  const { wire, hintId, errorId } = useWire(id, { hint, error })
  return (
    <fieldset className={cx('flex min-w-0 flex-col gap-1.5', className)} aria-describedby={wire['aria-describedby']}>
      <legend className={hideLabel ? 'sr-only' : 'mb-1.5 font-semibold text-ink'}>
        {label}
        {optional ? <span className="ms-2 text-sm font-normal text-soft">{optional}</span> : null}
      </legend>
      {hint ? <Hint id={hintId}>{hint}</Hint> : null}
      {children(wire)}
      {error ? <FieldError id={errorId}>{error}</FieldError> : null}
    </fieldset>
  )
}

const Hint = ({ id, children }: { id?: string; children: ReactNode }) => (
  <p id={id} className="text-sm text-soft">
    {children}
  </p>
)

export const FieldError = ({ id, children }: { id?: string; children: ReactNode }) => (
  <p id={id} className="flex items-start gap-1.5 text-sm font-semibold text-danger">
    <WarningIcon size={18} className="mt-0.5" />
    <span>{children}</span>
  </p>
)

/** At the top of a form that was refused: what is wrong, each a link to its field. Give it focus when it appears. */
export const ErrorSummary = ({
  title,
  errors,
  ...rest
}: {
  title: string
  errors: { fieldId: string; text: string }[]
  ref?: React.Ref<HTMLDivElement>
}) => (
  <div role="alert" tabIndex={-1} className="rounded-card border-[1.5px] border-danger bg-danger-wash p-4" {...rest}>
    <p className="font-semibold text-danger">{title}</p>
    <ul className="mt-1 list-disc ps-5">
      {errors.map(({ fieldId, text }) => (
        <li key={fieldId}>
          <a href={`#${fieldId}`} className="text-danger underline underline-offset-3">
            {text}
          </a>
        </li>
      ))}
    </ul>
  </div>
)
