import { createServer, type Server as Listener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer } from './place'

const event = (body: object) => `data: ${JSON.stringify(body)}\n\n`

/** Sends a part of an answer. */
export function say(response: ServerResponse, content: string) {
  if (!response.headersSent) response.setHeader('content-type', 'text/event-stream')
  response.write(event({ choices: [{ index: 0, delta: { content } }] }))
}

/** Ends an answer, with what it used. */
export function end(response: ServerResponse) {
  const usage = { prompt_tokens: 1200, completion_tokens: 34 }
  response.end(
    `${event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage })}data: [DONE]\n\n`,
  )
}

/** Something that speaks OpenAI's protocol and answers each request as it is told. */
export async function listen(answer: (response: ServerResponse) => void): Promise<Listener> {
  const listener = createServer((request, response) => {
    request.resume()
    if (request.url?.endsWith('/models')) {
      response.setHeader('content-type', 'application/json')
      return response.end('{"data":[]}')
    }
    request.on('end', () => answer(response))
  })
  await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
  return listener
}

/** Settings of a server that has its code written there. */
export const settingsOf = (listener: Listener, name: string): Record<string, string> => ({
  CODE_MODEL_URL: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/v1`,
  CODE_MODEL_NAME: name,
})

/** A model whose answers are written by a test: one after the other, the last one again and again. */
export class ScriptedModel {
  private script: Answer[] = []
  private next = 0

  private constructor(private readonly listener: Listener) {}

  static async start(): Promise<ScriptedModel> {
    const model: ScriptedModel = new ScriptedModel(await listen((response) => model.answer(response)))
    return model
  }

  get settings() {
    return settingsOf(this.listener, 'scripted')
  }

  /** Begins with these. */
  answers(script: Answer[]) {
    this.script = script
    this.next = 0
  }

  private answer(response: ServerResponse) {
    const { text, delay_ms = 0 } = this.script[Math.min(this.next, this.script.length - 1)] ?? { text: '' }
    this.next += 1
    const timer = setTimeout(() => {
      say(response, text)
      end(response)
    }, delay_ms)
    // Whoever asked has gone.
    response.on('close', () => clearTimeout(timer))
  }

  stop() {
    this.listener.closeAllConnections()
    this.listener.close()
  }
}
