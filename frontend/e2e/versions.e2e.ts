import type { Page } from '@playwright/test'
import { fenced, type Server, sample } from './support/server'
import { GOOD, settled } from './support/states'
import { develop, nextJobOf, stands, step } from './support/steps'
import { expect, follow, signIn, test } from './support/test'

/** The first code with another colour. */
const BLUE = GOOD.replace("y='value')", "y='value', color='blue')")

// Protects going on from a result: the wish makes a new version, its code is shown as what changed, and both versions stay
// within reach of each other.
test('refine makes a version, shows what it changed, and leads back', async ({
  scriptedPage: page,
  scripted,
}) => {
  scripted.answers([fenced(GOOD)])
  const first = await develop(page, scripted.base)
  await stands(page, 'Developed')
  scripted.answers([fenced(BLUE)])
  await page.getByLabel('Change something', { exact: true }).last().fill('Make it blue')
  await page.getByRole('button', { name: 'Refine' }).click()
  const second = await nextJobOf(page, first)
  await stands(page, 'Developed')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Make it blue')
  expect((await scripted.view(second)).parent).toBe(first)
  await page.getByRole('tab', { name: 'Code' }).click()
  const panel = page.getByRole('tabpanel')
  await expect(panel).toContainText("color='blue'")
  await panel.getByRole('button', { name: 'Compare with the version before' }).click()
  const changed = panel.locator('.cm-changedLine')
  await expect(changed).toHaveCount(1)
  await expect(changed).toContainText("color='blue'")
  await expect(panel.locator('.cm-deletedChunk')).toContainText("y='value')")
  const versions = page.getByRole('navigation', { name: 'Versions' })
  await expect(versions).toContainText('Version 2 of 2')
  await versions.getByRole('link', { name: 'The version before' }).click()
  await expect(page).toHaveURL(new RegExp(first))
  // The older one does not know of the newer; the page does.
  await expect(versions).toContainText('Version 1 of 2')
  await versions.getByRole('link', { name: 'The version after' }).click()
  await expect(page).toHaveURL(new RegExp(second))
})

interface Overlay {
  calibration: { y: { points: { pixel: number; value: number }[] } }
  values: { at: string; value: number; px: [number, number] }[]
}

async function overlayOf(server: Server, id: string): Promise<Overlay> {
  const results = (await (await server.call(`/api/v1/jobs/${id}/results`)).json()) as {
    proof: { overlay_json: string }[]
  }
  return JSON.parse(await server.output(id, results.proof[0]?.overlay_json ?? '')) as Overlay
}

/** Drags what has this label up or down by so many pixels of the screen. */
async function drag(page: Page, label: RegExp, by: number) {
  const handle = page.getByRole('slider', { name: label })
  await handle.scrollIntoViewIfNeeded()
  const box = await handle.locator('circle').last().boundingBox()
  if (!box) throw new Error('the handle is not on the screen')
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
  await page.mouse.move(x, y)
  await page.mouse.down()
  await page.mouse.move(x, y + by / 2)
  await page.mouse.move(x, y + by)
  await page.mouse.up()
}

// Protects corrections: an axis point that is dragged on the picture changes what the numbers come out as, by exactly the
// rule that the two points make, and only when one says so.
test('an axis point that is dragged changes the values', async ({ page, server }) => {
  const id = await server.job(sample('bar_chart.png'), 'Read the values')
  expect(await server.ended(id)).toBe('succeeded')
  const before = await overlayOf(server, id)
  await page.goto(`${server.base}/jobs/${id}`)
  await page.getByRole('tab', { name: 'Proof' }).click()
  await settled(page)
  const lowest = before.calibration.y.points.reduce((a, b) => (a.pixel > b.pixel ? a : b))
  const highest = before.calibration.y.points.reduce((a, b) => (a.pixel < b.pixel ? a : b))
  await expect(page.getByRole('button', { name: 'Read again' })).toHaveCount(0)
  await drag(page, new RegExp(`^y axis, point of ${highest.value}$`), -40)
  const moved = Number(await page.locator('#y-0-pixel').inputValue())
  expect(moved).toBeLessThan(highest.pixel - 10)
  // One can take it back.
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('button', { name: 'Read again' })).toHaveCount(0)
  await drag(page, new RegExp(`^y axis, point of ${highest.value}$`), -40)
  const pixel = Number(await page.locator('#y-0-pixel').inputValue())
  await page.getByRole('button', { name: 'Read again' }).click()
  const next = await nextJobOf(page, id)
  expect(await server.ended(next)).toBe('succeeded')
  const after = await overlayOf(server, next)
  expect(after.values.length).toBe(before.values.length)
  const perPixel = (highest.value - lowest.value) / (pixel - lowest.pixel)
  for (const value of after.values) {
    const expected = lowest.value + (value.px[1] - lowest.pixel) * perPixel
    expect(Math.abs(value.value - expected), `${value.at}`).toBeLessThan(Math.abs(perPixel) * 2)
    const old = before.values.find((one) => one.at === value.at)
    expect(value.value, `${value.at}`).toBeLessThan(old?.value ?? 0)
  }
  await page.getByRole('tab', { name: 'Proof' }).click()
  await expect(page.getByRole('slider', { name: /^y axis, point of/ })).toHaveCount(2)
})

// Protects people with the same job open twice: both tabs follow it, and what is done in one is seen in the other.
test('two tabs show the same', async ({ browser, scripted, watch }) => {
  scripted.answers([fenced(GOOD, 60_000)])
  const context = await browser.newContext()
  follow(context, watch, scripted.base)
  await signIn(context, scripted)
  const [left, right, list] = [await context.newPage(), await context.newPage(), await context.newPage()]
  const id = await develop(left, scripted.base, 'In two tabs')
  await right.goto(`${scripted.base}/jobs/${id}`)
  await list.goto(`${scripted.base}/jobs`)
  for (const page of [left, right]) await expect(step(page, 'Thinking')).toHaveCount(1)
  const row = list.getByRole('link', { name: /In two tabs/ }).first()
  await expect(row).toContainText('Developing')
  await right.getByRole('button', { name: 'Stop' }).click()
  await right.getByRole('button', { name: 'Stop it' }).click()
  for (const page of [left, right]) await stands(page, 'Stopped')
  await expect(row).toContainText('Stopped')
  await context.close()
})
