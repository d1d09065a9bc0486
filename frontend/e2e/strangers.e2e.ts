import { Server } from './support/server'
import { STATES } from './support/states'
import { expect, signIn, test } from './support/test'

// Protects what belongs to somebody: another person's browser gets neither page, results, outputs, events nor bundle of a
// job, whether it is signed in nowhere or at another server of the same machine.
test('strangers and people of another server see nothing of a job', async ({ browser, scripted }) => {
  const id = await STATES.done?.(scripted)
  const paths = ['', '/results', '/events', '/bundle', '/outputs/values.csv'].map(
    (end) => `/api/v1/jobs/${id}${end}`,
  )
  const other = await Server.start()
  try {
    for (const own of [null, other]) {
      const context = await browser.newContext()
      if (own) await signIn(context, own)
      const page = await context.newPage()
      await page.goto(`${scripted.base}/jobs/${id}`)
      await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
      await expect(page.getByText('three rows')).toHaveCount(0)
      for (const path of [...paths, '/api/v1/jobs']) {
        const status = await page.evaluate(async (url) => (await fetch(url)).status, path)
        expect(status, path).toBe(401)
      }
      if (own) {
        // At their own server it is a job that never was.
        await page.goto(own.base)
        for (const path of paths) {
          const status = await page.evaluate(async (url) => (await fetch(url)).status, path)
          expect(status, path).toBe(404)
        }
      }
      await context.close()
    }
  } finally {
    await other.stop()
  }
})
