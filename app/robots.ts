import type { MetadataRoute } from 'next'

/** Clinics' pages are to be found; whatever stands behind a link or a sign-in is not. */
export default function robots(): MetadataRoute.Robots {
  return { rules: { userAgent: '*', allow: ['/$', '/c/', '/_next/static/'], disallow: '/' } }
}
