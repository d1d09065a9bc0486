import { Server, sample } from './support/server'
import { expect, follow, signIn, test } from './support/test'

// Protects whoever looks for an old job: the server searches all of them, not the page those that it has loaded, and the
// search can be passed on as an address.
test('a job that is not on the first page is found by its words', async ({ browser, watch }) => {
  const server = await Server.start({ scripted: true })
  try {
    const wanted = await server.job(sample('bar_chart.png'), 'Rainfall in Bergen')
    // More than a page of the list has; stopped at once, so that nothing runs.
    for (let n = 0; n < 35; n += 1) {
      const id = await server.job(sample('bar_chart.png'), `Filler ${n}`)
      await server.call(`/api/v1/jobs/${id}/cancel`, { method: 'POST' })
    }
    await server.ended(wanted)
    const context = await browser.newContext()
    follow(context, watch, server.base)
    await signIn(context, server)
    const page = await context.newPage()
    await page.goto(`${server.base}/jobs`)
    const rows = page.getByRole('list', { name: 'Jobs' }).getByRole('listitem')
    await expect(rows.first()).toContainText('Filler 34')
    await page.getByRole('searchbox').fill('bergen RAINFALL')
    await expect(rows).toHaveCount(1)
    await expect(rows).toContainText('Rainfall in Bergen')
    await expect(page).toHaveURL(/q=bergen\+RAINFALL/)
    await page.reload()
    await expect(rows).toHaveCount(1)
    // By the name of the picture all of them, page by page.
    await page.getByRole('searchbox').fill('picture.png')
    await expect(rows.first()).toContainText('Filler 34')
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight))
    await expect(rows).toHaveCount(36)
    await page.getByRole('button', { name: 'Stopped' }).click()
    await expect(rows.first()).toContainText('Filler')
    await page.getByRole('searchbox').fill('no such words')
    await expect(page.getByText('Nothing like that')).toBeVisible()
    await page.getByRole('button', { name: 'Show all' }).click()
    await expect(rows.first()).toContainText('Filler 34')
    await context.close()
  } finally {
    await server.stop()
  }
})
