import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './server'

const PROGRAM = join(ROOT, 'target/release/stack')

/** All services as programs of their own behind Traefik, on real engines (`make stack`). */
export class Stack {
  base = ''
  token = ''

  private constructor(private readonly child: ChildProcess) {}

  /** Starts it. Gives a sentence where this machine lacks what it needs. */
  static async start(): Promise<Stack | string> {
    if (!existsSync(PROGRAM))
      return 'target/release/stack was not built (cargo build --release --workspace --bins)'
    const child = spawn(PROGRAM, [], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    const stack = new Stack(child)
    let said = ''
    child.stderr?.on('data', (text: Buffer) => {
      said = (said + text.toString()).slice(-2000)
    })
    return new Promise((done, failed) => {
      child.once('error', failed)
      child.once('exit', () => done(said.trim().split('\n').at(-1) ?? 'it ended without a word'))
      createInterface({ input: child.stdout }).on('line', (line) => {
        stack.base ||= /ready at (\S+)/.exec(line)?.[1] ?? ''
        stack.token ||= /Token for programs: (\S+)/.exec(line)?.[1] ?? ''
        if (line.startsWith('Stop with')) done(stack)
      })
    })
  }

  /** Ends all of it; nothing of it is kept. */
  async stop() {
    const ended = new Promise((done) => this.child.once('exit', done))
    this.child.kill('SIGTERM')
    await ended
  }
}
