import createNextIntlPlugin from 'next-intl/plugin'
import { fixedHeaders, workerPolicy } from './lib/server/headers.ts'

const withMessages = createNextIntlPlugin('./lib/server/i18n.ts')
const everywhere = Object.entries(fixedHeaders).map(([key, value]) => ({ key, value }))

/** @type {import('next').NextConfig} */
const config = {
  output: 'standalone',
  distDir: process.env.CURTAIN_DIST || '.next',
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm run check` runs tsc over everything, tests included.
  typescript: { ignoreBuildErrors: true, tsconfigPath: process.env.CURTAIN_TSCONFIG || 'tsconfig.json' },
  // These find their own files at run time, or are better not bundled twice.
  serverExternalPackages: [
    'pg',
    'pg-boss',
    'pino',
    'nodemailer',
    'stripe',
    'livekit-server-sdk',
    'rate-limiter-flexible',
    '@serenity-kit/opaque',
    '@aws-sdk/client-kms',
    '@google-cloud/kms',
  ],
  async headers() {
    // Stripe's way in is not the proxy's: nothing of it is a page, and a storm of it is answered sooner.
    const nothing = { key: 'content-security-policy', value: "default-src 'none'; frame-ancestors 'none'" }
    const webhook = { source: '/api/stripe/:path*', headers: [...everywhere, nothing] }
    if (process.env.NODE_ENV === 'development') return [webhook]
    // A chunk may be a worker's script, and a worker obeys the policy of its own script's answer.
    const worker = { key: 'content-security-policy', value: workerPolicy }
    return [webhook, { source: '/_next/static/:path*', headers: [...everywhere, worker] }]
  },
}

export default withMessages(config)
