import { defineConfig } from '@playwright/test'

/** Fake camera and microphone, media over loopback, and no sandbox where Chromium refuses one (as root). */
export const chromiumArgs = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
]

export default defineConfig({
  testDir: '.',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  // One at a time and no second chance: two cores, and a test that passes sometimes is a failure.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  // Limits that find what hangs, not what is slow: a test that has a promise to keep measures it by itself.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['json']],
  use: {
    launchOptions: { executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium', args: chromiumArgs },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
    navigationTimeout: 60_000,
  },
})
