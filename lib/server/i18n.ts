import { cookies, headers } from 'next/headers'
import { getRequestConfig } from 'next-intl/server'
import { catalogue, type Locale } from '../messages/catalogue.ts'
import { bestLocale, isLocale } from '../messages/pick.ts'

/** The person's own choice, else what their browser asks for. */
export async function requestLocale(): Promise<Locale> {
  const chosen = (await cookies()).get('locale')?.value
  return isLocale(chosen) ? chosen : bestLocale((await headers()).get('accept-language'))
}

/** What next-intl asks for at each request; named in next.config.ts. */
export default getRequestConfig(async () => {
  const locale = await requestLocale()
  // Times of appointments always name a zone of their own; UTC here only keeps a forgotten one from following the server's.
  return { locale, messages: catalogue[locale], timeZone: 'UTC' }
})
