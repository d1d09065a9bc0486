import { expect, it } from 'vitest'
import type { Job, JobState } from '@/api/types'
import { usualDuration } from '@/features/composer/estimate'
import { titleOf } from './api'
import { ended } from './ended'

const job = (id: string, state: JobState, more: Partial<Job> = {}) =>
  ({ id, state, prompt: '', summary: '', file_ids: [], ...more }) as unknown as Job

/** Protects against telling of jobs that had long ended, or that one never saw running. */
it('tells only of jobs that ended meanwhile', () => {
  const before = [job('a', 'running'), job('b', 'queued'), job('c', 'succeeded')]
  const now = [job('a', 'succeeded'), job('b', 'running'), job('c', 'succeeded'), job('d', 'failed')]
  expect(ended(before, now).map((one) => one.id)).toEqual(['a'])
  expect(ended(null, now)).toEqual([])
})

/** Protects the estimate: a median of real jobs, and none where there are too few. */
it('estimates from jobs that ended well', () => {
  const timed = (ms: number, state: JobState = 'succeeded') =>
    job('x', state, {
      started_at: new Date(1000).toISOString(),
      finished_at: new Date(1000 + ms).toISOString(),
    })
  expect(usualDuration([timed(5), timed(7)])).toBeNull()
  expect(usualDuration([timed(5), timed(900), timed(7), timed(99_999, 'failed')])).toBe(7)
})

/** Protects lists from rows without a name. */
it('names every job', () => {
  expect(titleOf(job('a', 'queued'))).toBe('Develop this picture')
  expect(titleOf(job('a', 'succeeded', { summary: 'Read 6 bars.\nMore' }))).toBe('Read 6 bars.')
  expect(titleOf(job('a', 'succeeded', { prompt: ' asked ', summary: 'x' }))).toBe('asked')
})
