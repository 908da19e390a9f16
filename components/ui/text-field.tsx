import type { ComponentProps, ReactNode } from 'react'
import { cx } from './cx'
import { Field, type FieldText, inputClass } from './field'
import { ChevronDownIcon } from './icons'

type Own<T extends 'input' | 'textarea' | 'select'> = FieldText & Omit<ComponentProps<T>, keyof FieldText>

export interface TextFieldProps extends Own<'input'> {
  /** Shown inside the box, before or after what is typed: a currency, a unit. */
  before?: ReactNode
  after?: ReactNode
}

/** `<TextField label="…" error={errors.x?.message} {...register('x')} />` */
export function TextField({
  label,
  optional,
  hint,
  error,
  hideLabel,
  id,
  className,
  before,
  after,
  ...input
}: TextFieldProps) {
  return (
    <Field {...{ id, label, optional, hint, error, hideLabel, className }}>
      {(wire) =>
        before || after ? (
          <div className="relative flex items-center">
            {before ? <span className="pointer-events-none absolute start-3.5 text-soft">{before}</span> : null}
            <input {...input} {...wire} className={cx(inputClass, before && 'ps-10', after && 'pe-16')} />
            {after ? <span className="pointer-events-none absolute end-3.5 text-soft">{after}</span> : null}
          </div>
        ) : (
          <input {...input} {...wire} className={inputClass} />
        )
      }
    </Field>
  )
}

export const TextArea = ({
  label,
  optional,
  hint,
  error,
  hideLabel,
  id,
  className,
  rows = 4,
  ...input
}: Own<'textarea'>) => (
  <Field {...{ id, label, optional, hint, error, hideLabel, className }}>
    {(wire) => (
      <textarea
        rows={rows}
        {...input}
        {...wire}
        className={cx(inputClass, 'field-sizing-content min-h-28 wrap-anywhere')}
      />
    )}
  </Field>
)

export interface SelectOption {
  value: string
  label: string
  disabled?: boolean
}

/** The platform's own list: best on phones, with a screen reader, and without script. */
export const Select = ({
  label,
  optional,
  hint,
  error,
  hideLabel,
  id,
  className,
  options,
  placeholder,
  ...input
}: Own<'select'> & { options: SelectOption[]; placeholder?: string }) => (
  <Field {...{ id, label, optional, hint, error, hideLabel, className }}>
    {(wire) => (
      <div className="relative flex items-center">
        <select {...input} {...wire} className={cx(inputClass, 'appearance-none pe-11')}>
          {placeholder === undefined ? null : <option value="">{placeholder}</option>}
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
        <ChevronDownIcon className="pointer-events-none absolute end-3.5 text-soft" />
      </div>
    )}
  </Field>
)
