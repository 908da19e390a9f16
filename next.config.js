import createNextIntlPlugin from 'next-intl/plugin'

const withMessages = createNextIntlPlugin('./lib/server/i18n.ts')

/** @type {import('next').NextConfig} */
const config = {
  output: 'standalone',
  distDir: process.env.CURTAIN_DIST || '.next',
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm run check` runs tsc over everything, tests included.
  typescript: { ignoreBuildErrors: true, tsconfigPath: process.env.CURTAIN_TSCONFIG || 'tsconfig.json' },
}

export default withMessages(config)
