import { createTranslator } from 'use-intl/core'
import { catalogue, type Locale, type Namespace } from './catalogue.ts'

/** `t` outside of a request: mails, jobs, calendar files. Inside one, use getTranslations of next-intl/server. */
export const translator = <N extends Namespace>(locale: Locale, namespace: N) =>
  createTranslator({ locale, messages: catalogue[locale], namespace })
