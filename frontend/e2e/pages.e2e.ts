import type { Browser, Page } from '@playwright/test'
import { expectAccessible, expectNoOverflow } from './support/axe'
import { DOORS, LOOKS, PAGES, TABS } from './support/looks'
import type { Outside } from './support/outside'
import { Server } from './support/server'
import { BROKEN, ENDLESS, GOOD, STATES, settled, startFurnished } from './support/states'
import { follow, signIn, test, type Watch } from './support/test'

/** Code for the playground that ends in this state, and what the page says then. */
const PLAYS = {
  running: [ENDLESS, 'Stop'],
  done: [GOOD, 'ended well'],
  failed: [BROKEN, 'ValueError'],
} as const

// Protects people who see, hear and point differently, and those on a phone: every page in every state, light and dark, has
// nothing that axe finds, and none is wider than the window.
test.describe('every page in every state', () => {
  /** A server on which nothing was ever done, and one on which everything was; its jobs by their state. */
  let untouched: Server
  let used: Server
  let outside: Outside
  const jobs: Record<string, string> = {}
  test.beforeAll(async () => {
    untouched = await Server.start()
    const furnished = await startFurnished()
    used = furnished.server
    outside = furnished.outside
    // The one that runs comes last: what a model answers is the server's.
    for (const state of ['done', 'failed', 'stopped', 'running'])
      jobs[state] = (await STATES[state]?.(used)) ?? ''
  })
  test.afterAll(async () => {
    await untouched?.stop()
    await used?.stop()
    outside?.stop()
  })

  const check = async (page: Page, name: string) => {
    await settled(page)
    await expectAccessible(page, name)
    await expectNoOverflow(page, name)
  }

  for (const look of LOOKS) {
    test.describe(look.name, () => {
      const open = async (browser: Browser, server: Server, watch: Watch, signedIn = true) => {
        const context = await browser.newContext({ ...look.options, baseURL: server.base })
        follow(context, watch, server.base)
        if (signedIn) await signIn(context, server)
        return context.newPage()
      }

      test('the door', async ({ browser, watch }) => {
        watch.expectError(/status of 401/)
        const page = await open(browser, untouched, watch, false)
        for (const { name, path, button } of DOORS) {
          // From elsewhere: a change behind the '#' alone would not load the page.
          await page.goto('about:blank')
          await page.goto(path)
          if (button) await page.getByRole('button', { name: button }).click()
          await check(page, `${name}, ${look.name}`)
        }
        await page.context().close()
      })

      test('the settings and the notifications', async ({ browser, watch }) => {
        const page = await open(browser, used, watch)
        for (const tab of TABS) {
          await page.goto(`/settings?tab=${tab}`)
          await check(page, `settings, ${tab}, ${look.name}`)
        }
        await page.getByRole('button', { name: /^Notifications/ }).click()
        await page.getByRole('list', { name: 'Notifications' }).waitFor()
        await check(page, `notifications, ${look.name}`)
        await page.context().close()
      })

      for (const [state, server] of [
        ['empty', () => untouched],
        ['used', () => used],
      ] as const) {
        test(`the pages, ${state}`, async ({ browser, watch }) => {
          const page = await open(browser, server(), watch)
          for (const path of PAGES) {
            await page.goto(path)
            await check(page, `${path}, ${state}, ${look.name}`)
          }
          if (state === 'used')
            for (const query of ['state=running', 'state=succeeded', 'state=failed', 'q=nothing+like+that']) {
              await page.goto(`/jobs?${query}`)
              await check(page, `/jobs?${query}, ${look.name}`)
            }
          await page.context().close()
        })
      }

      test('the playground while it runs, done and failed', async ({ browser, watch }) => {
        const page = await open(browser, untouched, watch)
        await page.goto('/playground')
        for (const [state, [code, words]] of Object.entries(PLAYS)) {
          await page.getByRole('textbox', { name: 'Python to run' }).click()
          await page.keyboard.press('Control+a')
          await page.keyboard.insertText(code)
          await page.getByRole('button', { name: 'Run', exact: true }).click()
          await page.getByText(words).first().waitFor()
          await check(page, `the playground, ${state}, ${look.name}`)
          if (state === 'running') await page.getByRole('button', { name: 'Stop' }).click()
        }
        await page.context().close()
      })

      for (const state of Object.keys(STATES)) {
        test(`a job that is ${state}`, async ({ browser, watch }) => {
          const page = await open(browser, used, watch)
          await page.goto(`/jobs/${jobs[state]}`)
          await settled(page)
          for (const tab of await page.getByRole('tab').all()) {
            await tab.click()
            await check(page, `job ${state}, ${await tab.innerText()}, ${look.name}`)
          }
          await page.context().close()
        })
      }
    })
  }
})
