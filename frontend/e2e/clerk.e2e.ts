import { existsSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { Clerk, PASSWORD, SCRIPTS } from './support/clerk'
import { freePort, Server, sample } from './support/server'
import { stands } from './support/steps'
import { expect, follow, test } from './support/test'

/** What the server says to a call of the page without a token; not one of those that are looked at below. */
const nobody = (page: Page) => page.evaluate(async () => (await fetch('/api/v1/usage')).status)

// Protects teams that sign in by Clerk: its real scripts in the browser, the real server that checks its tokens; only Clerk's
// own servers are played. A wrong password stays outside, every call and the stream of events carry a token that is renewed
// when it ends, and after signing out nothing of what was seen is left in the page.
test('signing in by Clerk, and out again', async ({ browser, watch }) => {
  test.skip(
    !existsSync(SCRIPTS),
    'SKIPPED: Clerk’s scripts are not here (deploy/tools/web.sh judges); signing in by Clerk was not tried.',
  )
  const clerk = await Clerk.start()
  // Shorter than the test: it must be renewed.
  clerk.lifeSeconds = 15
  const port = await freePort()
  const server = await Server.start({
    listen: `127.0.0.1:${port}`,
    settings: {
      AUTH_MODE: 'clerk',
      CLERK_PUBLISHABLE_KEY: clerk.publishableKey,
      CLERK_SECRET_KEY: 'sk_test_played',
      CLERK_ISSUER: clerk.issuer,
      CLERK_API_URL: clerk.issuer,
      CLERK_AUTHORIZED_PARTIES: `http://127.0.0.1:${port}`,
    },
  })
  try {
    const context = await browser.newContext({ baseURL: server.base })
    follow(context, watch, server.base, clerk.origin)
    watch.expectError(/status of 4\d\d/)
    await clerk.answer(context)
    const tokens = new Set<string>()
    context.on('request', (request) => {
      if (!request.url().startsWith(`${server.base}/api/v1/jobs`)) return
      tokens.add(request.headers().authorization ?? 'none')
    })
    const page = await context.newPage()
    await page.goto('/')
    await page.getByLabel('Email address').fill('ada@example.org')
    await page.getByRole('button', { name: 'Continue', exact: true }).click()
    await page.getByLabel('Password', { exact: true }).fill('wrong')
    await page.getByRole('button', { name: 'Continue', exact: true }).click()
    await expect(page.getByText(/Password is incorrect/).first()).toBeVisible()
    expect(await nobody(page)).toBe(401)
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Continue', exact: true }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'What should we develop?' })).toBeVisible()
    await page.getByTestId('file-input').setInputFiles(sample('bar_chart.png'))
    await page.getByLabel('What do you want from it?').fill('Mine alone')
    await page.getByRole('button', { name: 'Develop' }).click()
    await stands(page, 'Developed')
    // Until another token is in use than at first.
    const before = clerk.tokens
    await expect.poll(() => clerk.tokens, { timeout: 60_000 }).toBeGreaterThan(before)
    await page.getByRole('tab', { name: 'Log' }).click()
    await page.goto('/jobs')
    await expect(page.getByText('Mine alone')).toBeVisible()
    await page.waitForTimeout(1000)
    expect(tokens.has('none')).toBe(false)
    expect(tokens.size).toBeGreaterThan(1)
    // Without a reload: what the page keeps must go by itself.
    await page.getByRole('button', { name: /user/i }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
    await expect(page.getByLabel('Email address')).toBeVisible()
    await expect(page.getByText('Mine alone')).toHaveCount(0)
    expect(await nobody(page)).toBe(401)
    expect(clerk.unknown).toEqual([])
    await context.close()
  } finally {
    await server.stop()
    clerk.stop()
  }
})
