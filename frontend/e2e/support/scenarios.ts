import type { Page } from '@playwright/test'
import { status } from './people'
import { fenced, type Place, sample } from './server'
import { BLOCKED, BROKEN, ENDLESS, GOOD, settled } from './states'
import { develop, jobOf, nextJobOf, PATIENTLY, stands, step } from './steps'
import { expect } from './test'

/** The first code with another colour. */
const BLUE = GOOD.replace("y='value')", "y='value', color='blue')")

// What people do, the same wherever Darkroom runs: in one process (develop, versions, accounts, uploads) and as services
// behind Traefik (stack).

/** With a scripted model, by name; the page is that of somebody who is signed in. */
export const SCRIPTED: Record<string, (page: Page, place: Place) => Promise<void>> = {
  // Protects stopping: the button stops the job itself, not only the page.
  'Stop stops': async (page, place) => {
    place.answers([fenced(GOOD, 120_000)])
    const id = await develop(page, place.base)
    await expect(step(page, 'Thinking')).toBeVisible(PATIENTLY)
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByRole('button', { name: 'Stop it' }).click()
    await stands(page, 'Stopped')
    expect(await place.ended(id)).toBe('cancelled')
  },

  // Protects whoever reloads or opens the page elsewhere in the middle: no step is lost, none is shown twice.
  'a reload in the middle shows all of it': async (page, place) => {
    place.answers([fenced(GOOD, 15_000)])
    await develop(page, place.base)
    await expect(step(page, 'Looked at the picture')).toBeVisible(PATIENTLY)
    await page.reload()
    await expect(step(page, 'Thinking')).toBeVisible(PATIENTLY)
    await stands(page, 'Developed')
    for (const name of ['Looked at the picture', 'Checked the code', 'Ran the code'])
      await expect(step(page, name)).toHaveCount(1)
  },

  // Protects trust in the review: code that it blocked is shown with what was found, and what came of the repair.
  'blocked code is shown, and repaired': async (page, place) => {
    place.answers([fenced(BLOCKED), fenced(GOOD)])
    await develop(page, place.base)
    await stands(page, 'Developed')
    // What it printed stands on lines of its own.
    await expect(page.getByText(/The script printed:\s+three rows/)).toBeVisible()
    await expect(page.getByRole('main')).not.toContainText('\ufffd')
    await expect(step(page, 'Blocked the code')).toBeVisible(PATIENTLY)
    await expect(step(page, 'Wrote the code')).toHaveCount(2)
    await page.getByRole('tab', { name: 'Code' }).click()
    const panel = page.getByRole('tabpanel')
    await expect(panel).toContainText('to_csv')
    await panel.getByLabel('Attempt', { exact: true }).selectOption({ index: 0 })
    await expect(panel).toContainText('Blocked by the review')
    await expect(panel).toContainText('subprocess')
    await panel.getByLabel('Attempt', { exact: true }).selectOption({ index: 1 })
    await panel.getByRole('button', { name: 'Show what changed' }).click()
    await settled(page)
    await expect(panel).toContainText('subprocess')
    await expect(panel).toContainText('to_csv')
  },

  // Protects people whose job failed: the reason stands in place of the result, with what can be done as buttons.
  'a failure says what happened and what to do': async (page, place) => {
    place.answers([fenced(BROKEN)])
    const id = await place.job(sample('bar_chart.png'), 'Read the values', { max_repairs: 0 })
    await place.ended(id)
    await page.goto(`${place.base}/jobs/${id}`)
    await stands(page, 'Failed')
    await expect(page.getByRole('main')).toContainText('the axis has no numbers')
    // The same again, and this time it works.
    place.answers([fenced(GOOD)])
    await page.getByRole('main').getByRole('button', { name: 'Retry' }).first().click()
    const again = await nextJobOf(page, id)
    await stands(page, 'Developed')
    expect(await place.ended(again)).toBe('succeeded')
    const [before, after] = await Promise.all([place.view(id), place.view(again)])
    expect([after.prompt, after.file_ids, after.options]).toEqual([
      before.prompt,
      before.file_ids,
      before.options,
    ])
  },

  // Protects people whose code took too long: they are told so, and can give it more time with one press.
  'code that does not end says so, and offers more time': async (page, place) => {
    place.answers([fenced(ENDLESS)])
    const id = await place.job(sample('bar_chart.png'), 'Read the values', {
      max_repairs: 0,
      run_timeout_seconds: 1,
    })
    await place.ended(id)
    await page.goto(`${place.base}/jobs/${id}`)
    await stands(page, 'Failed')
    await expect(page.getByRole('main')).toContainText(/time/)
    for (const remedy of ['Edit the code', 'Say it differently'])
      await expect(page.getByRole('button', { name: remedy })).toBeVisible()
    place.answers([fenced(GOOD)])
    await page.getByRole('button', { name: 'Raise the limit and retry' }).click()
    const again = await nextJobOf(page, id)
    await stands(page, 'Developed')
    expect((await place.view(again)).options.run_timeout_seconds).toBeGreaterThan(1)
  },

  // Protects going on from a result: the wish makes a new version, its code is shown as what changed, and both versions stay
  // within reach of each other.
  'refine makes a version, shows what it changed, and leads back': async (page, place) => {
    place.answers([fenced(GOOD)])
    const first = await develop(page, place.base)
    await stands(page, 'Developed')
    place.answers([fenced(BLUE)])
    await page.getByLabel('Change something', { exact: true }).last().fill('Make it blue')
    await page.getByRole('button', { name: 'Refine' }).click()
    const second = await nextJobOf(page, first)
    await stands(page, 'Developed')
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Make it blue')
    expect((await place.view(second)).parent).toBe(first)
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
  },
}

/** What a page says while nobody answers. */
export const UNANSWERED =
  /ERR_CONNECTION|ERR_INCOMPLETE|Failed to (load|fetch)|network error|status of (401|50\d)/

/**
 * Protects jobs in hand when the server dies: the page finds the line again by itself and shows the end of the job. For whoever
 * has the token; sessions of one process end with it, and people sign in again.
 */
export async function killedInTheMiddle(page: Page, place: Place) {
  place.answers([fenced(GOOD, 20_000)])
  const id = await develop(page, place.base)
  await expect(step(page, 'Thinking')).toBeVisible(PATIENTLY)
  // Nothing is done here after that: the page goes on by itself.
  await place.crashAndRestart()
  await stands(page, 'Developed')
  expect(await place.ended(id)).toBe('succeeded')
  for (const name of ['Looked at the picture', 'Ran the code']) await expect(step(page, name)).toHaveCount(1)
}

/** Protects people with a PDF in hand: it is refused at once, and the sentence says what to do instead. */
export async function pdfIsRefused(page: Page) {
  const pdf = Buffer.from('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n')
  await page
    .getByTestId('file-input')
    .setInputFiles({ name: 'report.pdf', mimeType: 'application/pdf', buffer: pdf })
  const refusal = page.getByRole('listitem').filter({ hasText: 'report.pdf' })
  await expect(refusal.getByRole('alert')).toContainText(/This is a PDF/)
  await expect(refusal).toContainText(/screenshot|picture/)
  await expect(page.getByRole('button', { name: 'Develop' })).toHaveAttribute('aria-disabled', 'true')
  await refusal.getByRole('button', { name: /Take report\.pdf away/ }).click()
  await expect(refusal).toHaveCount(0)
}

interface Overlay {
  calibration: { y: { points: { pixel: number; value: number }[] } }
  values: { at: string; value: number; px: [number, number] }[]
}

async function overlayOf(place: Place, id: string): Promise<Overlay> {
  const results = (await (await place.call(`/api/v1/jobs/${id}/results`)).json()) as {
    proof: { overlay_json: string }[]
  }
  return JSON.parse(await place.output(id, results.proof[0]?.overlay_json ?? '')) as Overlay
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

/**
 * Protects corrections: an axis point that is dragged on the picture changes what the numbers come out as, by exactly the
 * rule that the two points make, and only when one says so.
 */
export async function axisIsDragged(page: Page, place: Place) {
  const id = await place.job(sample('bar_chart.png'), 'Read the values', { models: 'rules' })
  expect(await place.ended(id)).toBe('succeeded')
  const before = await overlayOf(place, id)
  await page.goto(`${place.base}/jobs/${id}`)
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
  expect(await place.ended(next)).toBe('succeeded')
  const after = await overlayOf(place, next)
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
}

/**
 * Protects what belongs to a person: of two people who are in, neither sees the other's pictures, jobs, results, events or
 * notifications, whatever they try; nor does a search or a list find them. Both came by a cookie.
 */
export async function nothingOfEachOther(left: Page, right: Page, place: Place) {
  const jobs: { page: Page; id: string; fileId: string }[] = []
  for (const page of [left, right]) {
    const id = await develop(page, place.base, 'Only for me')
    await stands(page, 'Developed')
    const job = await page.evaluate(async (one) => (await fetch(`/api/v1/jobs/${one}`)).json(), id)
    jobs.push({ page, id, fileId: job.file_ids[0] })
  }
  const listed = (page: Page, path: string, key: string) =>
    page.evaluate(
      async ([url, name]) =>
        (await (await fetch(url)).json()).items.map((item: Record<string, string>) => item[name]),
      [path, key] as const,
    )
  const pairs = [[jobs[0], jobs[1]] as const, [jobs[1], jobs[0]] as const]
  for (const [mine, theirs] of pairs) {
    if (!mine || !theirs) throw new Error('both have a job')
    await mine.page.goto('/jobs?q=only+for+me')
    await expect(mine.page.getByRole('list', { name: 'Jobs' }).getByRole('listitem')).toHaveCount(1)
    await mine.page.goto(`/jobs/${theirs.id}`)
    await expect(mine.page.getByRole('heading', { name: 'There is no such job' })).toBeVisible()
    for (const end of ['', '/results', '/events', '/bundle', '/outputs/values.csv'])
      expect(await status(mine.page, `/api/v1/jobs/${theirs.id}${end}`), end).toBe(404)
    for (const end of ['', '/content', '/thumbnail'])
      expect(await status(mine.page, `/api/v1/files/${theirs.fileId}${end}`), end).toBe(404)
    expect(await status(mine.page, `/api/v1/jobs/${mine.id}`)).toBe(200)
    // Lists hold one's own and nothing else.
    expect(await listed(mine.page, '/api/v1/jobs', 'id')).toEqual([mine.id])
    expect(await listed(mine.page, '/api/v1/jobs?q=only+for+me', 'id')).toEqual([mine.id])
    expect(await listed(mine.page, '/api/v1/files', 'id')).toEqual([mine.fileId])
    expect(await listed(mine.page, '/api/v1/notifications', 'job_id')).toEqual([mine.id])
  }
  // Whoever takes everything as read has read nothing for the other.
  const unread = (page: Page) =>
    page.evaluate(async () => (await (await fetch('/api/v1/notifications')).json()).unread as number)
  expect([await unread(left), await unread(right)]).toEqual([1, 1])
  await right.evaluate(async () => {
    const [headers, body] = [{ 'content-type': 'application/json' }, '{}']
    await fetch('/api/v1/notifications/read', { method: 'POST', headers, body })
  })
  expect([await unread(left), await unread(right)]).toEqual([1, 0])
}

/** Protects people without a mouse: the whole way by keyboard alone. */
export async function byKeyboardAlone(page: Page, place: Place) {
  await page.goto(place.base)
  const reach = async (name: RegExp) => {
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press('Tab')
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement | null
        return element ? element.getAttribute('aria-label') || element.innerText || element.id : ''
      })
      if (name.test(focused)) return
    }
    throw new Error(`${name} cannot be reached by Tab`)
  }
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await reach(/bar chart|bars/i)
  await page.keyboard.press('Enter')
  const send = page.getByRole('button', { name: 'Develop' })
  await expect(send).toHaveAttribute('aria-disabled', 'false')
  await page.keyboard.press('Control+Enter')
  await jobOf(page)
  await stands(page, 'Developed')
}
