'use client'
import { useState } from 'react'
import { Button } from './button'
import { Field, inputClass } from './field'
import { CheckIcon, CopyIcon } from './icons'
import { LiveRegion } from './status'

/** A link or code to take elsewhere. */
export function CopyField({
  label,
  hint,
  value,
  copyLabel,
  copiedLabel,
}: {
  label: string
  hint?: string
  value: string
  copyLabel: string
  copiedLabel: string
}) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(value)
    setCopied(true)
    setTimeout(() => setCopied(false), 4000)
  }
  return (
    <Field label={label} hint={hint}>
      {(wire) => (
        <div className="flex flex-wrap gap-2.5">
          <input
            readOnly
            {...wire}
            value={value}
            onFocus={(event) => event.currentTarget.select()}
            className={`${inputClass} min-w-0 bg-sunken! flex-1 basis-60 font-mono text-sm`}
          />
          <Button icon={copied ? <CheckIcon /> : <CopyIcon />} onClick={copy}>
            {copied ? copiedLabel : copyLabel}
          </Button>
          <LiveRegion>{copied ? copiedLabel : ''}</LiveRegion>
        </div>
      )}
    </Field>
  )
}
