import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from '@playwright/test'
import { chromium as own } from './support/chromium'
import { PAGES, TABS } from './support/looks'
import { freePort, ROOT } from './support/server'
import { STATES } from './support/states'
import { expect, sessionOf, test } from './support/test'

const LIGHTHOUSE = join(ROOT, 'target/lighthouse/node_modules/lighthouse/core/index.js')

/** What Lighthouse says of one page. */
interface Verdict {
  lhr: {
    finalDisplayedUrl: string
    categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>
    audits: Record<string, { title: string; score: number | null; details?: { items?: object[] } }>
  }
}
type Judge = (url: string, flags: object, config?: object) => Promise<Verdict | undefined>

// Protects what axe alone does not see: names of frames and links, sizes, deprecated calls, errors on the console, the
// policy of the page. Accessibility and best practices are 100 on every page; speed is measured elsewhere, on purpose.
test('Lighthouse gives every page 100 for accessibility and best practices', async ({ scripted }) => {
  test.skip(
    !existsSync(LIGHTHOUSE),
    'SKIPPED: Lighthouse is not installed (deploy/tools/web.sh judges); nothing judged the pages.',
  )
  test.setTimeout(600_000)
  const { default: judge } = (await import(pathToFileURL(LIGHTHOUSE).href)) as { default: Judge }
  const done = await STATES.done?.(scripted)
  const cookie = await sessionOf(scripted)
  const port = await freePort()
  const browser = await chromium.launch({
    ...own.launchOptions,
    args: [...own.launchOptions.args, `--remote-debugging-port=${port}`],
  })
  const scores: string[] = []
  const faults: string[] = []
  try {
    // A page that is not there answers so; that the console names it is the browser's doing.
    const tabs = TABS.map((tab) => `/settings?tab=${tab}`)
    for (const path of [...PAGES, ...tabs, `/jobs/${done}`, 'the door', '/join#code=0123456789abcdef']) {
      const isDoor = path === 'the door' || path.startsWith('/join')
      const extraHeaders = isDoor ? {} : { Cookie: `${cookie.name}=${cookie.value}` }
      const verdict = await judge(scripted.base + (path === 'the door' ? '/' : path), {
        port,
        extraHeaders,
        onlyCategories: ['accessibility', 'best-practices'],
        formFactor: 'desktop',
        screenEmulation: { disabled: true },
        throttlingMethod: 'provided',
        // What moves and what polls never ends: a page is judged as it stands soon after it is there.
        maxWaitForLoad: 8_000,
        pauseAfterFcpMs: 200,
        pauseAfterLoadMs: 500,
        networkQuietThresholdMs: 200,
        cpuQuietThresholdMs: 200,
        skipAudits: ['full-page-screenshot', 'screenshot-thumbnails'],
        disableFullPageScreenshot: true,
        logLevel: 'error',
      })
      if (!verdict) throw new Error(`Lighthouse said nothing of ${path}`)
      const { categories, audits } = verdict.lhr
      for (const [name, { score, auditRefs }] of Object.entries(categories)) {
        scores.push(`${path} ${name} ${Math.round((score ?? 0) * 100)}`)
        for (const { id, weight } of auditRefs) {
          const audit = audits[id]
          if (weight === 0 || audit?.score == null || audit.score === 1) continue
          faults.push(`${path}: ${audit.title} ${JSON.stringify(audit.details?.items ?? []).slice(0, 600)}`)
        }
      }
    }
  } finally {
    await browser.close()
  }
  console.log(scores.join('\n'))
  expect(faults).toEqual([])
})
