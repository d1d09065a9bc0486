import { createServer, type Server as Listener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const event = (body: object) => `data: ${JSON.stringify(body)}\n\n`
const piece = (content: string) => event({ choices: [{ index: 0, delta: { content } }] })

/**
 * A model that speaks OpenAI's protocol and streams its answer in two parts: the second waits for {@link SlowModel.goOn} where
 * answers are held. What it answers is a test's own.
 */
export class SlowModel {
  /** The code it writes: what is sent at once, and what is sent when it is let. */
  code: [string, string] = ['', '']
  /** Whether the second part of an answer waits. */
  hold = false
  private waiting: (() => void)[] = []

  private constructor(private readonly listener: Listener) {}

  static async start(): Promise<SlowModel> {
    const listener = createServer((request, response) => {
      request.resume()
      if (request.url?.endsWith('/models')) {
        response.setHeader('content-type', 'application/json')
        return response.end('{"data":[]}')
      }
      request.on('end', () => model.answer(response))
    })
    const model = new SlowModel(listener)
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
    return model
  }

  /** Settings of a server that has its code written here. */
  get settings(): Record<string, string> {
    const url = `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}/v1`
    return { CODE_MODEL_URL: url, CODE_MODEL_NAME: 'slow' }
  }

  private answer(response: ServerResponse) {
    const [first, second] = this.code
    response.setHeader('content-type', 'text/event-stream')
    response.write(piece(`It waits.\n\`\`\`python\n${first}`))
    const end = () => {
      const usage = { prompt_tokens: 1200, completion_tokens: 34 }
      response.write(piece(`${second}\`\`\`\n`))
      response.end(
        `${event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage })}data: [DONE]\n\n`,
      )
    }
    if (this.hold) this.waiting.push(end)
    else end()
  }

  /** Sends what is held back, and holds nothing any more. */
  goOn() {
    this.hold = false
    for (const go of this.waiting.splice(0)) go()
  }

  stop() {
    this.goOn()
    this.listener.closeAllConnections()
    this.listener.close()
  }
}
