import { useLocale, useTranslations } from 'next-intl'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { DateField } from '@/components/ui/date-field'
import { Select, TextArea, TextField } from '@/components/ui/text-field'
import type { Caller } from '@/lib/browser/desk-book'
import type { DeskOptions } from '@/lib/desk/rules'
import { formatPlainDay } from '@/lib/time'
import type { CallerFaults } from './caller'
import { type KnownPerson, useKnown } from './use-known'

interface Props {
  options: DeskOptions
  caller: Caller
  onCaller: (part: Partial<Caller>) => void
  faults: CallerFaults
  known: KnownPerson | null
  onKnown: (person: KnownPerson | null) => void
}

/** Somebody new, or one whose name this browser opens: then there is nothing more to ask. */
export function WhoCalls({ options, caller, onCaller, faults, known, onKnown }: Props) {
  const t = useTranslations('desk')
  const c = useTranslations('common')
  const reason = useReason()
  const locale = useLocale()
  const { read, found } = useKnown(caller.name)
  const dateOf = (day: string) =>
    /^\d{4}-\d\d-\d\d$/.test(day)
      ? formatPlainDay(day, locale, { day: 'numeric', month: 'long', year: 'numeric' })
      : '–'
  const error = (name: keyof Caller) => (faults[name] ? reason.field(faults[name]) : undefined)
  if (known)
    return (
      <div className="flex flex-wrap items-center justify-between gap-3 rounded-control border border-line bg-wash p-4">
        <p role="status">{t('knownChosen', { name: known.name, date: dateOf(known.birthDate) })}</p>
        <Button size="sm" autoFocus onClick={() => onKnown(null)}>
          {t('someoneElse')}
        </Button>
      </div>
    )
  return (
    <div className="flex flex-col gap-4">
      {options.mayWrite ? null : <p className="text-soft">{t('onlyKnown')}</p>}
      <TextField
        id="desk-name"
        label={t('name')}
        autoComplete="off"
        value={caller.name}
        error={error('name')}
        onFocus={read}
        onChange={(event) => onCaller({ name: event.target.value })}
      />
      {found.length ? (
        <ul aria-label={t('known')} className="-mt-2 flex flex-wrap gap-2">
          {found.map((person) => (
            <li key={person.patientId}>
              <Button size="sm" onClick={() => onKnown(person)}>
                {person.name}, {t('born', { date: dateOf(person.birthDate) })}
                {person.written ? ` (${t('bookedAs', { name: person.written })})` : ''}
              </Button>
            </li>
          ))}
        </ul>
      ) : null}
      {options.mayWrite ? (
        <>
          <DateField
            id="desk-birth"
            label={t('birth')}
            parts={{ day: c('day'), month: c('month'), year: c('year') }}
            value={caller.birthDate}
            error={error('birthDate')}
            onChange={(birthDate) => onCaller({ birthDate })}
          />
          <TextArea
            id="desk-reason"
            rows={2}
            label={t('reason')}
            optional={c('optional')}
            hint={t('reasonHint')}
            maxLength={2000}
            value={caller.reason}
            error={error('reason')}
            onChange={(event) => onCaller({ reason: event.target.value })}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              id="desk-phone"
              type="tel"
              label={t('phone')}
              optional={c('optional')}
              autoComplete="off"
              value={caller.phone}
              error={error('phone')}
              onChange={(event) => onCaller({ phone: event.target.value })}
            />
            <TextField
              id="desk-email"
              type="email"
              inputMode="email"
              label={t('email')}
              optional={c('optional')}
              autoComplete="off"
              value={caller.email}
              error={error('email')}
              onChange={(event) => onCaller({ email: event.target.value })}
            />
          </div>
          {caller.email.trim() ? null : (
            <p className="text-sm text-soft">
              {caller.phone.trim() && options.texts ? `${t('texts')} ` : ''}
              {t('handOver')}
            </p>
          )}
          <Select
            label={t('language')}
            className="max-w-64"
            value={caller.locale}
            onChange={(event) => onCaller({ locale: event.target.value === 'fr' ? 'fr' : 'en' })}
            options={(['en', 'fr'] as const).map((value) => ({ value, label: t(`languages.${value}`) }))}
          />
        </>
      ) : null}
    </div>
  )
}
