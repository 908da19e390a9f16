'use client'
import { useLocale, useTranslations } from 'next-intl'
import { useEffect, useRef, useState } from 'react'
import { CardLines } from '@/components/emergency/card-lines'
import { Button } from '@/components/ui/button'
import { PageHeader } from '@/components/ui/card'
import { PrintIcon } from '@/components/ui/icons'
import { Banner, Skeleton } from '@/components/ui/status'
import { type CardVerdict, readCard } from '@/lib/browser/emergency-card'
import { dateLocale } from '@/lib/time'

export function Card({ id }: { id: string }) {
  const t = useTranslations('emergency')
  const locale = useLocale()
  const [verdict, setVerdict] = useState<CardVerdict | null>(null)
  const asked = useRef(false)
  useEffect(() => {
    // Each time is told to the patient: once for one look at the page.
    if (asked.current) return
    asked.current = true
    void readCard(id, location.hash).then(setVerdict)
  }, [id])

  if (!verdict) {
    return (
      <div role="status">
        <p className="mb-4 text-soft">{t('card.opening')}</p>
        <Skeleton className="h-72 rounded-card" />
      </div>
    )
  }
  if (verdict.is !== 'open') {
    return (
      <>
        <PageHeader title={t('card.title')} />
        <Banner
          tone="warning"
          title={t(`card.${verdict.is}`)}
          actions={
            verdict.is === 'offline' || verdict.is === 'busy' ? (
              <Button onClick={() => location.reload()}>{t('card.again')}</Button>
            ) : null
          }
          announce
        >
          {t(`card.${verdict.is}Text`)}
        </Banner>
      </>
    )
  }
  const { content } = verdict
  const made = new Intl.DateTimeFormat(dateLocale(locale), { dateStyle: 'long' }).format(new Date(content.madeAt))
  return (
    <article className="flex flex-col gap-5">
      <PageHeader
        title={content.name || t('card.title')}
        eyebrow={content.name ? t('card.title') : undefined}
        actions={
          <Button icon={<PrintIcon />} onClick={() => print()} className="print:hidden">
            {t('card.print')}
          </Button>
        }
      />
      <CardLines content={content} />
      <Banner tone="info" title={t('card.made', { date: made })}>
        {t('card.madeText')}
      </Banner>
    </article>
  )
}
