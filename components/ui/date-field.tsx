'use client'
import { type ComponentProps, useRef, useState } from 'react'
import { cx } from './cx'
import { FieldGroup, type FieldText, inputClass } from './field'

type Part = 'day' | 'month' | 'year'

export interface DateFieldProps extends FieldText {
  id?: string
  className?: string
  /** What the three boxes are called, translated. */
  parts: Record<Part, string>
  /** ISO, `2024-02-29`; '' while empty. What is typed is passed on as it stands: the schema says whether it is a date. */
  value?: string
  defaultValue?: string
  onChange?: (iso: string) => void
  onBlur?: () => void
  /** Also posts the ISO date in a plain form. */
  name?: string
  order?: Part[]
  /** Fills `bday-day`, `bday-month`, `bday-year`. */
  birthday?: boolean
  disabled?: boolean
  required?: boolean
  ref?: React.Ref<HTMLInputElement>
}

const split = (iso: string): Record<Part, string> => {
  const [year = '', month = '', day = ''] = iso.split('-')
  return { year, month: month.replace(/^0(?=\d)/, ''), day: day.replace(/^0(?=\d)/, '') }
}
const join = ({ day, month, year }: Record<Part, string>) =>
  day || month || year ? `${year.padStart(4, '0')}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : ''

/**
 * Three boxes, because a birth date is known by heart and a calendar is a long way to 1948.
 * With react-hook-form: `<Controller … render={({ field, fieldState }) => <DateField {...field} error={…} />} />`.
 */
export function DateField({
  parts,
  value,
  defaultValue = '',
  onChange,
  onBlur,
  name,
  order = ['day', 'month', 'year'],
  birthday,
  disabled,
  required,
  ref,
  ...text
}: DateFieldProps) {
  const [own, setOwn] = useState(() => split(value ?? defaultValue))
  const last = useRef(value)
  // A form that is reset or restored from a draft sets another value than the one typed here.
  if (value !== undefined && value !== last.current) {
    last.current = value
    if (value !== join(own)) setOwn(split(value))
  }
  const set = (part: Part, typed: string) => {
    const next = { ...own, [part]: typed.replace(/\D/g, '') }
    setOwn(next)
    const iso = join(next)
    last.current = iso
    onChange?.(iso)
  }
  return (
    <FieldGroup {...text}>
      {(wire) => (
        <div
          className="flex flex-wrap gap-3"
          onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || onBlur?.()}
        >
          {order.map((part, index) => (
            <Box
              key={part}
              label={parts[part]}
              wide={part === 'year'}
              ref={index === 0 ? ref : undefined}
              id={index === 0 ? wire.id : undefined}
              aria-describedby={wire['aria-describedby']}
              aria-invalid={wire['aria-invalid']}
              autoComplete={birthday ? `bday-${part}` : 'off'}
              maxLength={part === 'year' ? 4 : 2}
              value={own[part]}
              disabled={disabled}
              required={required}
              onChange={(event) => set(part, event.target.value)}
            />
          ))}
          {name ? <input type="hidden" name={name} value={join(own)} /> : null}
        </div>
      )}
    </FieldGroup>
  )
}

const Box = ({ label, wide, ...input }: ComponentProps<'input'> & { label: string; wide: boolean }) => (
  <label className={cx('flex flex-col gap-1 text-sm text-soft', wide ? 'w-24' : 'w-18')}>
    {label}
    <input type="text" inputMode="numeric" pattern="[0-9]*" {...input} className={inputClass} />
  </label>
)
