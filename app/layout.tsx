import type { Metadata, Viewport } from 'next'
import { getLocale, getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { requestTheme } from '@/lib/server/theme'
import { textFont, titleFont } from './fonts'
import './globals.css'

export async function generateMetadata(): Promise<Metadata> {
  const t = await getTranslations('common')
  return {
    title: { default: t('name'), template: `%s · ${t('name')}` },
    description: t('description'),
    manifest: '/manifest.webmanifest',
    icons: { icon: '/icon.svg', apple: '/icon-180.png' },
    referrer: 'no-referrer',
    formatDetection: { telephone: false, date: false, address: false, email: false },
  }
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f5f4ef' },
    { media: '(prefers-color-scheme: dark)', color: '#0d1a1b' },
  ],
}

/** No provider here: what wraps every page is paid for by every page. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const [locale, theme] = await Promise.all([getLocale(), requestTheme()])
  return (
    <html lang={locale} data-theme={theme ?? undefined} className={`${titleFont.variable} ${textFont.variable}`}>
      <body>{children}</body>
    </html>
  )
}
