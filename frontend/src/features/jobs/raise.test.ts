import { expect, it } from 'vitest'
import type { Job, JobOptions } from '@/api/types'
import { limitOf, raised } from './raise'

const MOST = { max_run_seconds: 120, max_job_seconds: 1800 }

/** Protects a second try from ending at the same limit, and from asking for more than the server allows. */
it.each([
  [{ max_tokens: 500 }, 'max_tokens', { max_tokens: 1000 }],
  [{ max_tokens: 500, max_seconds: 60 }, 'max_seconds', { max_tokens: 500, max_seconds: 120 }],
  [{ max_seconds: 1700 }, 'max_seconds', { max_seconds: 1800 }],
  [{ max_turns: 3 }, 'max_turns', { max_turns: 6 }],
  [{ max_turns: 12 }, 'max_turns', { max_turns: 16 }],
  [{ max_cost_usd: 0.25 }, 'max_cost_usd', { max_cost_usd: 0.5 }],
  [{ run_timeout_seconds: 10 }, 'run_timeout_seconds', { run_timeout_seconds: 120 }],
  [
    { max_turns: 4, max_tokens: 10, max_cost_usd: null, run_timeout_seconds: 5, variants: 2 },
    null,
    {
      max_turns: 8,
      max_tokens: 20,
      max_cost_usd: null,
      max_seconds: null,
      run_timeout_seconds: 120,
      variants: 2,
    },
  ],
  // A limit of newer servers that this page does not know.
  [
    { max_turns: 16 },
    'max_rooms',
    { max_turns: 16, max_tokens: null, max_cost_usd: null, max_seconds: null, run_timeout_seconds: 120 },
  ],
])('raises %j by %j', (options, limit, expected) => {
  expect(raised(options as JobOptions, limit, MOST)).toEqual(expected)
})

/** Protects a second try from raising what was not in the way. */
it.each([
  ['run_timeout', undefined, 'run_timeout_seconds'],
  ['budget_reached', 'turns', 'max_turns'],
  ['budget_reached', 'tokens', 'max_tokens'],
  ['budget_reached', 'cost', 'max_cost_usd'],
  [undefined, 'seconds', 'max_seconds'],
  ['run_failed', 'repairs', null],
  [undefined, undefined, null],
])('finds what %s and %s used up', (code, stopped_by, expected) => {
  expect(limitOf({ error: code ? { code } : null, stopped_by } as unknown as Job)).toBe(expected)
})
