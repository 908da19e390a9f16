'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useStaff } from '@/components/staff/session'
import { useReason } from '@/components/staff/use-reason'
import { Card, CardTitle } from '@/components/ui/card'
import { RadioGroup } from '@/components/ui/choice'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { saveGuardianAge } from '@/lib/browser/care'
import { guardianAgeOf, guardianAges } from '@/lib/care/rules'

/** Until which birthday a parent speaks for a child here. For officers. */
export function GuardianAge({ start }: { start: number }) {
  const t = useTranslations('care.age')
  const c = useTranslations('common')
  const { me } = useStaff()
  const toast = useToast()
  const reason = useReason()
  const [age, setAge] = useState(guardianAgeOf(start))
  const [save] = useBusy(async (wanted: (typeof guardianAges)[number]) => {
    const before = age
    setAge(wanted)
    const answer = await saveGuardianAge(me, wanted)
    if (answer.ok) return toast(c('saved'), 'success')
    setAge(before)
    toast(reason(answer.code), 'danger')
  })
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-5 max-w-prose text-soft">{t('text')}</p>
      <RadioGroup
        label={t('title')}
        hideLabel
        name="guardian-age"
        value={String(age)}
        onChange={(event) => void save(guardianAges.find((each) => `${each}` === event.target.value)!)}
        options={guardianAges.map((each) => ({ value: `${each}`, label: t('option', { age: each }) }))}
      />
      <p className="mt-5 max-w-prose text-sm text-soft">{t('note')}</p>
    </Card>
  )
}
