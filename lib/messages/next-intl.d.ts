import type { Locale, Messages } from './catalogue.ts'

/** Keys, arguments and languages are checked by the compiler, in next-intl and in the use-intl beneath it. */
declare module 'next-intl' {
  interface AppConfig {
    Locale: Locale
    Messages: Messages
  }
}
