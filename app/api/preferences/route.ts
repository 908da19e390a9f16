import { isLocale } from '@/lib/messages/pick'

const year = 365 * 24 * 60 * 60
const cookie = (name: string, value: string) => `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${value ? year : 0}`

/** A path on this site and nothing else: no scheme, no host, no backslash that a browser would read as a slash. */
const safePath = (path: string | null) => (path && /^\/(?![/\\])[^\\\s]*$/.test(path) ? path : '/')

/** Language and theme, by a plain form. Nothing here is secret: the worst a forged post could do is another language. */
export async function POST(request: Request) {
  const site = request.headers.get('sec-fetch-site')
  if (site && site !== 'same-origin') return new Response(null, { status: 403 })
  const length = Number(request.headers.get('content-length') ?? Number.NaN)
  if (!(length <= 2000)) return new Response(null, { status: 413 })
  const form = new URLSearchParams(await request.text())
  const headers = new Headers({ Location: safePath(form.get('back')) })
  const locale = form.get('locale')
  if (isLocale(locale)) headers.append('Set-Cookie', cookie('locale', locale))
  const theme = form.get('theme')
  if (theme === 'light' || theme === 'dark') headers.append('Set-Cookie', cookie('theme', theme))
  if (theme === 'auto') headers.append('Set-Cookie', cookie('theme', ''))
  return new Response(null, { status: headers.has('Set-Cookie') ? 303 : 400, headers })
}
