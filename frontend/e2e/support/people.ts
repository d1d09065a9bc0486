import type { Browser, BrowserContext, Page } from '@playwright/test'
import type { Place, Server } from './server'
import { expect, follow, signIn, type Watch } from './test'

export const PASSWORD = 'a long enough password'

/** A page of the owner, who came by the printed link. */
export async function owner(browser: Browser, server: Server, watch: Watch): Promise<Page> {
  const context = await browserAt(browser, server, watch)
  await signIn(context, server)
  return context.newPage()
}

/** A browser of one's own there. */
export async function browserAt(browser: Browser, place: Place, watch: Watch): Promise<BrowserContext> {
  // The certificate of a stack is of an authority of its own.
  const ignoreHTTPSErrors = place.base.startsWith('https:')
  const context = await browser.newContext({ baseURL: place.base, ignoreHTTPSErrors })
  follow(context, watch, place.base)
  return context
}

/** A page of somebody who has the token. */
export async function tokenBearer(browser: Browser, place: Place, watch: Watch): Promise<Page> {
  const page = await (await browserAt(browser, place, watch)).newPage()
  await page.goto(place.base)
  await page.getByLabel('Sign-in link or token').fill(place.token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'What should we develop?' })).toBeVisible()
  return page
}

/** Invites somebody, as an owner does in the settings; gives the link. */
export async function invite(page: Page): Promise<string> {
  await page.goto('/settings?tab=people')
  await page.getByRole('button', { name: 'Invite' }).click()
  const link = await page.getByLabel('The invitation', { exact: true }).inputValue()
  expect(link).toContain('/join#code=')
  return link
}

/** Joins by an invitation in a browser of their own; gives its page. */
export async function join(
  browser: Browser,
  place: Place,
  watch: Watch,
  { link, name }: { link: string; name: string },
): Promise<Page> {
  const context = await browserAt(browser, place, watch)
  const page = await context.newPage()
  await page.goto(link)
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('E-mail address').fill(`${name}@example.org`)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByLabel('The same password again').fill(PASSWORD)
  await page.getByRole('button', { name: 'Join' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'What should we develop?' })).toBeVisible()
  return page
}

/** Signs in at the door with address and password. */
export async function enter(page: Page, name: string, password: string) {
  await expect(page.getByRole('heading', { name: 'Come in, the light is safe' })).toBeVisible()
  const toPassword = page.getByRole('button', { name: 'I have a password' })
  if (await toPassword.isVisible()) await toPassword.click()
  await page.getByLabel('E-mail address').fill(`${name}@example.org`)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** The status of a call that the page's own browser makes. */
export const status = (page: Page, path: string) =>
  page.evaluate(async (url) => (await fetch(url)).status, path)
