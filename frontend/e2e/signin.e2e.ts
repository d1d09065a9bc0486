import { Server } from './support/server'
import { expect, follow, test } from './support/test'

// Protects the door: what a stranger's browser meets, and the two ways in.
test.describe('signing in', () => {
  let server: Server
  test.beforeAll(async () => {
    server = await Server.start()
  })
  test.afterAll(async () => server.stop())
  test.beforeEach(({ context, watch }) => follow(context, watch, server.base))

  test('the link that the server printed opens the app, once', async ({ context, browser, watch }) => {
    watch.expectError(/status of 401/)
    const page = await context.newPage()
    await page.goto(server.signInLink)
    await expect(page).toHaveURL(`${server.base}/`)
    await expect(page.getByRole('heading', { level: 1, name: 'What should we develop?' })).toBeVisible()
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    const stranger = await (await browser.newContext()).newPage()
    const again = await stranger.goto(server.signInLink)
    expect(again?.status()).toBe(401)
    await stranger.goto(server.base)
    await expect(stranger.getByRole('button', { name: 'Sign in' })).toBeVisible()
    await stranger.context().close()
  })

  test('a wrong token is refused with a sentence, the right one opens the app', async ({
    context,
    watch,
  }) => {
    watch.expectError(/status of 401/)
    const page = await context.newPage()
    await page.goto(`${server.base}/jobs`)
    const secret = page.getByLabel('Sign-in link or token')
    await secret.fill('0'.repeat(64))
    await secret.press('Enter')
    await expect(page.getByRole('alert')).toContainText('does not know this token')
    await secret.fill(server.token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    // To the page that was asked for.
    await expect(page.getByRole('heading', { level: 1, name: 'Jobs' })).toBeVisible()
    await page.reload()
    await expect(page.getByRole('heading', { level: 1, name: 'Jobs' })).toBeVisible()
  })
})
