import { describe, expect, it } from 'vitest'
import type { ServerEvent } from '@/lib/sse'
import { applyEvent, developed, NOTHING, type Progress } from './progress'

let number = 0
const event = (name: string, data: unknown, at = 1000): ServerEvent => ({
  id: String(++number),
  event: name,
  data: JSON.stringify({ at_ms: at, data }),
})
const step = (id: string, kind: string, detail: unknown, state = 'succeeded') => [
  event('step_started', { step_id: id, kind, picture: null }),
  event('step_finished', { step_id: id, kind, state, duration_ms: 5, detail }),
]

number = 0
const RUN: ServerEvent[] = [
  event('job_queued', {}),
  event('job_started', {}),
  ...step('s1', 'look', { image_kind: 'bar' }),
  ...step('s2', 'think', { action: 'write_code', code: 'import os', explanation: 'try', model: 'm' }),
  ...step('s3', 'review', { verdict: 'block', findings: [{ line: 1, blocks: true }] }),
  ...step('s4', 'think', { action: 'write_code', code: 'print(1)', explanation: 'again', model: 'm' }),
  ...step('s5', 'review', { verdict: 'pass', findings: [] }),
  ...step('s6', 'run', { status: 'ok', exit_code: 0, stdout: '1\n', outputs: [] }),
  ...step('s7', 'think', { action: 'finish', summary: 'One.' }),
  event('job_finished', { state: 'succeeded', summary: 'One.', error: null }, 2000),
]
const all = (events: readonly ServerEvent[], from: Progress = NOTHING) => events.reduce(applyEvent, from)

describe('applyEvent', () => {
  /** Protects the history of a job: attempts in order, each with its own review and run. */
  it('tells a whole job', () => {
    const end = all(RUN)
    expect(end).toMatchObject({ state: 'succeeded', summary: 'One.', startedAt: 1000, finishedAt: 2000 })
    expect(end.steps.map((one) => one.kind)).toEqual([
      'look',
      'think',
      'review',
      'think',
      'review',
      'run',
      'think',
    ])
    expect(end.attempts.map(({ number: n, code, verdict, run }) => [n, code, verdict, run?.status])).toEqual([
      [1, 'import os', 'block', undefined],
      [2, 'print(1)', 'pass', 'ok'],
    ])
  })

  /** Protects against a reconnect that repeats events: wherever it was cut, the end is the same. */
  it('is the same after any cut and repeat', () => {
    const whole = all(RUN)
    for (let cut = 0; cut <= RUN.length; cut++) {
      const again = all(RUN.slice(Math.max(0, cut - 3)), all(RUN.slice(0, cut)))
      expect(again).toEqual(whole)
    }
  })

  /** Protects the page from what it cannot read: newer events, broken ones, none with a number. */
  it.each([
    { id: '99', event: 'new_in_2030', data: '{}' },
    { id: '99', event: 'step_finished', data: '{' },
    { id: '99', event: 'step_finished', data: 'null' },
    { event: 'job_started', data: '{"at_ms":1,"data":{}}' },
    { id: '99', event: 'step_finished', data: '{"at_ms":1,"data":{"step_id":"unknown","detail":null}}' },
  ])('passes over %j', (odd) => {
    const before = all(RUN.slice(0, 4))
    expect({ ...applyEvent(before, odd), last: 0 }).toEqual({ ...before, last: 0 })
  })

  /** Protects the timeline of a stopped job: no step goes on for ever. */
  it('ends running steps with the job', () => {
    const stopped = all([
      ...RUN.slice(0, 3),
      event('job_finished', { state: 'cancelled', summary: '' }, 1500),
    ])
    expect(stopped.steps).toMatchObject([{ state: 'cancelled', durationMs: 500 }])
  })

  const piece = (text: string, more: object = {}): ServerEvent => ({
    event: 'live',
    data: JSON.stringify({ step_id: 's2', channel: 'code', replace: false, cut: false, text, ...more }),
  })
  const writing = () => all(RUN.slice(0, 5))

  /** Protects what is seen while a step goes on: pieces add up, a whole takes their place, channels stay apart. */
  it.each([
    [[piece('im'), piece('port')], { code: { text: 'import', cut: false } }],
    [[piece('im'), piece('imp', { replace: true })], { code: { text: 'imp', cut: false } }],
    [[piece('tail', { replace: true, cut: true }), piece('!')], { code: { text: 'tail!', cut: true } }],
    [
      [piece('a'), piece('out', { channel: 'stdout' }), piece('err', { channel: 'stderr' })],
      { code: { text: 'a' }, stdout: { text: 'out' }, stderr: { text: 'err' } },
    ],
    [[piece('of s2'), piece('of s3', { step_id: 's9' })], { stepId: 's9', code: { text: 'of s3' } }],
    [[piece('a'), piece('b', { channel: 'thoughts' }), piece('c', { text: 7 })], { code: { text: 'a' } }],
  ])('adds up what goes on, case %#', (pieces, live) => {
    const before = writing()
    const after = all(pieces, before)
    expect(after.live).toMatchObject(live)
    expect({ ...after, live: null }).toEqual(before)
  })

  /** Protects against code shown twice: with the step's end its code is a version, and what was told while it went on is gone. */
  it('shows the end of a step once', () => {
    const during = all([piece('import o')], writing())
    const after = all(RUN.slice(5, 6), during)
    expect([after.live, after.attempts.map((one) => one.code)]).toEqual([null, ['import os']])
    expect(all([piece('late')], after)).toBe(after)
    expect(all(RUN.slice(-1), during).live).toBeNull()
  })

  /** Protects the page's memory from code that prints without an end. */
  it('keeps the newest of a long text', () => {
    const long = all([piece('x'.repeat(70_000)), piece('END')], writing()).live?.code
    expect([long?.cut, long?.text.length, long?.text.endsWith('xEND')]).toEqual([true, 64 * 1024, true])
  })

  /** Protects the developing picture: it comes up with each step and never goes back. */
  it('develops without going back', () => {
    const shares = RUN.map((_, i) => developed(all(RUN.slice(0, i + 1))))
    expect([...shares].sort((a, b) => a - b)).toEqual(shares)
    expect(shares.at(-1)).toBe(1)
  })
})
