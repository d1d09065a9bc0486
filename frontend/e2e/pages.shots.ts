import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { DOORS, TABS } from './support/looks'
import { fenced, ROOT, Server, sample } from './support/server'
import { SlowModel } from './support/slow-model'
import { BLOCKED, GOOD, STATES, settled, startFurnished } from './support/states'
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

async function shoot(page: Page, name: string) {
  mkdirSync(OUT, { recursive: true })
  await settled(page)
  await page.screenshot({ path: join(OUT, `${name}.png`), animations: 'disabled' })
}

/** Not tests: pictures of every page and state, for people to look at. */
test('screenshots', async ({ browser, server }) => {
  test.setTimeout(1_200_000)
  const { server: scripted, outside } = await startFurnished()
  // What the lists show: jobs of the built-in rules, whose values can be proven, and the scripted ones.
  const real = await server.job(sample('bar_chart.png'), 'Read the values into a table')
  await server.ended(real)
  for (const look of LOOKS) {
    const open = async (own: Server) => {
      const context = await browser.newContext({ ...look, reducedMotion: 'reduce', baseURL: own.base })
      await signIn(context, own)
      return context.newPage()
    }
    const stranger = await (
      await browser.newContext({ ...look, reducedMotion: 'reduce', baseURL: server.base })
    ).newPage()
    for (const { name, path, button } of DOORS) {
      await stranger.goto('about:blank')
      await stranger.goto(path)
      if (button) await stranger.getByRole('button', { name: button }).click()
      await shoot(stranger, `${name}-${look.name}`)
    }
    await stranger.context().close()
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
    for (const tab of TABS) {
      await other.goto(`/settings?tab=${tab}`)
      await shoot(other, `settings-${tab}-${look.name}`)
    }
    await other.goto('/jobs')
    await other.getByRole('button', { name: /^Notifications/ }).click()
    await other.getByRole('list', { name: 'Notifications' }).waitFor()
    await shoot(other, `notifications-${look.name}`)
    await other.context().close()
  }
  await scripted.stop()
  outside.stop()
})

/** A job while it goes on, and the calls that were made: these need a model that can wait. */
test('screenshots of what is live', async ({ browser }) => {
  test.setTimeout(600_000)
  const model = await SlowModel.start()
  const server = await Server.start({ settings: { ...model.settings, MODEL_PRICES: 'slow=2/10' } })
  try {
    const lines = Array.from({ length: 30 }, (_, i) => `values[${i}] = read(image, row=${i})`).join('\n')
    model.code = [`import time\n\n${GOOD}\n# ${lines.replaceAll('\n', '\n# ')}\n`, 'time.sleep(40)\n']
    for (const look of LOOKS) {
      const context = await browser.newContext({ ...look, reducedMotion: 'reduce', baseURL: server.base })
      await signIn(context, server)
      const page = await context.newPage()
      model.hold = true
      const id = await server.job(sample('bar_chart.png'), 'Read the values', { max_repairs: 0 })
      await page.goto(`/jobs/${id}`)
      await page.getByRole('textbox', { name: 'Code as it is being written' }).waitFor({ timeout: 120_000 })
      await shoot(page, `job-writing-${look.name}`)
      model.goOn()
      await page.getByRole('log', { name: 'What the code prints' }).waitFor({ timeout: 120_000 })
      await shoot(page, `job-printing-${look.name}`)
      await server.call(`/api/v1/jobs/${id}/cancel`, { method: 'POST' })
      await page.goto('/models')
      await page.getByRole('region', { name: 'Table of calls' }).scrollIntoViewIfNeeded()
      await shoot(page, `models-calls-${look.name}`)
      await context.close()
    }
  } finally {
    await server.stop()
    model.stop()
  }
})
