import { afterEach, describe, expect, it, vi } from 'vitest'
import { destinationOf, envelopeOf, framesOf, plainMessage, reporterTo } from './reports'

afterEach(() => vi.unstubAllGlobals())

const DSN = 'https://abc123@errors.example.org/42'
const PAGE = {
  origin: 'https://darkroom.example.org',
  path: '/jobs/01a2244e-acff-7712-bafb-888ce739fec3',
  release: 'darkroom@1',
  now: new Date(0),
  id: 'f'.repeat(32),
}

/** Protects against reports that go nowhere, or anywhere. */
it.each([
  [DSN, 'https://errors.example.org/api/42/envelope/?sentry_key=abc123&sentry_version=7'],
  [
    'http://k@127.0.0.1:9000/sentry/7',
    'http://127.0.0.1:9000/sentry/api/7/envelope/?sentry_key=k&sentry_version=7',
  ],
  ['https://errors.example.org/42', undefined],
  ['javascript://k@x/1', undefined],
  ['', undefined],
])('reads the address %j', (dsn, url) => {
  expect(destinationOf(dsn)?.url).toBe(url)
})

/** Protects what people wrote and uploaded: whatever an error quotes stays here. */
it.each([
  [`Unexpected token 'h', "my secret prompt"... is not valid JSON`, /secret|prompt/],
  ['The file “salaries 2024.png” cannot be read.', /salaries/],
  ['Loading blob:https://host/1234 failed', /1234|host/],
  ['no job 01a2244e-acff-7712-bafb-888ce739fec3', /01a2244e/],
  [`open an unclosed "quote of a prompt`, /prompt/],
  ["cannot find 'report of Ada.pdf'", /Ada/],
])('keeps to itself what is quoted in %j', (message, secret) => {
  expect(plainMessage(message)).not.toMatch(secret)
})

describe('an envelope', () => {
  const error = new TypeError(`Cannot read "the prompt" of undefined`)
  error.stack = `TypeError: x
    at draw (${PAGE.origin}/assets/job-abc.js:1:200)
    at blob:${PAGE.origin}/secret:3:4
    at async ${PAGE.origin}/assets/index-def.js:2:30`

  /** Protects the operator: what is needed to find the fault is there, the innermost place last. */
  it('says what and where', () => {
    const lines = envelopeOf(error, destinationOf(DSN) ?? { url: '', dsn: '' }, PAGE).split('\n')
    const [head, item, event] = lines.map((line) => JSON.parse(line))
    expect(head).toMatchObject({ dsn: DSN, event_id: PAGE.id })
    expect(item).toEqual({ type: 'event' })
    expect(event).toMatchObject({ release: 'darkroom@1', transaction: '/jobs/ID', level: 'error' })
    const [told] = event.exception.values
    expect(told.type).toBe('TypeError')
    expect(told.stacktrace.frames.map((one: { filename: string }) => one.filename)).toEqual([
      '/assets/index-def.js',
      '/assets/job-abc.js',
    ])
  })

  /** Protects people: nothing of what they wrote, uploaded or opened is in it. */
  it('says nothing else', () => {
    const text = envelopeOf(error, destinationOf(DSN) ?? { url: '', dsn: '' }, PAGE)
    expect(text).not.toMatch(/prompt|secret|01a2244e|cookie|user/)
    const refused = Object.assign(new Error('The file salaries.png is too large.'), {
      problem: { code: 'file_too_large', detail: 'salaries.png' },
    })
    const told = envelopeOf(refused, destinationOf(DSN) ?? { url: '', dsn: '' }, PAGE)
    expect(told).toContain('file_too_large')
    expect(told).not.toContain('salaries')
    expect(framesOf('at https://evil.example/x.js:1:1', PAGE.origin)).toEqual([])
  })
})

/** Protects Sentry's quota and people's lines: a page that fails again and again is told of a few times, without a cookie. */
it.each([
  [DSN, 10],
  ['no address', 0],
])('reports to %j at most so often', (dsn, most) => {
  const sent = vi.fn(async () => new Response())
  vi.stubGlobal('fetch', sent)
  const report = reporterTo(dsn, 'darkroom@1')
  for (let i = 0; i < 25; i++) report(new Error('again'))
  expect(sent).toHaveBeenCalledTimes(most)
  for (const call of sent.mock.calls as unknown as [string, RequestInit][])
    expect(call[1]).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer' })
})
