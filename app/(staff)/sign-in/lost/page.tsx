import type { Metadata } from 'next'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { PublicShell } from '@/components/shell/public-shell'
import { pick } from '@/lib/messages/pick'
import { Lost } from './lost'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('lost')
  return { title: t('title'), robots: { index: false } }
}

/** For who lost passphrase and recovery kit. The link's token is in the fragment, which the browser alone reads. */
export default async function LostPage() {
  const locale = await getLocale()
  return (
    <PublicShell>
      <div className="mx-auto max-w-2xl">
        <NextIntlClientProvider
          locale={locale}
          messages={pick(locale, 'access', 'common', 'errors', 'lost', 'onboarding')}
        >
          <Lost />
        </NextIntlClientProvider>
      </div>
    </PublicShell>
  )
}
