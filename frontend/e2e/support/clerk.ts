import { createSign, generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server as Listener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { BrowserContext, Route } from '@playwright/test'
import { client, ENVIRONMENT, session, signIn, USER, WRONG_PASSWORD } from './clerk-data'
import { ROOT } from './server'

/** Where Clerk's own scripts stand that the browser loads (deploy/tools/web.sh judges). */
export const SCRIPTS = join(ROOT, 'target/clerk')
const HOST = 'stub-app-1.clerk.accounts.dev'
const KEY_ID = 'ins_stub'
export const PASSWORD = 'correct horse battery staple'

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * Stands in for Clerk, for tests only: the Frontend API that the browser talks to, answered within the browser's context, and
 * the keys that the server checks tokens with, over HTTP. Clerk's scripts in the browser are the real ones.
 */
export class Clerk {
  /** Whether somebody is signed in. */
  signedIn = false
  /** How long a token lives, in seconds. */
  lifeSeconds = 60
  /** How many tokens were given out. */
  tokens = 0
  /** Calls that nothing here answers; there must be none. */
  readonly unknown: string[] = []
  readonly publishableKey = `pk_test_${Buffer.from(`${HOST}$`).toString('base64')}`
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  private attempt: object | null = null

  private constructor(private readonly listener: Listener) {}

  static async start(): Promise<Clerk> {
    const listener = createServer((request, response) => {
      const isKeys = request.url?.includes('jwks')
      response.setHeader('content-type', 'application/json')
      response.statusCode = isKeys || request.url?.includes('/users/') ? 200 : 404
      response.end(JSON.stringify(isKeys ? clerk.jwks() : USER))
    })
    const clerk = new Clerk(listener)
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
    return clerk
  }

  stop() {
    this.listener.close()
  }

  /** Where browsers ask it. */
  readonly origin = `https://${HOST}`

  /** Who signs its tokens, and where its keys stand. */
  get issuer(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`
  }

  private jwks() {
    const key = this.keys.publicKey.export({ format: 'jwk' })
    return { keys: [{ ...key, kid: KEY_ID, use: 'sig', alg: 'RS256' }] }
  }

  /** A token of the user's session, for the app at this origin. */
  mint(origin: string): string {
    const iat = Math.floor(Date.now() / 1000)
    const who = { iss: this.issuer, sub: 'user_1', sid: 'sess_1', azp: origin }
    const claims = { ...who, iat, nbf: iat - 5, exp: iat + this.lifeSeconds, v: 2 }
    const body = `${encode({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${encode(claims)}`
    const signed = createSign('RSA-SHA256').update(body).sign(this.keys.privateKey)
    return `${body}.${signed.toString('base64url')}`
  }

  /** Answers everything that this context asks of Clerk. */
  async answer(context: BrowserContext) {
    await context.route(`https://${HOST}/**`, (route) => this.handle(route))
  }

  private async handle(route: Route) {
    const request = route.request()
    const url = new URL(request.url())
    const origin = request.headers().origin ?? '*'
    const script = /^\/npm\/@clerk\/(clerk-js|ui)@[^/]+\/dist\/(.+)$/.exec(url.pathname)
    if (script) {
      const file = join(SCRIPTS, script[1] ?? '', 'dist', script[2] ?? '')
      if (!existsSync(file)) return route.fulfill({ status: 404 })
      const headers = { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' }
      return route.fulfill({ status: 200, headers, body: readFileSync(file) })
    }
    // Clerk's script sends every verb as POST and names it in the address.
    const method = url.searchParams.get('_method') ?? request.method()
    const form = new URLSearchParams(request.postData() ?? '')
    const { status = 200, body } = this.say(method, url.pathname.replace('/v1', ''), form, origin)
    const headers = {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'authorization,content-type',
      'cache-control': 'no-store',
      'content-type': 'application/json',
    }
    return route.fulfill({ status, headers, body: JSON.stringify(body) })
  }

  private say(
    method: string,
    path: string,
    form: URLSearchParams,
    origin: string,
  ): { status?: number; body: object } {
    const now = () => client(this.signedIn, this.attempt, this.mint(origin))
    if (path === '/dev_browser') return { body: { id: 'dvb_1' } }
    if (path === '/environment') return { body: ENVIRONMENT }
    if (method === 'DELETE' || /\/sessions\/[^/]+\/(remove|end)$/.test(path)) {
      this.signedIn = false
      this.attempt = null
      return { body: { response: now(), client: null } }
    }
    if (path === '/client') return { body: { response: now(), client: null } }
    if (path === '/client/sign_ins' || path.endsWith('/attempt_first_factor')) {
      const password = form.get('password')
      if (path !== '/client/sign_ins' && password !== PASSWORD) return { status: 422, body: WRONG_PASSWORD }
      this.signedIn = password === PASSWORD
      const tried = signIn(this.signedIn ? 'complete' : 'needs_first_factor')
      this.attempt = this.signedIn ? null : tried
      return { body: { response: tried, client: now() } }
    }
    if (path.endsWith('/tokens')) {
      if (!this.signedIn) return { status: 401, body: { errors: [{ code: 'authentication_invalid' }] } }
      this.tokens += 1
      return { body: { object: 'token', jwt: this.mint(origin) } }
    }
    if (path.endsWith('/touch')) return { body: { response: session(this.mint(origin)), client: now() } }
    if (path === '/me') return { body: { response: USER, client: now() } }
    this.unknown.push(`${method} ${path}`)
    return { status: 404, body: { errors: [{ code: 'not_answered', message: path }] } }
  }
}
