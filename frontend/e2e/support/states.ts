import { expect, type Page } from '@playwright/test'
import { type Outside, startOutside } from './outside'
import { fenced, Server, sample } from './server'

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

/** Sends a body to a server, as programs do; gives the answer's. */
async function send<T>(server: Server, method: string, path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const answer = await server.call(path, { method, headers, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}

/**
 * A server with scripted models on which there is something of everything that the settings show: limits, people, an
 * invitation that waits, keys, a webhook with a delivery that arrived and one that did not, an address that waits for its code.
 */
export async function startFurnished(): Promise<{ server: Server; outside: Outside }> {
  const outside = await startOutside()
  const limits = {
    USER_REQUESTS_PER_MINUTE: '6000',
    USER_UPLOAD_BYTES_PER_DAY: '1000000',
    USER_RUNS_PER_HOUR: '30',
    USER_OPEN_JOBS: '5',
    USER_TOKENS_PER_DAY: '200000',
  }
  const server = await Server.start({ scripted: true, settings: { ...outside.settings, ...limits } })
  const [, code] = (
    await send<{ path: string }>(server, 'POST', '/api/v1/invitations', { role: 'member' })
  ).path.split('=')
  const joining = {
    code,
    name: 'Grace Hopper',
    email: 'grace@example.org',
    password: 'a long enough password',
  }
  await send(server, 'POST', '/api/v1/auth/join', joining)
  await send(server, 'POST', '/api/v1/invitations', { role: 'member', email: 'ada@example.org' })
  const [scopes, name] = [['jobs:read', 'files:write'], 'Nightly report']
  const made = await send<{ id: string }>(server, 'POST', '/api/v1/keys', { name: 'Old script', scopes })
  await server.call(`/api/v1/keys/${made.id}`, { method: 'DELETE' })
  await send(server, 'POST', '/api/v1/keys', { name, scopes, days: 90 })
  const events = ['job_failed', 'job_stopped']
  const webhook = { url: outside.hook, events }
  await send(server, 'PUT', '/api/v1/notifications/settings', { webhook })
  await send(server, 'POST', '/api/v1/notifications/settings/test', { channel: 'webhook' })
  await expect.poll(() => outside.hooks.length).toBe(1)
  outside.answer(500)
  await send(server, 'POST', '/api/v1/notifications/settings/test', { channel: 'webhook' })
  await expect.poll(() => outside.hooks.length).toBe(2)
  const email = { address: 'owner@example.org', events }
  await send(server, 'PUT', '/api/v1/notifications/settings', { webhook, email })
  return { server, outside }
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
