'use client'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'

export interface PreferencesProps {
  name: 'locale' | 'theme'
  label: string
  current: string
  back: string
  options: { value: string; label: string; lang?: string }[]
}

/**
 * A form that works without script. With it, the page is redrawn in place: what was typed, the fragment of the address and an
 * unlocked vault all live in this document and would be lost with it.
 */
export function Preferences({ name, label, current, back, options }: PreferencesProps) {
  const router = useRouter()
  const [pending, start] = useTransition()
  const choose = async (event: React.SubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const body = new URLSearchParams({ [name]: (event.nativeEvent.submitter as HTMLButtonElement).value })
    const answer = await fetch('/api/preferences', { method: 'POST', body, redirect: 'manual' }).catch(() => null)
    if (answer) start(() => router.refresh())
  }
  return (
    <form action="/api/preferences" method="post" onSubmit={choose} aria-busy={pending}>
      <input type="hidden" name="back" value={back} />
      <fieldset className="flex items-center rounded-control border border-edge bg-surface p-0.5">
        <legend className="sr-only">{label}</legend>
        {options.map((option) => (
          <button
            key={option.value}
            type="submit"
            name={name}
            value={option.value}
            lang={option.lang}
            aria-pressed={option.value === current}
            className="min-h-11 rounded-tag px-3.5 text-sm text-soft hover:bg-wash hover:text-ink aria-pressed:bg-wash aria-pressed:font-semibold aria-pressed:text-accent"
          >
            {option.label}
          </button>
        ))}
      </fieldset>
    </form>
  )
}
