'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { Card, CardTitle } from '@/components/ui/card'
import { RadioGroup } from '@/components/ui/choice'
import { useToast } from '@/components/ui/toast'
import { call } from '@/lib/browser/api'
import { vault } from '@/lib/browser/vault'
import { cacheTimes } from '@/lib/clinic/rules'
import { useStaff } from './session'
import { useReason } from './use-reason'

/** How long members' browsers remember what they opened, and what that costs. For admins. */
export function CacheTime() {
  const t = useTranslations('rewrap.cache')
  const c = useTranslations('common')
  const { me } = useStaff()
  const reason = useReason()
  const toast = useToast()
  const [seconds, setSeconds] = useState(me.cacheSeconds)
  const save = async (wanted: number) => {
    const before = seconds
    setSeconds(wanted)
    const answer = await call('clinic/save-cache', { seconds: wanted as (typeof cacheTimes)[number] })
    if (!answer.ok) {
      setSeconds(before)
      return toast(reason(answer.code), 'danger')
    }
    await vault().cacheFor(wanted)
    toast(c('saved'), 'success')
  }
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-5 max-w-prose text-soft">{t('text')}</p>
      <RadioGroup
        label={t('title')}
        hideLabel
        name="cache-time"
        value={String(seconds)}
        onChange={(event) => void save(Number(event.target.value))}
        options={cacheTimes.map((each) => ({
          value: String(each),
          label: t(`time.${each}`),
          hint: each === 0 ? t('noneHint') : undefined,
        }))}
      />
      <p className="mt-5 max-w-prose text-sm text-soft">{t('cost')}</p>
    </Card>
  )
}
