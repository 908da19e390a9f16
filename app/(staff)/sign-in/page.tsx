import type { Metadata } from 'next'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { PublicShell } from '@/components/shell/public-shell'
import { pick } from '@/lib/messages/pick'
import { SignIn } from './sign-in'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('access')
  return { title: t('signIn.title') }
}

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ ended?: string }> }) {
  const [t, locale, { ended }] = await Promise.all([getTranslations('access'), getLocale(), searchParams])
  return (
    <PublicShell>
      <div className="mx-auto grid max-w-4xl grid-cols-[minmax(0,1fr)] items-start gap-10 py-8 md:grid-cols-[1fr_1.05fr]">
        <div className="md:pt-8">
          <p className="eyebrow mb-1">{t('signIn.eyebrow')}</p>
          <h1 className="text-3xl">{t('signIn.title')}</h1>
          <p className="mt-3 text-lg text-soft">{t('signIn.lead')}</p>
          <p className="mt-6 text-soft">
            {t('signIn.newClinic')}{' '}
            <a href="/start" className="text-accent underline underline-offset-3">
              {t('signIn.start')}
            </a>
          </p>
        </div>
        <NextIntlClientProvider
          locale={locale}
          messages={pick(locale, 'access', 'account', 'common', 'errors', 'notice', 'onboarding')}
        >
          <SignIn ended={ended !== undefined} />
        </NextIntlClientProvider>
      </div>
    </PublicShell>
  )
}
