import { tokenBearer } from './support/people'
import { byKeyboardAlone, killedInTheMiddle, SCRIPTED, UNANSWERED } from './support/scenarios'
import { fenced, Server, sample } from './support/server'
import { SlowModel } from './support/slow-model'
import { BROKEN, GOOD } from './support/states'
import { develop, jobOf, nextJobOf, PATIENTLY, stands, step } from './support/steps'
import { expect, follow, signIn, test } from './support/test'

// Protects the whole way of a picture: upload, every step live, the result with its files, all of it again after a reload.
test('a picture develops before one’s eyes', async ({ page, server }) => {
  const id = await develop(page, server.base)
  const steps = ['Looked at the picture', 'Wrote the code', 'Checked the code', 'Ran the code']
  for (const name of steps) await expect(step(page, name)).toBeVisible(PATIENTLY)
  await stands(page, 'Developed')
  expect(await server.ended(id)).toBe('succeeded')
  await expect(page.getByRole('tab', { name: 'Result' })).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByText('values.csv').first()).toBeVisible()
  await page.reload()
  await stands(page, 'Developed')
  for (const name of steps) await expect(step(page, name)).toHaveCount(1)
  await page.goto(`${server.base}/jobs`)
  await expect(page.getByRole('link', { name: /Read the values/ }).first()).toBeVisible()
})

// Protects patience: something is seen to happen as soon as the job is made.
test('the first step is on the screen soon after Develop', async ({ page, server }) => {
  await page.goto(server.base)
  await page.getByTestId('file-input').setInputFiles(sample('bar_chart.png'))
  const send = page.getByRole('button', { name: 'Develop' })
  await expect(send).toHaveAttribute('aria-disabled', 'false')
  // Measured within the page: what the test's own line to the browser costs is not the app's.
  await page.evaluate(() => {
    const button = [...document.querySelectorAll('button')].find((one) => one.textContent === 'Develop')
    const marks = window as unknown as { sent: number; seen: number }
    button?.addEventListener(
      'click',
      () => {
        marks.sent = performance.now()
      },
      { capture: true },
    )
    new MutationObserver((_, observer) => {
      if (!document.body.innerText.match(/Looking at the picture|Looked at the picture/)) return
      requestAnimationFrame(() => {
        marks.seen = performance.now()
      })
      observer.disconnect()
    }).observe(document.body, { subtree: true, childList: true, characterData: true })
  })
  await send.click()
  await jobOf(page)
  await page.waitForFunction(() => (window as unknown as { seen?: number }).seen !== undefined)
  const ms = await page.evaluate(() => {
    const { sent, seen } = window as unknown as { sent: number; seen: number }
    return seen - sent
  })
  console.log(`first step on screen ${Math.round(ms)} ms after Develop`)
  // The aim is 300 ms on a machine that does nothing else; tests share theirs, so only what would feel broken is caught.
  expect(ms).toBeLessThan(3_000)
})

// Protects what people do, see there; stack.e2e.ts does the same behind Traefik.
for (const [name, run] of Object.entries(SCRIPTED))
  test(name, ({ scriptedPage, scripted }) => run(scriptedPage, scripted))

// Protects jobs in hand when the server dies, see there.
test('a server that is killed in the middle comes back, and so does the page', async ({
  browser,
  scripted,
  watch,
}) => {
  watch.expectError(UNANSWERED)
  const page = await tokenBearer(browser, scripted, watch)
  await killedInTheMiddle(page, scripted)
  await page.context().close()
})

// Protects whoever must not ask a model, or wants another one: what is chosen on the page of a new job is what is asked.
test('the models of a job are chosen', async ({ scriptedPage: page, scripted }) => {
  scripted.answers([fenced(BROKEN)])
  await page.goto(scripted.base)
  await page.getByText('Models and limits').click()
  await page.getByLabel('Most that it may cost').selectOption('$0.25')
  await page.getByLabel('Tries, of which the best is kept').selectOption('2')
  await page
    .getByRole('combobox', { name: 'Models', exact: true })
    .selectOption('the built-in rules, no model')
  await page.reload()
  await page.getByText('Models and limits').click()
  await expect(page.getByRole('combobox', { name: 'Models', exact: true })).toHaveValue('rules')
  const id = await develop(page, scripted.base)
  await stands(page, 'Developed')
  expect((await scripted.view(id)).options).toMatchObject({
    models: 'rules',
    variants: 2,
    max_cost_usd: 0.25,
  })
  const results = (await (await scripted.call(`/api/v1/jobs/${id}/results`)).json()) as { models: string[] }
  expect(results.models).toEqual(['builtin'])
})

// Protects whoever has two models, and is failed by the first: its failure offers the second and the rules by name, and the
// one that is chosen is the one that writes, also where the job went on from another.
test('what one model failed to do another is asked for', async ({ browser, watch }) => {
  const second = await SlowModel.start()
  second.code = [`${GOOD}\n`, '']
  const { CODE_MODEL_URL = '', CODE_MODEL_NAME = '' } = second.settings
  const server = await Server.start({
    scripted: true,
    settings: { CODE_MODEL_FALLBACK_URL: CODE_MODEL_URL, CODE_MODEL_FALLBACK_NAME: CODE_MODEL_NAME },
  })
  try {
    const context = await browser.newContext()
    follow(context, watch, server.base)
    await signIn(context, server)
    const page = await context.newPage()
    server.answers([fenced(GOOD)])
    const first = await server.job(sample('bar_chart.png'), 'Read the values')
    await server.ended(first)
    server.answers([fenced(BROKEN)])
    const refined = await server.call(`/api/v1/jobs/${first}/refine`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'In blue' }),
    })
    const { id } = (await refined.json()) as { id: string }
    await server.ended(id)
    await page.goto(`${server.base}/jobs/${id}`)
    await stands(page, 'Failed')
    await expect(page.getByRole('button', { name: 'Retry with the built-in rules' })).toBeVisible()
    await page.getByRole('button', { name: 'Retry with slow' }).click()
    const again = await nextJobOf(page, id)
    await stands(page, 'Developed')
    const { options, parent } = await server.view(again)
    expect([options.models, parent]).toEqual(['second', first])
    const results = (await (await server.call(`/api/v1/jobs/${again}/results`)).json()) as {
      models: string[]
    }
    // What no model was set for the rules did.
    expect(results.models[0]).toBe('slow')
    await context.close()
  } finally {
    await server.stop()
    second.stop()
  }
})

// Protects whoever takes the results along: the zip has them all.
test('all of it comes as one zip', async ({ scriptedPage: page, scripted }) => {
  scripted.answers([fenced(GOOD)])
  const id = await scripted.job(sample('bar_chart.png'))
  await scripted.ended(id)
  await page.goto(`${scripted.base}/jobs/${id}`)
  await stands(page, 'Developed')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save all' }).click(),
  ])
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  const zip = Buffer.concat(chunks)
  expect(zip.subarray(0, 2).toString()).toBe('PK')
  for (const name of [
    'code.py',
    'report.json',
    'review.json',
    'outputs/values.csv',
    'outputs/chart.png',
    'stdout.txt',
  ])
    expect(zip.includes(name), name).toBe(true)
})

// Protects people without a mouse, see there.
test('by keyboard alone', ({ page, server }) => byKeyboardAlone(page, server))
