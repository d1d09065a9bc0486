import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from './support/server'
import { settled } from './support/states'
import { expect, follow, signIn, test } from './support/test'

/** What an envelope says, as far as it is looked at here. */
interface Told {
  release: string
  transaction: string
  exception: { values: { type: string; value: string; stacktrace: { frames: object[] } }[] }
}

// Protects both sides of error reports: the operator hears of what broke, where, and in which version, from a page whose
// policy lets it reach that one address; and nothing that a person wrote, uploaded or opened is in what was sent.
test('what breaks in the page is reported, without what people wrote', async ({ browser, watch }) => {
  const envelopes: string[] = []
  const sentry = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      envelopes.push(`${request.url}\n${body}\n${JSON.stringify(request.headers)}`)
      response.setHeader('access-control-allow-origin', '*')
      response.end('{}')
    })
  })
  await new Promise<void>((done) => sentry.listen(0, '127.0.0.1', done))
  const origin = `http://127.0.0.1:${(sentry.address() as AddressInfo).port}`
  const dsn = `${origin.replace('//', '//publickey@')}/7`
  const server = await Server.start({ settings: { SENTRY_DSN_WEB: dsn } })
  const told = (index: number) => JSON.parse(envelopes[index]?.split('\n')[3] ?? '{}') as Told
  try {
    const context = await browser.newContext({ baseURL: server.base })
    follow(context, watch, server.base, origin)
    watch.expectError(/status of 404|my secret prompt|Failed to (load|fetch)|dynamically imported/)
    await signIn(context, server)
    const page = await context.newPage()
    await page.goto('/jobs/01a2244e-acff-7712-bafb-888ce739fec3')
    await settled(page)
    expect(envelopes, 'a page that works says nothing').toEqual([])
    await page.evaluate(() => {
      setTimeout(() => {
        throw new TypeError('cannot read "my secret prompt" of salaries')
      })
    })
    await expect.poll(() => envelopes.length).toBe(1)
    expect(envelopes[0]).toMatch(/^\/api\/7\/envelope\/\?sentry_key=publickey/)
    expect(told(0)).toMatchObject({
      release: expect.stringMatching(/^darkroom@\d/),
      transaction: '/jobs/ID',
      exception: { values: [{ type: 'TypeError', value: 'cannot read … of salaries' }] },
    })
    await page.evaluate(() => void Promise.reject(new Error('“my secret prompt” was refused')))
    await expect.poll(() => envelopes.length).toBe(2)
    // A page whose part does not come is caught by the router, and told of all the same.
    await page.route(/assets\/models-[^/]*\.js/, (route) => route.abort())
    await page.getByRole('link', { name: 'Models' }).first().click()
    await expect(page.getByRole('heading', { name: 'This print was spoiled' })).toBeVisible()
    await expect.poll(() => envelopes.length).toBe(3)
    expect(told(2).transaction).toBe('/models')
    for (const envelope of envelopes) expect(envelope).not.toMatch(/secret|01a2244e|cookie|referer/i)
    await context.close()
  } finally {
    await server.stop()
    sentry.close()
  }
})
