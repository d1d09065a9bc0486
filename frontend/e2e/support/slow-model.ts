import type { Server as Listener, ServerResponse } from 'node:http'
import { end, listen, say, settingsOf } from './model'

/**
 * A model that streams its answer in two parts: the second waits for {@link SlowModel.goOn} where answers are held. What it
 * answers is a test's own.
 */
export class SlowModel {
  /** The code it writes: what is sent at once, and what is sent when it is let. */
  code: [string, string] = ['', '']
  /** Whether the second part of an answer waits. */
  hold = false
  private waiting: (() => void)[] = []

  private constructor(private readonly listener: Listener) {}

  static async start(): Promise<SlowModel> {
    const model: SlowModel = new SlowModel(await listen((response) => model.answer(response)))
    return model
  }

  /** Settings of a server that has its code written here. */
  get settings() {
    return settingsOf(this.listener, 'slow')
  }

  private answer(response: ServerResponse) {
    const [first, second] = this.code
    say(response, `It waits.\n\`\`\`python\n${first}`)
    const rest = () => {
      say(response, `${second}\`\`\`\n`)
      end(response)
    }
    if (this.hold) this.waiting.push(rest)
    else rest()
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
