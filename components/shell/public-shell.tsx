import { getTranslations } from 'next-intl/server'
import type { ReactNode } from 'react'
import { Wordmark } from '@/components/brand/mark'
import { Footer } from './footer'
import { SkipLink } from './skip-link'

/** What frames the pages of people without an account. `main` is here: a page begins with its h1. */
export async function PublicShell({ children, aside }: { children: ReactNode; aside?: ReactNode }) {
  const t = await getTranslations('common')
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink>{t('skip')}</SkipLink>
      <div className="folds h-2" aria-hidden />
      <header className="mx-auto flex w-full max-w-page items-center justify-between gap-4 px-5 py-3 sm:px-8">
        <a href="/" aria-label={t('home')} className="-ms-2 inline-flex min-h-11 items-center rounded-control px-2">
          <Wordmark />
        </a>
        {aside}
      </header>
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-page flex-1 px-5 pt-4 pb-16 sm:px-8">
        {children}
      </main>
      <Footer />
    </div>
  )
}
