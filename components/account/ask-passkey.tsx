'use client'
import { useTranslations } from 'next-intl'
import Link from 'next/link'
import { Banner } from '@/components/ui/status'

/** The clinic asks for a passkey, and this member has none yet. */
export function AskPasskey() {
  const t = useTranslations('account')
  return (
    <Banner tone="warning" title={t('passkey.asked')} className="mb-6">
      {t('passkey.askedText')}{' '}
      <Link href="/account" className="text-accent underline underline-offset-3">
        {t('title')}
      </Link>
    </Banner>
  )
}
