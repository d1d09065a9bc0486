import { defineConfig } from '@playwright/test'
import { chromium } from './support/chromium'

/** `make screenshots`: every page and state into target/screenshots. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.shots.ts',
  outputDir: '../../target/tests/screenshots',
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: { ...chromium, actionTimeout: 60_000 },
})
