import type { Page } from '@playwright/test'
import { sample } from './server'
import { expect } from './test'

/** The id of the job whose page is open. */
export async function jobOf(page: Page): Promise<string> {
  await page.waitForURL(/\/jobs\/[0-9a-f-]{36}$/)
  return page.url().split('/').at(-1) ?? ''
}

/** The id of the job whose page opens after the one of this job. */
export async function nextJobOf(page: Page, id: string): Promise<string> {
  await expect(page).not.toHaveURL(new RegExp(id))
  return jobOf(page)
}

/** Makes a job in the browser as a person does. */
export async function develop(
  page: Page,
  base: string,
  prompt = 'Read the values',
  picture = 'bar_chart.png',
): Promise<string> {
  await page.goto(base)
  await page.getByTestId('file-input').setInputFiles(sample(picture))
  await page.getByLabel('What do you want from it?').fill(prompt)
  const send = page.getByRole('button', { name: 'Develop' })
  await expect(send).toHaveAttribute('aria-disabled', 'false')
  await send.click()
  return jobOf(page)
}

/** A step of the job whose page is open, by its words. */
export const step = (page: Page, name: string | RegExp) =>
  page.getByRole('listitem').filter({ hasText: name })

/** How long a step of a job is waited for: it shares the machine with others. */
export const PATIENTLY = { timeout: 120_000 }

/** Waits until the job whose page is open stands so, in the words of the app. */
export const stands = (page: Page, words: string) =>
  expect(page.getByText(words, { exact: true }).first()).toBeVisible(PATIENTLY)
