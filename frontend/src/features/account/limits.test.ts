import { expect, it } from 'vitest'
import { LIMIT_FIELDS, type Limits, limitsOf, ownLimits } from './limits'

const NONE = Object.fromEntries(LIMIT_FIELDS.map(({ key }) => [key, null])) as Limits

/** Protects people from limits that nobody set, and operators from a unit that is off by a million. */
it.each([
  [{}, {}],
  [{ requests_per_minute: ' ', open_jobs: 'x' }, {}],
  [
    { upload_bytes_per_day: '5', cost_usd_per_day: '0.25' },
    { upload_bytes_per_day: 5 * 1024 * 1024, cost_usd_per_day: 0.25 },
  ],
  [{ upload_bytes_per_day: '0.5' }, { upload_bytes_per_day: 512 * 1024 }],
  [
    { running_jobs: '0', tokens_per_day: '1200' },
    { running_jobs: 0, tokens_per_day: 1200 },
  ],
])('reads %j', (fields, expected) => {
  const limits = limitsOf(Object.entries(fields))
  expect(limits).toEqual({ ...NONE, ...expected })
  expect(ownLimits(limits)).toBe(Object.keys(expected).length)
  // As the server tells it: what is not set is left out.
  expect(ownLimits(expected as Limits)).toBe(Object.keys(expected).length)
})
