import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, type Page } from '@playwright/test'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

interface Violation {
  id: string
  help: string
  nodes: { target: unknown; failureSummary?: string }[]
}

/** Fails when axe finds anything on the page as it stands. Evaluated, not loaded: the page's policy stays in force. */
export async function expectAccessible(page: Page, name: string) {
  await page.evaluate(AXE)
  // Frames have walls of their own, which axe cannot look over.
  const violations = await page.evaluate(async (tags) => {
    const { axe } = window as unknown as {
      axe: { run: (context: object, options: object) => Promise<{ violations: Violation[] }> }
    }
    const options = { runOnly: tags, iframes: false, resultTypes: ['violations'] }
    return (await axe.run({ exclude: [['iframe']] }, options)).violations
  }, TAGS)
  const told = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`),
  }))
  expect(told, `accessibility of ${name}`).toEqual([])
}

/** Fails when the page is wider than the window: then a phone scrolls sideways. */
export async function expectNoOverflow(page: Page, name: string) {
  const wide = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= limit) return []
    const all = [...document.querySelectorAll('body *')]
    const over = all.filter((element) => element.getBoundingClientRect().right > limit + 1)
    return over
      .slice(0, 5)
      .map((element) => `${element.tagName} ${element.className}`)
      .concat('scrolls sideways')
  })
  expect(wide, `width of ${name}`).toEqual([])
}
