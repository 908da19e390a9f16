import { catalogue, type Locale, locales, type Messages, type Namespace } from './catalogue.ts'

export const isLocale = (value: unknown): value is Locale => locales.includes(value as Locale)

/** The first language of an Accept-Language header that we speak, by its weights; English otherwise. */
export function bestLocale(header: string | null | undefined): Locale {
  const wanted = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...params] = part.trim().toLowerCase().split(';')
      const weight = params.map((p) => p.trim()).find((p) => p.startsWith('q='))
      const q = weight === undefined ? 1 : Number(weight.slice(2))
      return { language: tag.split('-')[0], q: Number.isFinite(q) ? q : 0 }
    })
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q)
  return wanted.map(({ language }) => language).find(isLocale) ?? 'en'
}

/** Some namespaces, for a provider that sends them to the browser. */
export const pick = <N extends Namespace>(locale: Locale, ...namespaces: N[]) =>
  Object.fromEntries(namespaces.map((name) => [name, catalogue[locale][name]])) as Pick<Messages, N>
