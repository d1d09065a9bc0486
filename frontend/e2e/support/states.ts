import { expect, type Page } from '@playwright/test'
import { fenced, type Server, sample } from './server'

/** Code that leaves a table and a picture. */
export const GOOD = `import pandas as pd
import matplotlib
matplotlib.use('Agg')
import matplotlib.pyplot as plt
rows = pd.DataFrame({'month': ['Jan', 'Feb', 'Mar'], 'value': [3, 1, 2]})
rows.to_csv('/box/out/values.csv', index=False)
rows.plot.bar(x='month', y='value')
plt.savefig('/box/out/chart.png')
print('three rows')`

/** Code that the review blocks. */
export const BLOCKED = "import subprocess\nsubprocess.run('id', shell=True)"

/** Code that fails while it runs. */
export const BROKEN = "raise ValueError('the axis has no numbers')"

/** Code that does not end by itself. */
export const ENDLESS = 'while True:\n    pass'

/** The states a job's page can show, each with how to get there; gives the job's id. */
export const STATES: Record<string, (server: Server) => Promise<string>> = {
  running: async (server) => {
    server.answers([fenced(GOOD, 120_000)])
    return server.job(sample('bar_chart.png'), 'Read the values')
  },
  done: async (server) => {
    server.answers([fenced(GOOD)])
    const id = await server.job(sample('bar_chart.png'), 'Read the values')
    await server.ended(id)
    return id
  },
  failed: async (server) => {
    server.answers([fenced(BROKEN)])
    const id = await server.job(sample('bar_chart.png'), 'Read the values', { max_repairs: 0 })
    await server.ended(id)
    return id
  },
  stopped: async (server) => {
    server.answers([fenced(GOOD, 120_000)])
    const id = await server.job(sample('bar_chart.png'), 'Read the values')
    await server.call(`/api/v1/jobs/${id}/cancel`, { method: 'POST' })
    return id
  },
}

/** Waits until the page stands as it will stay: its heading there, nothing loading, nothing moving in. */
export async function settled(page: Page) {
  await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible()
  await expect(page.locator('.skeleton')).toHaveCount(0)
  await page.evaluate(async () => {
    await document.fonts.ready
    const finite = document
      .getAnimations()
      .filter((one) => one.effect?.getComputedTiming().iterations !== Infinity)
    await Promise.all(finite.map((one) => one.finished.catch(() => undefined)))
  })
}
