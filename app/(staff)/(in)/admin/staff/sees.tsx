'use client'
import { useTranslations } from 'next-intl'
import { useId } from 'react'
import { RadioGroup } from '@/components/ui/choice'

/** Whose records a practitioner opens: the groups that are signed into the chain with it decide, and no list. */
export function Sees({
  name,
  own,
  disabled,
  onChange,
}: {
  name?: string
  own: boolean
  disabled?: boolean
  onChange: (own: boolean) => void
}) {
  const t = useTranslations('members')
  return (
    <div className="mt-3">
      <RadioGroup
        name={useId()}
        label={name ? t('seesFor', { name }) : t('sees')}
        value={own ? 'own' : 'clinic'}
        disabled={disabled}
        onChange={(event) => onChange(event.target.value === 'own')}
        options={[
          { value: 'clinic', label: t('seesClinic'), hint: t('seesClinicHint') },
          { value: 'own', label: t('seesOwn'), hint: t('seesOwnHint') },
        ]}
      />
    </div>
  )
}
