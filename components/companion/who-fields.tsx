import { useTranslations } from 'next-intl'
import { useId } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { RadioGroup } from '@/components/ui/choice'
import { Select, TextField } from '@/components/ui/text-field'
import type { Way } from '@/lib/clinic/rules'
import { companionKinds } from '@/lib/companion/rules'
import type { CompanionDraft, CompanionFaults } from './draft'

interface Props {
  draft: CompanionDraft
  onDraft: (part: Partial<CompanionDraft>) => void
  faults: CompanionFaults
  way: Way
  /** Whether it may be nobody, and whether the patient may be told later: with a booking. */
  booking?: boolean
}

/** Who comes along, and what is to be asked of them. */
export function WhoFields({ draft, onDraft, faults, way, booking = false }: Props) {
  const t = useTranslations('companion.who')
  const desk = useTranslations('desk')
  const c = useTranslations('common')
  const reason = useReason()
  const group = useId()
  const error = (name: keyof CompanionDraft) => (faults[name] ? reason.field(faults[name]) : undefined)
  const kinds = companionKinds.map((value) => ({ value, label: t(value) }))
  return (
    <div className="flex flex-col gap-4">
      <Select
        className="max-w-64"
        label={t('kind')}
        value={draft.kind}
        onChange={(event) => onDraft({ kind: event.target.value as CompanionDraft['kind'] })}
        options={booking ? [{ value: '', label: t('none') }, ...kinds] : kinds}
      />
      {draft.kind ? (
        <>
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              label={t('name')}
              optional={c('optional')}
              autoComplete="off"
              maxLength={120}
              value={draft.name}
              error={error('name')}
              onChange={(event) => onDraft({ name: event.target.value })}
            />
            <TextField
              type="email"
              inputMode="email"
              label={t('email')}
              autoComplete="off"
              value={draft.email}
              error={error('email')}
              onChange={(event) => onDraft({ email: event.target.value })}
            />
            {draft.kind === 'interpreter' ? (
              <TextField
                label={t('language')}
                autoComplete="off"
                maxLength={60}
                value={draft.language}
                error={error('language')}
                onChange={(event) => onDraft({ language: event.target.value })}
              />
            ) : null}
            <Select
              label={t('locale')}
              value={draft.locale}
              onChange={(event) => onDraft({ locale: event.target.value === 'fr' ? 'fr' : 'en' })}
              options={(['en', 'fr'] as const).map((value) => ({ value, label: desk(`languages.${value}`) }))}
            />
          </div>
          <p className="text-sm text-soft">
            {t('told')}
            {way === 'video' ? ` ${t('video')}` : ''}
          </p>
          {booking ? (
            <RadioGroup
              name={group}
              label={t('how')}
              value={draft.first ? 'first' : 'now'}
              onChange={(event) => onDraft({ first: event.target.value === 'first' })}
              options={[
                { value: 'now', label: t('now') },
                { value: 'first', label: t('first'), hint: t('firstHint') },
              ]}
            />
          ) : null}
        </>
      ) : null}
    </div>
  )
}
