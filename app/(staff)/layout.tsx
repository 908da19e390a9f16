import { NextIntlClientProvider } from 'next-intl'
import { getLocale } from 'next-intl/server'
import type { ReactNode } from 'react'
import { pick } from '@/lib/messages/pick'

/** The staff's pages are an application: their words travel to the browser, once. */
export default async function StaffLayout({ children }: { children: ReactNode }) {
  const locale = await getLocale()
  const messages = pick(
    locale,
    'access',
    'booking',
    'call',
    'clinic',
    'common',
    'consent',
    'encounter',
    'errors',
    'intake',
    'payment',
    'prescription',
    'recall',
    'record',
    'staff',
  )
  return (
    <NextIntlClientProvider locale={locale} messages={messages} timeZone="UTC">
      {children}
    </NextIntlClientProvider>
  )
}
