import { invite, join, tokenBearer } from './support/people'
import {
  axisIsDragged,
  byKeyboardAlone,
  killedInTheMiddle,
  nothingOfEachOther,
  pdfIsRefused,
  SCRIPTED,
  UNANSWERED,
} from './support/scenarios'
import { Stack } from './support/stack'
import { develop, nextJobOf, stands, step } from './support/steps'
import { expect, test } from './support/test'

/** Tests on a stack of their own; skipped, loudly, where none can be started. */
function behindTraefik(title: string, options: { scripted: boolean }, tests: (stack: () => Stack) => void) {
  test.describe(title, () => {
    let started: Stack | string
    test.beforeAll(async () => {
      test.setTimeout(180_000)
      started = await Stack.start(options)
      if (typeof started === 'string') console.log(`SKIPPED: the stack does not start here: ${started}`)
    })
    test.afterAll(async () => {
      if (typeof started !== 'string') await started?.stop()
    })
    test.beforeEach(({ watch }) => {
      if (typeof started === 'string') test.skip(true, started)
      // At the door nobody is known yet.
      watch.expectError(/status of 401/)
    })
    tests(() => {
      if (typeof started === 'string') throw new Error(started)
      return started
    })
  })
}

// Protects teams: the same app works where the services are programs of their own behind Traefik, over TLS: the gateway
// serves it, uploads and jobs go elsewhere, and events come through as they happen.
behindTraefik('behind Traefik, on the rules', { scripted: false }, (stack) => {
  test('a picture develops, is refined, and stands there after a reload', async ({ browser, watch }) => {
    const page = await tokenBearer(browser, stack(), watch)
    const first = await develop(page, stack().base)
    // While it goes on, not at its end.
    await expect(step(page, /Looking at the picture|Looked at the picture/)).toHaveCount(1)
    await stands(page, 'Developed')
    await expect(page.getByRole('img', { name: 'chart.png' })).toBeVisible()
    await page.reload()
    await stands(page, 'Developed')
    await expect(step(page, 'Ran the code')).toHaveCount(1)
    await page.getByLabel('Change something', { exact: true }).last().fill('make it blue')
    await page.getByRole('button', { name: 'Refine' }).click()
    await nextJobOf(page, first)
    await stands(page, 'Developed')
    await expect(page.getByRole('navigation', { name: 'Versions' })).toContainText('Version 2 of 2')
    await page.getByRole('tab', { name: 'Proof' }).click()
    await expect(page.getByRole('region', { name: 'Picture with the values on it' })).toBeVisible()
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    await page.context().close()
  })

  test('an axis point that is dragged changes the values', async ({ browser, watch }) => {
    const page = await tokenBearer(browser, stack(), watch)
    await axisIsDragged(page, stack())
    await page.context().close()
  })

  test('a PDF is refused with a sentence that helps', async ({ browser, watch }) => {
    const page = await tokenBearer(browser, stack(), watch)
    await pdfIsRefused(page)
    await page.context().close()
  })

  test('by keyboard alone', async ({ browser, watch }) => {
    const page = await tokenBearer(browser, stack(), watch)
    await byKeyboardAlone(page, stack())
    await page.context().close()
  })

  test('two people see nothing of each other', async ({ browser, watch }) => {
    watch.expectError(/status of 404/)
    const owner = await tokenBearer(browser, stack(), watch)
    const left = await join(browser, stack(), watch, { link: await invite(owner), name: 'ada' })
    const right = await join(browser, stack(), watch, { link: await invite(owner), name: 'bea' })
    await nothingOfEachOther(left, right, stack())
    for (const page of [owner, left, right]) await page.context().close()
  })
})

// Protects the same where a model writes, fails, is slow, and where all services die at once.
behindTraefik('behind Traefik, with a model', { scripted: true }, (stack) => {
  for (const [name, run] of Object.entries(SCRIPTED))
    test(name, async ({ browser, watch }) => {
      const page = await tokenBearer(browser, stack(), watch)
      await run(page, stack())
      await page.context().close()
    })

  test('services that are killed in the middle come back, and so does the page', async ({
    browser,
    watch,
  }) => {
    watch.expectError(UNANSWERED)
    const page = await tokenBearer(browser, stack(), watch)
    await killedInTheMiddle(page, stack())
    await page.context().close()
  })
})
