'use client'
import { useTranslations } from 'next-intl'
import { Card, CardTitle } from '@/components/ui/card'

/** Who speaks for a child keeps no page and no passkey: both would outlast the birthday. How they get in again, said before it is needed. */
export function IfLost({ name }: { name: string }) {
  const t = useTranslations('care.ifLost')
  return (
    <Card id="if-lost">
      <CardTitle>{t('title')}</CardTitle>
      <p className="mb-4 text-soft">{t('lead', { name })}</p>
      <ol className="list-decimal space-y-2 ps-5">
        <li>{t('link')}</li>
        <li>{t('clinic', { name })}</li>
        <li>{t('say')}</li>
      </ol>
      <p className="mt-4">{t('parent', { name })}</p>
    </Card>
  )
}
