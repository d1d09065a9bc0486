import { Stack } from './support/stack'
import { develop, nextJobOf, stands, step } from './support/steps'
import { expect, follow, test } from './support/test'

// Protects teams: the same app works where the services are programs of their own behind Traefik, over TLS: the gateway
// serves it, uploads and jobs go elsewhere, and events come through as they happen.
test.describe('behind Traefik', () => {
  let stack: Stack | string
  test.beforeAll(async () => {
    test.setTimeout(180_000)
    stack = await Stack.start()
  })
  test.afterAll(async () => {
    if (typeof stack !== 'string') await stack?.stop()
  })

  test('a picture develops, is refined, and stands there after a reload', async ({ browser, watch }) => {
    if (typeof stack === 'string') {
      console.log(`SKIPPED: the stack does not start here: ${stack}`)
      return test.skip(true, stack)
    }
    const { base, token } = stack
    // Its certificate is of an authority of its own.
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    follow(context, watch, base)
    watch.expectError(/status of 401/)
    const page = await context.newPage()
    await page.goto(base)
    await page.getByLabel('Sign-in link or token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    const first = await develop(page, base)
    // While it goes on, not at its end.
    await expect(step(page, /Looking at the picture|Looked at the picture/)).toHaveCount(1)
    await stands(page, 'Developed')
    await expect(page.getByRole('img', { name: 'chart.png' })).toBeVisible()
    await page.reload()
    await stands(page, 'Developed')
    await expect(step(page, 'Ran the code')).toHaveCount(1)
    await page.getByLabel('Change something', { exact: true }).last().fill('make it blue')
    await page.getByRole('button', { name: 'Refine' }).click()
    await nextJobOf(page, first)
    await stands(page, 'Developed')
    await expect(page.getByRole('navigation', { name: 'Versions' })).toContainText('Version 2 of 2')
    await page.getByRole('tab', { name: 'Proof' }).click()
    await expect(page.getByRole('region', { name: 'Picture with the values on it' })).toBeVisible()
    await context.close()
  })
})
