'use client'
import { type ComponentProps, useRef, useState } from 'react'
import { Button } from './button'
import { cx } from './cx'
import { Field, type FieldText, inputClass } from './field'
import { EyeIcon, EyeOffIcon, RefreshIcon } from './icons'

export interface PasswordFieldProps extends FieldText, Omit<ComponentProps<'input'>, keyof FieldText | 'type'> {
  revealLabel: string
  concealLabel: string
  /** Offers a passphrase: where the generator lives is not this component's business. */
  generate?: () => string
  generateLabel?: string
}

/** A password that can be looked at, and suggested. `register` of react-hook-form hears a suggestion as if it were typed. */
export function PasswordField({
  label,
  optional,
  hint,
  error,
  hideLabel,
  id,
  className,
  revealLabel,
  concealLabel,
  generate,
  generateLabel,
  ref,
  autoComplete = 'current-password',
  ...input
}: PasswordFieldProps) {
  const box = useRef<HTMLInputElement>(null)
  const [shown, setShown] = useState(false)
  const suggest = () => {
    const element = box.current
    if (!element || !generate) return
    // React listens for the native event; setting .value alone would leave the form with what was there before.
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!.call(element, generate())
    element.dispatchEvent(new Event('input', { bubbles: true }))
    setShown(true)
    element.focus()
  }
  return (
    <div className={cx('flex flex-col gap-2', className)}>
      <Field {...{ id, label, optional, hint, error, hideLabel }}>
        {(wire) => (
          <div className="relative flex items-center">
            <input
              spellCheck={false}
              autoCapitalize="none"
              autoComplete={autoComplete}
              {...input}
              {...wire}
              ref={(element) => {
                box.current = element
                if (typeof ref === 'function') return ref(element)
                if (ref) ref.current = element
                return undefined
              }}
              type={shown ? 'text' : 'password'}
              className={cx(inputClass, 'pe-13', shown && 'font-mono')}
            />
            <button
              type="button"
              aria-label={shown ? concealLabel : revealLabel}
              title={shown ? concealLabel : revealLabel}
              onClick={() => setShown(!shown)}
              className="absolute end-0.5 flex size-11 items-center justify-center rounded-control text-soft hover:text-accent"
            >
              {shown ? <EyeOffIcon /> : <EyeIcon />}
            </button>
          </div>
        )}
      </Field>
      {generate && generateLabel ? (
        <div>
          <Button variant="quiet" size="sm" icon={<RefreshIcon size={18} />} onClick={suggest}>
            {generateLabel}
          </Button>
        </div>
      ) : null}
    </div>
  )
}
