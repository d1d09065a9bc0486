import { expect, it } from 'vitest'
import type { Job } from '@/api/types'
import { estimate, type Left, shortage } from './estimate'

const job = (seconds: number, tokens: number, usd = 0, state = 'succeeded') =>
  ({
    state,
    started_at: '2026-01-01T00:00:00Z',
    finished_at: new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString(),
    usage: { prompt_tokens: tokens, completion_tokens: 1, cost_usd: usd },
  }) as Job

/** Protects the estimate from outliers, from jobs that say nothing of the next one, and from guesses out of too little. */
it.each([
  [[], null],
  [[job(1, 10), job(2, 20)], null],
  [[job(1, 10), job(2, 20), job(900, 9, 0, 'failed')], null],
  [[job(1, 10, 0.01), job(500, 90_000, 2), job(3, 30, 0.03)], { ms: 3000, tokens: 31, usd: 0.03 }],
])('estimates from jobs, case %#', (jobs, expected) => {
  expect(estimate(jobs)).toEqual(expected)
})

const LEFT: Left = { open_jobs: 1 }
/** Protects people from starting what cannot end: what lacks is said before, and nothing is said where nothing lacks. */
it.each([
  [LEFT, { tokens: 50, usd: 1 }, null],
  [{ ...LEFT, max_open_jobs: 1 }, null, 'open jobs'],
  [{ ...LEFT, max_open_jobs: 2 }, null, null],
  [{ ...LEFT, tokens_left: 0 }, null, 'used up'],
  [{ ...LEFT, cost_usd_left: 0 }, null, 'used up'],
  [{ ...LEFT, tokens_left: 1000 }, null, null],
  [{ ...LEFT, tokens_left: 1000 }, { tokens: 1001, usd: 0 }, '1,000 tokens are left'],
  [{ ...LEFT, tokens_left: 1000 }, { tokens: 1000, usd: 0 }, null],
  [{ ...LEFT, cost_usd_left: 0.01 }, { tokens: 0, usd: 0.02 }, 'Less money'],
] as const)('finds what lacks, case %#', (left, usual, words) => {
  const said = shortage(left, usual)
  if (words === null) expect(said).toBeNull()
  else expect(said).toContain(words)
})
