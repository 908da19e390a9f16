'use client'
import { useTranslations } from 'next-intl'
import { Checkbox } from '@/components/ui/choice'
import { FieldGroup } from '@/components/ui/field'
import { Select, TextField } from '@/components/ui/text-field'
import { type DayPart, dayParts } from '@/lib/waitlist/rules'

/** What somebody waits for, and how they are told, as it is typed. */
export interface Typed {
  memberId: string
  siteId: string
  firstDay: string
  lastDay: string
  parts: DayPart[]
  email: string
  phone: string
}
export type Faults = Record<string, string>
interface Choice {
  id: string
  name: string
}

interface Props {
  typed: Typed
  onType: (part: Partial<Typed>) => void
  faults: Faults
  today: string
  practitioners: Choice[]
  sites: Choice[]
  texts: boolean
  /** Somebody else's: the browser offers nothing of its own. */
  ofCaller?: boolean
}

/** The sentence for what is wrong with a field, and for a refusal. */
export function useFault() {
  const t = useTranslations('errors')
  const field = (key: string | undefined) =>
    key
      ? t((t.has(`field.${key}` as 'field.invalid') ? `field.${key}` : 'field.invalid') as 'field.invalid')
      : undefined
  return { field, code: (code: string) => t((t.has(code as 'INTERNAL') ? code : 'INTERNAL') as 'INTERNAL') }
}

export const startOf = (today: string, lastDay: string): Typed => ({
  ...{ memberId: '', siteId: '', firstDay: today, lastDay, parts: [...dayParts], email: '', phone: '' },
})

export function WishFields({ typed, onType, faults, today, practitioners, sites, texts, ofCaller }: Props) {
  const t = useTranslations('waitlist.page')
  const fault = useFault()
  const error = (name: string) => fault.field(faults[name])
  const tick = (part: DayPart, on: boolean) =>
    onType({ parts: dayParts.filter((each) => (each === part ? on : typed.parts.includes(each))) })
  const choose = (label: string, none: string, all: Choice[], name: 'memberId' | 'siteId') => (
    <Select
      label={label}
      value={typed[name]}
      onChange={(event) => onType({ [name]: event.target.value })}
      options={[{ value: '', label: none }, ...all.map((each) => ({ value: each.id, label: each.name }))]}
    />
  )
  return (
    <>
      {practitioners.length > 1 ? choose(t('who'), t('anyone'), practitioners, 'memberId') : null}
      {sites.length > 1 ? choose(t('where'), t('anywhere'), sites, 'siteId') : null}
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          type="date"
          label={t('from')}
          min={today}
          required
          value={typed.firstDay}
          error={error('firstDay')}
          onChange={(event) => onType({ firstDay: event.target.value })}
        />
        <TextField
          type="date"
          label={t('until')}
          min={typed.firstDay || today}
          required
          value={typed.lastDay}
          error={error('lastDay')}
          onChange={(event) => onType({ lastDay: event.target.value })}
        />
      </div>
      <FieldGroup label={t('parts')} error={error('parts')}>
        {() => (
          <div className="flex flex-wrap gap-x-6">
            {dayParts.map((part) => (
              <Checkbox
                key={part}
                label={t(`part.${part}`)}
                checked={typed.parts.includes(part)}
                onChange={(event) => tick(part, event.target.checked)}
              />
            ))}
          </div>
        )}
      </FieldGroup>
      <TextField
        type="email"
        inputMode="email"
        label={t('email')}
        autoComplete={ofCaller ? 'off' : 'email'}
        value={typed.email}
        error={error('email')}
        onChange={(event) => onType({ email: event.target.value })}
      />
      {texts ? (
        <TextField
          type="tel"
          label={t('phone')}
          hint={t('phoneHint')}
          autoComplete={ofCaller ? 'off' : 'tel'}
          value={typed.phone}
          error={error('phone')}
          onChange={(event) => onType({ phone: event.target.value })}
        />
      ) : null}
    </>
  )
}

/** As it is sent. */
export const wishOf = ({ memberId, siteId, ...typed }: Typed) => ({
  ...typed,
  memberId: memberId || null,
  siteId: siteId || null,
})
