import type { Metadata } from 'next'
import { NextIntlClientProvider } from 'next-intl'
import { getLocale, getTranslations } from 'next-intl/server'
import { InvitationInput } from '@/lib/access/rules'
import { showInvitation } from '@/lib/access/flow'
import { pick } from '@/lib/messages/pick'
import { Join } from './join'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('onboarding')
  return { title: t('join.title', { clinic: '' }).trim(), robots: { index: false } }
}

/** Opening the link changes nothing; the secret in its fragment is read by the browser alone. */
export default async function JoinPage({ params }: { params: Promise<{ id: string }> }) {
  const locale = await getLocale()
  const input = InvitationInput.safeParse(await params)
  const shown = input.success ? await showInvitation(null, input.data, { now: new Date(), ip: '' }) : null
  return (
    <div className="mx-auto max-w-2xl py-4">
      <NextIntlClientProvider
        locale={locale}
        messages={pick(locale, 'onboarding', 'access', 'sites', 'errors', 'common')}
      >
        <Join invitation={shown?.ok ? shown.value : null} />
      </NextIntlClientProvider>
    </div>
  )
}
