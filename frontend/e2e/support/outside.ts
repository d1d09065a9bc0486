import { createServer as createHttp } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'

const portOf = (listener: { address: () => unknown }) => (listener.address() as AddressInfo).port

/** What the outside world got of a server under test. */
export interface Outside {
  /** Where webhooks go. */
  hook: string
  /** Bodies of webhooks, as they came. */
  hooks: { headers: Record<string, unknown>; body: string }[]
  /** Letters, as they came. */
  letters: string[]
  /** What webhooks are answered from now on. */
  answer: (status: number) => void
  /** Settings of a server that may reach all this. */
  settings: Record<string, string>
  stop: () => void
}

/** A receiver of webhooks and a mailbox, on this machine. */
export async function startOutside(): Promise<Outside> {
  const hooks: Outside['hooks'] = []
  const letters: string[] = []
  let status = 204
  const web = createHttp((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      hooks.push({ headers: request.headers, body })
      response.statusCode = status
      response.end()
    })
  })
  // As little of SMTP as a sender needs: every command is taken, and what follows DATA is a letter.
  const mail = createTcp((socket) => {
    let [text, inLetter] = ['', false]
    socket.on('error', () => undefined)
    socket.write('220 mailbox\r\n')
    socket.on('data', (part) => {
      text += part.toString()
      for (;;) {
        const end = text.indexOf(inLetter ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const taken = text.slice(0, end)
        text = text.slice(end + (inLetter ? 5 : 2))
        if (inLetter) {
          letters.push(taken)
          inLetter = false
          socket.write('250 taken\r\n')
        } else if (/^DATA/i.test(taken)) {
          inLetter = true
          socket.write('354 go on\r\n')
        } else if (/^QUIT/i.test(taken)) {
          socket.end('221 bye\r\n')
        } else socket.write('250 well\r\n')
      }
    })
  })
  await new Promise<void>((done) => web.listen(0, '127.0.0.1', done))
  await new Promise<void>((done) => mail.listen(0, '127.0.0.1', done))
  return {
    hook: `http://127.0.0.1:${portOf(web)}/darkroom`,
    hooks,
    letters,
    answer: (next) => {
      status = next
    },
    settings: {
      WEBHOOK_HOSTS: '127.0.0.1',
      WEBHOOK_SCHEMES: 'http',
      SMTP_URL: `smtp://127.0.0.1:${portOf(mail)}`,
      MAIL_FROM: 'Darkroom <darkroom@example.org>',
    },
    stop: () => {
      web.closeAllConnections()
      web.close()
      mail.close()
    },
  }
}
