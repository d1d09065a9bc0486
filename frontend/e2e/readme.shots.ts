import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, sample } from './support/server'
import { settled } from './support/states'
import { signIn, test } from './support/test'

const OUT = join(ROOT, 'target/screenshots/readme')

/** The pictures that docs/images holds for the README, before they are made small. */
test('pictures for the README', async ({ browser, server }) => {
  mkdirSync(OUT, { recursive: true })
  const context = await browser.newContext({
    baseURL: server.base,
    colorScheme: 'light',
    reducedMotion: 'reduce',
    viewport: { width: 1440, height: 900 },
  })
  await signIn(context, server)
  const page = await context.newPage()
  // The first job of a server waits for Pythons to start; that is not what a job usually takes.
  const first = await server.job(sample('bar_chart.png'))
  await server.ended(first)
  await server.call(`/api/v1/jobs/${first}`, { method: 'DELETE' })
  const id = await server.job(sample('bar_chart.png'), 'Read the values into a table')
  await server.ended(id)
  await page.goto('/')
  const name = 'line_chart.png'
  await page
    .getByTestId('file-input')
    .setInputFiles({ name, mimeType: 'image/png', buffer: readFileSync(sample(name)) })
  await page.getByLabel('What do you want from it?').fill('Read both lines into a CSV, month by month.')
  await page.getByText(/^\d+ × \d+$/).waitFor()
  await settled(page)
  await page.screenshot({ path: join(OUT, 'new.png'), animations: 'disabled' })
  await page.goto(`/jobs/${id}`)
  for (const tab of ['Result', 'Proof']) {
    await page.getByRole('tab', { name: tab }).click()
    await settled(page)
    await page.screenshot({ path: join(OUT, `${tab.toLowerCase()}.png`), animations: 'disabled' })
  }
  await context.close()
})
