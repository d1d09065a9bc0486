import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Send } from '@/api/client'
import { ApiError } from '@/api/problem'
import type { ExecutionAnswer, ExecutionBody, Problem } from '@/api/types'
import type { LogPart } from '@/features/logs/log-view'

type Options = { send: Send; body: ExecutionBody; signal: AbortSignal; onOutput: (part: LogPart) => void }

/** Runs code in the sandbox and tells what it prints as it prints it. Going away (the signal) ends the run. */
export async function runCode({ send, body, signal, onOutput }: Options): Promise<ExecutionAnswer> {
  const headers = { 'Content-Type': 'application/json', Accept: 'text/event-stream' }
  const response = await send('/api/v1/executions', {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal,
  })
  const events = response.body
    ?.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader()
  for (;;) {
    const next = await events?.read()
    if (!next || next.done)
      throw new Error('The line to the server dropped before the run had ended. Run it again.')
    const { event, data } = next.value
    if (event === 'output') onOutput(JSON.parse(data) as LogPart)
    if (event === 'problem') throw new ApiError(JSON.parse(data) as Problem)
    if (event === 'result') return JSON.parse(data) as ExecutionAnswer
  }
}

/** Bytes as base64, in pieces that a call can take. */
export async function toBase64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  let text = ''
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(text)
}

/** Pieces of output joined while they are of one stream, so that a line printed in two pieces is one line. */
export function joinParts(parts: readonly LogPart[], next: LogPart): LogPart[] {
  const last = parts.at(-1)
  if (last?.stream !== next.stream) return [...parts, { stream: next.stream, text: next.text }]
  return [...parts.slice(0, -1), { stream: last.stream, text: last.text + next.text }]
}
