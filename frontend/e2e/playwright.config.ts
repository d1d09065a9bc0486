import { defineConfig } from '@playwright/test'
import { chromium } from './support/chromium'

/** The tests in a browser: real Chromium against the real program, which each file starts for itself. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.e2e.ts',
  outputDir: '../../target/tests/playwright',
  // One after the other: the program, its jail and the browser share the machine with whoever builds on it.
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  // CI's machines are busy with others: a second try is told at the end. What attacks gets none (hostile.e2e.ts).
  retries: process.env.CI ? 1 : 0,
  timeout: 300_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ...(process.env.PLAYWRIGHT_JSON_OUTPUT_NAME ? [['json'] as const] : [])],
  // No traces: the recorder reads blob: addresses within the page, which the page's policy forbids and says so. To look into
  // one failure: --trace on.
  use: {
    ...chromium,
    actionTimeout: 60_000,
    screenshot: 'only-on-failure',
    viewport: { width: 1280, height: 800 },
  },
})
