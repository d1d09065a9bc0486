import { type BrowserContext, test as base, expect, type Page } from '@playwright/test'
import { Server, type SessionCookie } from './server'

export { expect }

/** What a page said and asked for while a test ran. */
export interface Watch {
  /** Errors on the console, and exceptions nobody caught. */
  errors: string[]
  /** Addresses outside the server's origin that were asked for, without those that the page's policy held back. */
  foreign: string[]
  /** Takes errors that this test provokes off the list; each must have come. */
  expectError: (pattern: RegExp) => void
}

interface WorkerFixtures {
  /** The server whose models are the built-in rules. */
  server: Server
  /** The server whose models answer from a script. */
  scripted: Server
}

interface TestFixtures {
  watch: Watch
  /** A signed-in page on the server with the built-in rules. */
  page: Page
  /** A signed-in page on the server with the scripted models. */
  scriptedPage: Page
}

const sessions = new WeakMap<Server, { link: string; cookie: SessionCookie }>()

/** The server's session: its link works once, so all tests on it share what it gave. */
export async function sessionOf(server: Server): Promise<SessionCookie> {
  // A server that was started again has another link, and its sessions of before are gone.
  const link = server.signInLink
  const known = sessions.get(server)
  const cookie = known?.link === link ? known.cookie : await server.signIn()
  sessions.set(server, { link, cookie })
  return cookie
}

/** Opens the server's session in this context. */
export async function signIn(context: BrowserContext, server: Server) {
  const cookie = await sessionOf(server)
  await context.addCookies([{ ...cookie, url: server.base, httpOnly: true, sameSite: 'Strict' }])
}

/** Follows what a context does; what it asks of `origin`, and of `also`, is no stranger's. */
export function follow(context: BrowserContext, watch: Watch, origin: string, also = origin) {
  context.on('console', (message) => {
    if (message.type() === 'error') watch.errors.push(`${message.text()} (${message.location().url})`)
  })
  context.on('weberror', (error) => watch.errors.push(`uncaught: ${error.error()}`))
  context.on('request', (request) => {
    const url = request.url()
    const isOurs = url.startsWith(`${origin}/`) || url.startsWith(`${also}/`)
    if (!isOurs && !/^(data|blob|about):/.test(url)) watch.foreign.push(url)
  })
  // The browser tells of a request before its policy is asked, and then that it was held back: such a one never left.
  context.on('requestfailed', (request) => {
    const held = /^(csp|net::ERR_BLOCKED_BY_CSP)$/.test(request.failure()?.errorText ?? '')
    const place = held ? watch.foreign.indexOf(request.url()) : -1
    if (place >= 0) watch.foreign.splice(place, 1)
  })
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what is needed from the pattern.
    async ({}, use) => {
      const server = await Server.start()
      await use(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  scripted: [
    // biome-ignore lint/correctness/noEmptyPattern: as above.
    async ({}, use) => {
      const server = await Server.start({ scripted: true })
      await use(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  watch: async ({}, use) => {
    const provoked: RegExp[] = []
    const watch: Watch = { errors: [], foreign: [], expectError: (pattern) => provoked.push(pattern) }
    await use(watch)
    const unexpected = watch.errors.filter((error) => !provoked.some((pattern) => pattern.test(error)))
    expect(unexpected, 'errors on the console').toEqual([])
    expect(watch.foreign, 'requests that leave the origin').toEqual([])
  },
  page: async ({ context, server, watch }, use) => {
    follow(context, watch, server.base)
    await signIn(context, server)
    await use(await context.newPage())
  },
  scriptedPage: async ({ browser, scripted, watch }, use) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    follow(context, watch, scripted.base)
    await signIn(context, scripted)
    await use(await context.newPage())
    await context.close()
  },
})
