import { expect, it } from 'vitest'
import { formatUsd, meters, type Usage, waitWords } from './meters'

const USAGE: Usage = {
  prompt_tokens: 900,
  completion_tokens: 300,
  calls: 3,
  cost_usd: 0.02,
  tokens_left: 800,
  cost_usd_left: null,
  day_ends_in_seconds: 7260,
  open_jobs: 2,
  max_open_jobs: 4,
  running_jobs: 1,
  max_running_jobs: null,
  allowances: [
    { name: 'requests', limit: 60, remaining: 45, period_seconds: 60 },
    { name: 'upload_bytes', limit: 1_048_576, remaining: 1_048_576, period_seconds: 86_400 },
    { name: 'thoughts', limit: 0, remaining: 0, period_seconds: 3600 },
  ],
}

/** Protects people from running into a limit unseen: of each it is told what is used, what is left, and when there is more. */
it('tells of each limit what is used, left and when it renews', () => {
  const told = Object.fromEntries(
    meters(USAGE).map(({ key, used, left, limit, share, renews }) => [
      key,
      [used, left, limit, share, renews],
    ]),
  )
  const day = 'Anew in 2 h 1 min, at midnight UTC'
  expect(told).toEqual({
    tokens: ['1,200', '800', '2,000', 0.6, day],
    cost: ['$0.02', null, null, null, day],
    open: ['2', '2', '4', 0.5, 'One more as soon as one ends'],
    running: ['1', null, null, null, 'Further ones wait for their turn'],
    requests: ['15', '45', '60', 0.25, 'All of it again in 15 seconds'],
    upload_bytes: ['0 B', '1.0 MB', '1.0 MB', 0, 'All of it is left'],
    thoughts: ['0', '0', '0', 1, 'All of it is left'],
  })
})

/** Protects against a meter past its end where more was used than allowed. */
it('is full and no more where a limit was passed', () => {
  const over = meters({ ...USAGE, tokens_left: 0, open_jobs: 9 })
  expect(over.slice(0, 3).map(({ share, left }) => [share, left])).toEqual([
    [1, '0'],
    [null, null],
    [1, '0'],
  ])
})

/** Protects figures of money and time that read as words. */
it.each([
  [waitWords(1), '1 second'],
  [waitWords(59.2), '1 minute'],
  [waitWords(3599), '1 h 0 min'],
  [waitWords(-3), '0 seconds'],
  [formatUsd(0), '$0.00'],
  [formatUsd(0.000123), '$0.00012'],
  [formatUsd(12.3456), '$12.35'],
])('%s', (words, expected) => {
  expect(words).toBe(expected)
})
