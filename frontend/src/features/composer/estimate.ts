import type { Job } from '@/api/types'

/** The median time of jobs that ended well, in milliseconds; null where fewer than three are known. */
export function usualDuration(jobs: readonly Job[]): number | null {
  const times = jobs
    .filter((job) => job.state === 'succeeded' && job.started_at && job.finished_at)
    .map((job) => Date.parse(job.finished_at ?? '') - Date.parse(job.started_at ?? ''))
    .filter((ms) => ms >= 0)
    .sort((a, b) => a - b)
  return times.length < 3 ? null : (times[Math.floor(times.length / 2)] ?? null)
}
