import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Answer, fenced, Place, ROOT } from './place'

export * from './place'

/** The cookie of a session, as the browser wants it. */
export interface SessionCookie {
  name: string
  value: string
}

/** How a server is started. */
export interface StartOptions {
  scripted?: boolean
  /** Where it listens; at a port that nobody uses where nothing is said. */
  listen?: string
  /** Settings besides. */
  settings?: Record<string, string>
}

/** A port of this machine that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

/**
 * A running `darkroom serve` with a data folder of its own. Code comes from the built-in rules, or from a script that a
 * test writes.
 */
export class Server extends Place {
  private link = ''
  private child: ChildProcess | undefined
  private readonly folder = mkdtempSync(join(tmpdir(), 'darkroom-e2e-'))
  private readonly script = join(this.folder, 'script.json')

  private constructor(private readonly options: StartOptions) {
    super()
  }

  /** Starts one; `scripted` ones have models that answer as {@link Server.answers} tells them. */
  static async start(options: StartOptions = {}): Promise<Server> {
    const server = new Server(options)
    server.answers([fenced('print("nothing was scripted")')])
    await server.launch(options.listen ?? '127.0.0.1:0')
    return server
  }

  /** What the scripted model answers from now on, the last one again and again. */
  answers(answers: Answer[]) {
    writeFileSync(this.script, JSON.stringify({ answers, repeat_last: true }))
  }

  /** The token for programs. */
  get token(): string {
    return readFileSync(join(this.folder, 'data/token'), 'utf8').trim()
  }

  /** The one-time link that was printed at the start. */
  get signInLink(): string {
    return this.link
  }

  /** Uses the one-time link up, as a browser would. */
  async signIn(): Promise<SessionCookie> {
    const response = await fetch(this.link, { redirect: 'manual' })
    const [pair = ''] = (response.headers.get('set-cookie') ?? '').split(';')
    const [name = '', value = ''] = pair.split('=')
    if (!value) throw new Error(`the sign-in link gave no session: ${response.status}`)
    return { name, value }
  }

  /** Kills it without a warning and starts it again at the same address. */
  async crashAndRestart() {
    await this.end('SIGKILL')
    await this.launch(new URL(this.base).host)
  }

  /** Ends it and removes what it kept. */
  async stop() {
    await this.end('SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }

  private async end(signal: NodeJS.Signals) {
    const child = this.child
    if (!child || child.exitCode !== null) return
    const ended = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    await ended
  }

  private async launch(listen: string) {
    const url = `scripted:${this.script}`
    const models = this.options.scripted ? { CODE_MODEL_URL: url } : {}
    const environment = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      PYTHON_ENV: join(ROOT, 'target/python'),
      TOOLS_ENV: join(ROOT, 'target/tools'),
      LOG: 'error',
      ...models,
      ...this.options.settings,
    }
    const program = process.env.DARKROOM ?? join(ROOT, 'target/release/darkroom')
    const child = spawn(program, ['serve', '--listen', listen, '--data', join(this.folder, 'data')], {
      env: environment,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.child = child
    this.link = ''
    const lines = createInterface({ input: child.stdout })
    await new Promise<void>((ready, failed) => {
      child.once('error', failed)
      child.once('exit', (code) => failed(new Error(`the server ended at its start with exit code ${code}`)))
      lines.on('line', (line) => {
        const address = /ready at (\S+)/.exec(line)?.[1]
        if (address) this.base = address
        const link = /(http\S+\/signin\S+)/.exec(line)?.[1]
        if (link) this.link = link
        // Where people sign in elsewhere there is no link.
        if (this.base && (this.link || this.options.settings?.AUTH_MODE)) ready()
      })
    })
  }
}
