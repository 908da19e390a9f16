'use client'
import { useTranslations } from 'next-intl'
import { useState } from 'react'
import { useReason } from '@/components/staff/use-reason'
import { Button } from '@/components/ui/button'
import { Card, CardTitle } from '@/components/ui/card'
import { CopyField } from '@/components/ui/copy-field'
import { useToast } from '@/components/ui/toast'
import { useBusy } from '@/components/ui/use-busy'
import { call } from '@/lib/browser/api'
import type { FeedView } from '@/lib/feed/rules'
import { useWhen } from './use-when'

/** A practitioner's times in a calendar program of their own. */
export function Feed({ start }: { start: FeedView }) {
  const t = useTranslations('feed')
  const c = useTranslations('common')
  const reason = useReason()
  const toast = useToast()
  const when = useWhen()
  const [madeAt, setMadeAt] = useState(start.madeAt)
  const [url, setUrl] = useState<string | null>(null)
  const [make, making] = useBusy(async () => {
    const answer = await call('feed/make', {})
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    setMadeAt(answer.value.madeAt)
    setUrl(answer.value.url)
  })
  const [remove, removing] = useBusy(async () => {
    const answer = await call('feed/remove', {})
    if (!answer.ok) return toast(reason(answer.code), 'danger')
    setMadeAt(null)
    setUrl(null)
    toast(t('removed'), 'success')
  })
  return (
    <Card>
      <CardTitle>{t('title')}</CardTitle>
      <p className="-mt-2 mb-5 max-w-prose text-soft">{t('lead')}</p>
      {url ? (
        <div className="mb-5">
          <CopyField label={t('url')} value={url} copyLabel={c('copy')} copiedLabel={c('copied')} />
          <p role="status" className="mt-2 max-w-prose text-sm text-soft">
            {t('once')}
          </p>
        </div>
      ) : madeAt ? (
        <p className="mb-5">{t('since', { when: when(madeAt) })}</p>
      ) : null}
      <div className="flex flex-wrap gap-2.5">
        <Button busy={making} onClick={() => void make()}>
          {t(madeAt ? 'replace' : 'make')}
        </Button>
        {madeAt ? (
          <Button variant="danger" busy={removing} onClick={() => void remove()}>
            {t('remove')}
          </Button>
        ) : null}
      </div>
    </Card>
  )
}
