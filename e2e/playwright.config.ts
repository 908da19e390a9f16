import { defineConfig } from '@playwright/test'

/**
 * Chromium heeds the last list of features alone: these are Playwright's own, and then the parts of a window's frame that are
 * pages themselves. Nobody sees them here, and each new window would start renderers for them.
 */
const withoutFeatures = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'TcpPortRandomizationWin',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
  'msForceBrowserSignIn',
  'msEdgeUpdateLaunchServicesPreferredVersion',
  'WebUIOmniboxPopup',
  'PreloadTopChromeWebUI',
]

/** Fake camera and microphone, media over loopback, and no sandbox where Chromium refuses one (as root). */
export const chromiumArgs = [
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  `--disable-features=${withoutFeatures}`,
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
    // Of a failure its last screen, every step, request and console line are kept. A picture of the page after each step costs a
    // third of the whole run: E2E_TRACE=full takes them, for the one test that is looked into.
    trace:
      process.env.E2E_TRACE === 'full'
        ? 'retain-on-failure'
        : { mode: 'retain-on-failure', screenshots: false, snapshots: false },
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
    navigationTimeout: 60_000,
  },
})
