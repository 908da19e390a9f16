import type { Metadata } from 'next'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { PageHeader } from '@/components/ui/card'
import { signupMode } from '@/lib/access/flow'
import { pick } from '@/lib/messages/pick'
import { OpenClinic } from './open-clinic'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('onboarding')
  return { title: t('title') }
}

export default async function StartPage() {
  const [t, locale] = await Promise.all([getTranslations('onboarding'), getLocale()])
  const signup = signupMode()
  if (signup === 'closed')
    return (
      <div className="mx-auto max-w-2xl py-4">
        <PageHeader title={t('closedTitle')} lead={t('closed')} />
      </div>
    )
  return (
    <div className="mx-auto max-w-2xl py-4">
      <PageHeader eyebrow={t('eyebrow')} title={t('title')} lead={t('lead')} />
      <NextIntlClientProvider
        locale={locale}
        messages={pick(locale, 'onboarding', 'access', 'admin', 'sites', 'errors', 'common')}
      >
        <OpenClinic asksCode={signup === 'code'} />
      </NextIntlClientProvider>
    </div>
  )
}
