import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { ScriptedModel } from './model'
import { type Answer, Place, ROOT } from './place'

const PROGRAM = join(ROOT, 'target/release/stack')

/** All services as programs of their own behind Traefik, on real engines (`make stack`). */
export class Stack extends Place {
  token = ''
  private authority = ''
  private readonly lines: Interface

  private constructor(
    private readonly child: ChildProcess,
    private readonly model: ScriptedModel | null,
  ) {
    super()
    if (!child.stdout) throw new Error('what it prints cannot be read')
    this.lines = createInterface({ input: child.stdout })
  }

  /** Starts it; `scripted` ones have a model that answers as told. Gives a sentence where this machine lacks what it needs. */
  static async start({ scripted = false } = {}): Promise<Stack | string> {
    if (!existsSync(PROGRAM))
      return 'target/release/stack was not built (cargo build --release --workspace --bins)'
    const model = scripted ? await ScriptedModel.start() : null
    const settings = Object.entries(model?.settings ?? {}).map((pair) => pair.join('='))
    const child = spawn(PROGRAM, settings, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    const stack = new Stack(child, model)
    let said = ''
    child.stderr?.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-2000)
    })
    return new Promise((done, failed) => {
      child.once('error', failed)
      child.once('exit', () => {
        model?.stop()
        done(said.trim().split('\n').at(-1) ?? 'it ended without a word')
      })
      stack.lines.on('line', (line) => {
        stack.base ||= /ready at (\S+)/.exec(line)?.[1] ?? ''
        stack.token ||= /Token for programs: (\S+)/.exec(line)?.[1] ?? ''
        stack.authority ||= /Certificate authority: (\S+)/.exec(line)?.[1] ?? ''
        if (line.startsWith('Stop with')) done(stack)
      })
    })
  }

  answers(answers: Answer[]) {
    if (!this.model) throw new Error('this stack has no scripted model')
    this.model.answers(answers)
  }

  async crashAndRestart() {
    const again = new Promise<void>((done, failed) => {
      this.lines.on('line', (line) => line.startsWith('Killed') && done())
      this.child.once('exit', () => failed(new Error('the services did not start again')))
    })
    this.child.kill('SIGUSR1')
    await again
  }

  /** Its certificate is of an authority of its own, which `fetch` cannot be told of. */
  protected async send(url: string, init: RequestInit): Promise<Response> {
    const whole = new Request(url, init)
    const body = Buffer.from(await whole.arrayBuffer())
    const headers = { ...Object.fromEntries(whole.headers), 'content-length': String(body.length) }
    return new Promise((done, failed) => {
      const call = request(
        url,
        { method: whole.method, headers, ca: readFileSync(this.authority) },
        async (answer) => {
          const chunks: Buffer[] = []
          for await (const chunk of answer) chunks.push(chunk as Buffer)
          done(new Response(chunks.length > 0 ? Buffer.concat(chunks) : null, { status: answer.statusCode }))
        },
      )
      call.once('error', failed)
      call.end(body)
    })
  }

  /** Ends all of it; nothing of it is kept. */
  async stop() {
    const ended = new Promise((done) => this.child.once('exit', done))
    this.child.kill('SIGTERM')
    await ended
  }
}
