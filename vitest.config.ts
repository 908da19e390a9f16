import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { '@': fileURLToPath(new URL('.', import.meta.url)) }, conditions: ['react-server'] },
  ssr: { resolve: { conditions: ['react-server'], externalConditions: ['react-server'] } },
  test: {
    globalSetup: './scripts/stack/vitest-db.ts',
    // Real databases and browsers on two busy cores: a limit that finds what hangs, not what is slow.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    include: ['{app,components,lib,prisma,scripts,docs,bench}/**/*.test.{ts,tsx}'],
    server: { deps: { inline: ['server-only'] } },
  },
})
