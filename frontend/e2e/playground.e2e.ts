import type { Page } from '@playwright/test'
import { ENDLESS } from './support/states'
import { expect, test } from './support/test'

/** Puts this code into the editor in place of what stands there. */
async function write(page: Page, code: string) {
  const editor = page.getByRole('textbox', { name: 'Python to run' })
  await editor.click()
  await page.keyboard.press('Control+a')
  // As pasted: typing would be completed and indented.
  await page.keyboard.insertText(code)
}

const came = (page: Page) => page.getByRole('region', { name: 'What came of it' })

// Protects the playground: code runs as it stands there, what it prints and leaves is shown, and of what it leaves the
// picture comes first: the data it was drawn from is no result to begin with.
test('the sample runs, and its picture stands first', async ({ page, server }) => {
  await page.goto(`${server.base}/playground`)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(came(page).getByText('ended well')).toBeVisible()
  await expect(came(page).getByRole('log')).toContainText('saved chart.png')
  const picture = came(page).getByRole('img', { name: 'chart.png' })
  await expect(picture).toBeVisible()
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(100)
  const names = await came(page).getByRole('heading', { level: 2 }).allInnerTexts()
  expect(names[0]).toBe('chart.png')
  // What is drawn anew from data stands behind its picture, one press away.
  expect(names.filter((name) => /figure.*json/.test(name))).toEqual([])
  await came(page).getByRole('button', { name: 'Interactive' }).click()
  await expect(came(page).locator('iframe')).toBeVisible()
})

// Protects the order where the file of data has another name than the picture, and is listed first by its name.
test('data of a figure with a name of its own stands after the picture', async ({ page, server }) => {
  await page.goto(`${server.base}/playground`)
  await write(
    page,
    `import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
plt.savefig('/box/out/zebra.png')
open('/box/out/figure.json', 'w').write('{"data": [{"type": "bar", "x": ["a"], "y": [1]}], "layout": {}}')`,
  )
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(came(page).getByRole('img', { name: 'zebra.png' })).toBeVisible()
  const names = await came(page).getByRole('heading', { level: 2 }).allInnerTexts()
  expect(names[0]).toBe('zebra.png')
})

// Protects people whose code does not end: what it prints is seen while it runs, Stop ends it, and the next run works.
test('output comes while it runs, Stop stops, an error names its line', async ({ page, server }) => {
  await page.goto(`${server.base}/playground`)
  await write(page, `print('begun', flush=True)\n${ENDLESS}`)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(came(page).getByRole('log')).toContainText('begun')
  await page.getByRole('button', { name: 'Stop' }).click()
  await expect(came(page)).toContainText('Stopped by you')
  await write(page, `print('next')\nprint(1 / 0)`)
  await page.keyboard.press('Control+Enter')
  await expect(came(page)).toContainText('ZeroDivisionError at line 2')
  await page.getByRole('button', { name: 'Check' }).click()
  await expect(came(page).getByRole('status')).toBeVisible()
})
