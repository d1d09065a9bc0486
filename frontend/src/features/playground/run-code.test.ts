import { expect, it } from 'vitest'
import type { LogPart } from '@/features/logs/log-view'
import { joinParts, runCode, toBase64 } from './run-code'

const stream = (...events: [string, unknown][]) =>
  new Response(events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join(''))
const run = (response: Response, seen: LogPart[] = []) =>
  runCode({
    send: async () => response,
    body: { code: '1' },
    signal: new AbortController().signal,
    onOutput: (part) => seen.push(part),
  })

/** Protects the playground: output comes in order, the answer last, and a problem is an error. */
it('tells output and answer', async () => {
  const seen: LogPart[] = []
  const answer = await run(
    stream(
      ['output', { stream: 'stdout', ms: 1, text: 'a' }],
      ['output', { stream: 'stderr', ms: 2, text: 'b' }],
      ['result', { id: 'x' }],
    ),
    seen,
  )
  expect(answer).toEqual({ id: 'x' })
  expect(seen.map((part) => part.stream + part.text)).toEqual(['stdouta', 'stderrb'])
  await expect(
    run(stream(['problem', { code: 'too_busy', detail: 'All places are taken.' }])),
  ).rejects.toThrow(/taken/)
  await expect(run(stream())).rejects.toThrow(/dropped/)
})

/** Protects lines that were printed in pieces. */
it('joins pieces of one stream', () => {
  const parts: LogPart[] = [
    { stream: 'stdout', text: 'on' },
    { stream: 'stdout', text: 'e\n' },
    { stream: 'stderr', text: '!' },
    { stream: 'stdout', text: 'two' },
  ]
  expect(parts.reduce(joinParts, [] as LogPart[])).toEqual([
    { stream: 'stdout', text: 'one\n' },
    { stream: 'stderr', text: '!' },
    { stream: 'stdout', text: 'two' },
  ])
})

/** Protects files on their way in: any byte, any length. */
it('writes base64', async () => {
  const bytes = new Uint8Array(70_000).map((_, i) => i % 256)
  const text = await toBase64({ arrayBuffer: async () => bytes.buffer } as Blob)
  expect(Uint8Array.from(atob(text), (one) => one.charCodeAt(0))).toEqual(bytes)
})
