'use client'
import { useTranslations } from 'next-intl'
import { Button } from '@/components/ui/button'
import { Banner } from '@/components/ui/status'

/** What the site shows of the clinic is not what this device, its witness or a link says: told, and nothing else is shown. */
export function Forged({ byLink = false }: { byLink?: boolean }) {
  const t = useTranslations('common.forged')
  return (
    <Banner
      tone="danger"
      title={t(byLink ? 'linkTitle' : 'title')}
      announce
      actions={
        <Button size="sm" onClick={() => location.reload()}>
          {t('again')}
        </Button>
      }
    >
      {t(byLink ? 'linkText' : 'text')}
    </Banner>
  )
}
