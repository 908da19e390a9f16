import type { ComponentProps, ReactNode } from 'react'
import { cx } from './cx'
import { FieldError, FieldGroup, type FieldText, useWire } from './field'

export interface CheckboxProps extends Omit<ComponentProps<'input'>, 'type'> {
  label: ReactNode
  hint?: ReactNode
  error?: ReactNode
}

export const Checkbox = (props: CheckboxProps) => <Box {...props} look="tick mt-0.5" />
/** On or off at once, without a "save". */
export const Switch = (props: CheckboxProps) => <Box {...props} look="switch" role="switch" />

function Box({ label, hint, error, id, className, look, ...input }: CheckboxProps & { look: string }) {
  const { wire, hintId, errorId } = useWire(id, { hint, error })
  return (
    <div className={className}>
      <div className="flex min-h-11 items-start gap-3 py-2">
        <input type="checkbox" {...input} {...wire} className={look} />
        <div className="min-w-0">
          <label htmlFor={wire.id} className="block">
            {label}
          </label>
          {hint ? (
            <p id={hintId} className="text-sm text-soft">
              {hint}
            </p>
          ) : null}
        </div>
      </div>
      {error ? <FieldError id={errorId}>{error}</FieldError> : null}
    </div>
  )
}

export interface RadioOption {
  value: string
  label: ReactNode
  hint?: ReactNode
  /** At the far end of a card: a price, a length. */
  aside?: ReactNode
  disabled?: boolean
}
export interface RadioGroupProps
  extends FieldText, Omit<ComponentProps<'input'>, keyof FieldText | 'type' | 'value' | 'defaultValue'> {
  name: string
  options: RadioOption[]
  value?: string
  defaultValue?: string
  look?: 'list' | 'cards' | 'row'
}

/** `<RadioGroup label="…" options={…} {...register('x')} />`, or controlled by `value` and `onChange`. */
export function RadioGroup({
  label,
  optional,
  hint,
  error,
  hideLabel,
  id,
  className,
  options,
  value,
  defaultValue,
  look = 'list',
  ...input
}: RadioGroupProps) {
  return (
    <FieldGroup {...{ id, label, optional, hint, error, hideLabel, className }}>
      {(wire) => (
        <div className={cx('flex', look === 'row' ? 'flex-wrap gap-2' : 'flex-col', look === 'cards' && 'gap-2.5')}>
          {options.map((option) => (
            <label
              key={option.value}
              className={cx(
                'flex min-h-11 items-start gap-3 has-disabled:opacity-55',
                look === 'list' && 'py-2',
                look !== 'list' &&
                  'rounded-control border-[1.5px] border-edge bg-surface px-4 py-3 transition-colors hover:border-accent has-checked:border-accent has-checked:bg-wash has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent',
              )}
            >
              <input
                {...input}
                type="radio"
                value={option.value}
                checked={value === undefined ? undefined : value === option.value}
                defaultChecked={
                  value === undefined && defaultValue !== undefined ? defaultValue === option.value : undefined
                }
                disabled={option.disabled || input.disabled}
                aria-invalid={wire['aria-invalid']}
                className="tick mt-0.5 focus-visible:outline-none"
              />
              <span className="min-w-0 flex-1">
                <span className="block font-semibold">{option.label}</span>
                {option.hint ? <span className="block text-sm text-soft">{option.hint}</span> : null}
              </span>
              {option.aside ? <span className="figures text-end text-soft">{option.aside}</span> : null}
            </label>
          ))}
        </div>
      )}
    </FieldGroup>
  )
}
