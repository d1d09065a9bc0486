import { axisIsDragged } from './support/scenarios'
import { fenced } from './support/server'
import { GOOD } from './support/states'
import { develop, stands, step } from './support/steps'
import { expect, follow, signIn, test } from './support/test'

// Protects corrections, see there.
test('an axis point that is dragged changes the values', ({ page, server }) => axisIsDragged(page, server))

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
