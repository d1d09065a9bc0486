import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { fenced, ROOT, sample } from './support/server'
import { BLOCKED, GOOD, STATES, settled } from './support/states'
import { signIn, test } from './support/test'

const OUT = join(ROOT, 'target/screenshots')
const PAGES = {
  new: '/',
  jobs: '/jobs',
  playground: '/playground',
  models: '/models',
  settings: '/settings',
  missing: '/no/such/page',
}
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { name: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const

/** Not tests: pictures of every page and state, for people to look at. */
test('screenshots', async ({ browser, scripted, server }) => {
  test.setTimeout(600_000)
  mkdirSync(OUT, { recursive: true })
  const shoot = async (page: Page, name: string) => {
    await settled(page)
    await page.screenshot({ path: join(OUT, `${name}.png`), animations: 'disabled' })
  }
  // What the lists show: jobs of the built-in rules, whose values can be proven, and the scripted ones.
  const real = await server.job(sample('bar_chart.png'), 'Read the values into a table')
  await server.ended(real)
  for (const look of LOOKS) {
    const open = async (own: typeof server) => {
      const context = await browser.newContext({ ...look, reducedMotion: 'reduce', baseURL: own.base })
      await signIn(context, own)
      return context.newPage()
    }
    const stranger = await (
      await browser.newContext({ ...look, reducedMotion: 'reduce', baseURL: server.base })
    ).newPage()
    await stranger.goto('/')
    await shoot(stranger, `door-${look.name}`)
    const page = await open(server)
    for (const [name, path] of Object.entries(PAGES)) {
      await page.goto(path)
      await shoot(page, `${name}-${look.name}`)
    }
    await page.goto('/')
    await page.getByTestId('file-input').setInputFiles([
      { name: 'bar_chart.png', mimeType: 'image/png', buffer: readFileSync(sample('bar_chart.png')) },
      { name: 'report.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') },
    ])
    await page.getByText(/^\d+ × \d+$/).waitFor()
    await shoot(page, `new-filled-${look.name}`)
    await page.goto(`/jobs/${real}`)
    await settled(page)
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click()
      await shoot(
        page,
        `job-${(await tab.innerText()).trim().toLowerCase().replaceAll(/\W+/g, '-')}-${look.name}`,
      )
    }
    await page.context().close()
    const other = await open(scripted)
    await other.goto('/jobs')
    await shoot(other, `jobs-scripted-${look.name}`)
    for (const [state, make] of Object.entries(STATES)) {
      const id = await make(scripted)
      await other.goto(`/jobs/${id}`)
      await shoot(other, `job-${state}-${look.name}`)
      if (state === 'running') await scripted.call(`/api/v1/jobs/${id}/cancel`, { method: 'POST' })
    }
    scripted.answers([fenced(BLOCKED), fenced(GOOD)])
    const repaired = await scripted.job(sample('bar_chart.png'), 'Read the values')
    await scripted.ended(repaired)
    await other.goto(`/jobs/${repaired}`)
    await settled(other)
    await other.getByRole('tab', { name: 'Code' }).click()
    await shoot(other, `job-repaired-code-${look.name}`)
    await other.context().close()
  }
})
