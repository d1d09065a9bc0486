import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pdfIsRefused } from './support/scenarios'
import { sample } from './support/server'
import { expect, test } from './support/test'
import { FOLDER, ROWS } from './support/uploads'

test.describe('uploads', () => {
  test.beforeEach(async ({ page, server, watch }) => {
    // The server's refusals are answers with such a status.
    watch.expectError(/status of 4\d\d/)
    await page.goto(server.base)
  })

  // Protects people with a PDF in hand, see there.
  test('a PDF is refused with a sentence that helps', ({ page }) => pdfIsRefused(page))

  // Protects what a person has already chosen: one bad file takes nothing away from the good ones.
  test('a bad file beside a good one', async ({ page }) => {
    await page.getByTestId('file-input').setInputFiles([
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') },
      { name: 'chart.png', mimeType: 'image/png', buffer: readFileSync(sample('bar_chart.png')) },
    ])
    await expect(page.getByRole('listitem').filter({ hasText: 'notes.txt' }).getByRole('alert')).toBeVisible()
    await expect(page.getByAltText('Preview of chart.png')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Develop' })).toHaveAttribute('aria-disabled', 'false')
  })

  // Protects the agreement of browser and server: each of the given files is taken or refused in the browser as it
  // should be, and every refusal is a sentence about that file.
  test.describe('the given files', () => {
    if (Object.keys(ROWS).length === 0) {
      // Not a test: there is nothing to try.
      console.log('SKIPPED: the given uploads, because ../shared/uploads is not here')
    }
    for (const [name, row] of Object.entries(ROWS)) {
      test(`${name} (${row.expect}: ${row.why})`, async ({ page }) => {
        await page.getByTestId('file-input').setInputFiles(join(FOLDER, name))
        const tray = page.getByRole('list', { name: 'Chosen pictures' })
        if (row.expect === 201) {
          await expect(tray.getByText(/^\d+ × \d+$/)).toBeVisible()
          await expect(page.getByRole('button', { name: 'Develop' })).toHaveAttribute(
            'aria-disabled',
            'false',
          )
        } else {
          const refused = tray.getByRole('listitem').filter({ hasText: name })
          const sentence = refused.getByRole('alert')
          await expect(sentence).toBeVisible()
          expect((await sentence.innerText()).trim().length).toBeGreaterThan(20)
          await expect(page.getByRole('button', { name: 'Develop' })).toHaveAttribute('aria-disabled', 'true')
        }
      })
    }
  })
})
