import { expectAccessible, expectNoOverflow } from './support/axe'
import type { Server } from './support/server'
import { STATES, settled } from './support/states'
import { expect, follow, signIn, test } from './support/test'

const PAGES = ['/', '/jobs', '/playground', '/models', '/settings', '/no/such/page']
const WINDOWS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }
const THEMES = ['light', 'dark'] as const

// Protects people who see, hear and point differently, and those on a phone: every page and state, light and dark, has
// nothing that axe finds, and none is wider than the window.
for (const theme of THEMES) {
  for (const [window, viewport] of Object.entries(WINDOWS)) {
    test.describe(`${theme}, ${window}`, () => {
      const open = async (
        server: Server,
        browser: import('@playwright/test').Browser,
        options: object = {},
      ) =>
        browser.newContext({
          viewport,
          colorScheme: theme,
          reducedMotion: 'reduce',
          baseURL: server.base,
          ...options,
        })

      test('the pages', async ({ browser, scripted, watch }) => {
        // There is no such page, and the app says so itself.
        const context = await open(scripted, browser)
        follow(context, watch, scripted.base)
        await signIn(context, scripted)
        const page = await context.newPage()
        for (const path of PAGES) {
          await page.goto(path)
          await settled(page)
          await expectAccessible(page, `${path} ${theme} ${window}`)
          await expectNoOverflow(page, `${path} ${theme} ${window}`)
        }
        await context.close()
      })

      test('the door', async ({ browser, scripted, watch }) => {
        watch.expectError(/status of 401/)
        const context = await open(scripted, browser)
        follow(context, watch, scripted.base)
        const page = await context.newPage()
        await page.goto('/')
        await settled(page)
        await expectAccessible(page, `the door ${theme} ${window}`)
        await expectNoOverflow(page, `the door ${theme} ${window}`)
        await context.close()
      })

      for (const [state, make] of Object.entries(STATES)) {
        test(`a job that is ${state}`, async ({ browser, scripted, watch }) => {
          const id = await make(scripted)
          const context = await open(scripted, browser)
          follow(context, watch, scripted.base)
          await signIn(context, scripted)
          const page = await context.newPage()
          await page.goto(`/jobs/${id}`)
          await settled(page)
          await expectAccessible(page, `job ${state} ${theme} ${window}`)
          await expectNoOverflow(page, `job ${state} ${theme} ${window}`)
          for (const tab of await page.getByRole('tab').all()) {
            await tab.click()
            await settled(page)
            const name = await tab.innerText()
            await expectAccessible(page, `job ${state}, ${name}, ${theme} ${window}`)
            await expectNoOverflow(page, `job ${state}, ${name}, ${theme} ${window}`)
          }
          await page.close()
          if (state === 'running') await scripted.call(`/api/v1/jobs/${id}/cancel`, { method: 'POST' })
          expect(await scripted.ended(id)).toBeTruthy()
          await context.close()
        })
      }
    })
  }
}
