import { headers } from 'next/headers'
import { getLocale, getTranslations } from 'next-intl/server'
import { locales } from '@/lib/messages/catalogue'
import { requestTheme } from '@/lib/server/theme'
import { Preferences } from './preferences'

/** Each language in its own words: who needs the switch may not read the other. */
const languages = { en: 'English', fr: 'Français' } as const

export async function Footer() {
  return (
    <footer className="border-t border-line bg-sunken">
      <div className="mx-auto flex w-full max-w-page flex-wrap items-center justify-between gap-x-8 gap-y-5 px-5 py-6 sm:px-8">
        <FooterNote />
        <PreferenceSwitches />
      </div>
    </footer>
  )
}

async function FooterNote() {
  const t = await getTranslations('common')
  return (
    <p className="max-w-md text-sm text-soft">
      {t('footer')}{' '}
      <a href="/#operator" className="text-accent underline underline-offset-3">
        {t('operatorSees')}
      </a>
    </p>
  )
}

export async function PreferenceSwitches() {
  const [t, locale, theme, head] = await Promise.all([
    getTranslations('common'),
    getLocale(),
    requestTheme(),
    headers(),
  ])
  // Set by proxy.ts: where a browser without script returns to.
  const back = head.get('x-path') ?? '/'
  return (
    <div className="flex flex-wrap gap-4">
      <Preferences
        name="locale"
        label={t('language')}
        back={back}
        current={locale}
        options={locales.map((value) => ({ value, label: languages[value], lang: value }))}
      />
      <Preferences
        name="theme"
        label={t('theme')}
        back={back}
        current={theme ?? 'auto'}
        options={[
          { value: 'auto', label: t('themeAuto') },
          { value: 'light', label: t('themeLight') },
          { value: 'dark', label: t('themeDark') },
        ]}
      />
    </div>
  )
}
