import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { components } from '../../src/api/schema.gen'

/** A job as the API shows it. */
export type JobView = components['schemas']['JobView']

/** The repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

/** One of the repository's own sample pictures. */
export const sample = (name: string) => join(ROOT, 'services/darkroom/samples', name)

/** One answer of a scripted model, after a pause. */
export interface Answer {
  text: string
  delay_ms?: number
}

/** Code as a model answers it. */
export const fenced = (code: string, delay_ms = 0): Answer => ({
  text: `Here is the code.\n\n\`\`\`python\n${code}\n\`\`\`\n`,
  delay_ms,
})

/** Where Darkroom runs, in one process or as services behind Traefik: what tests ask of it, as programs do. */
export abstract class Place {
  base = ''

  /** The token for programs. */
  abstract get token(): string

  /** What the scripted model answers from now on, the last one again and again. */
  abstract answers(answers: Answer[]): void

  /** Kills it without a warning and starts it again at the same address. */
  abstract crashAndRestart(): Promise<void>

  /** A request as it is. */
  protected send(url: string, init: RequestInit): Promise<Response> {
    return fetch(url, init)
  }

  /** A call with the token, as programs make them. */
  async call(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${this.token}`)
    return this.send(this.base + path, { ...init, headers })
  }

  /** Uploads a picture and makes a job of it; gives the job's id. */
  async job(picture: string, prompt = '', options: Record<string, number | string> = {}): Promise<string> {
    const form = new FormData()
    form.append('file', new Blob([readFileSync(picture)]), 'picture.png')
    const file = (await (await this.call('/api/v1/files', { method: 'POST', body: form })).json()) as {
      id: string
    }
    const made = await this.call('/api/v1/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ file_ids: [file.id], prompt, options }),
    })
    if (made.status !== 202) throw new Error(`no job: ${made.status} ${await made.text()}`)
    return ((await made.json()) as { id: string }).id
  }

  /** A job as the API shows it. */
  async view(id: string): Promise<JobView> {
    return (await (await this.call(`/api/v1/jobs/${id}`)).json()) as JobView
  }

  /** The content of one of a job's outputs. */
  async output(id: string, name: string): Promise<string> {
    const answer = await this.call(`/api/v1/jobs/${id}/outputs/${name}`)
    if (answer.status !== 200) throw new Error(`no output ${name}: ${answer.status}`)
    return answer.text()
  }

  /** Waits until the job has ended; gives its state. */
  async ended(id: string): Promise<string> {
    for (;;) {
      const { state } = await this.view(id)
      if (!['queued', 'running'].includes(state)) return state
      await new Promise((done) => setTimeout(done, 100))
    }
  }
}
