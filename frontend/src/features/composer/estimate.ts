import type { Job } from '@/api/types'

const MOST_JOBS = 24

/** What a job of one's usually takes. */
export type Estimate = { ms: number; tokens: number; usd: number }

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** The medians of the latest jobs that ended well: time, tokens and money; null where fewer than three are known. */
export function estimate(jobs: readonly Job[]): Estimate | null {
  const ms = usualDuration(jobs)
  if (ms === null) return null
  const used = jobs.filter((job) => job.state === 'succeeded').slice(0, MOST_JOBS)
  return {
    ms,
    tokens: median(used.map(({ usage }) => usage.prompt_tokens + usage.completion_tokens)),
    usd: median(used.map(({ usage }) => usage.cost_usd ?? 0)),
  }
}

/** What is left of today's tokens and money, where these are limited, and of jobs that may be open. */
export type Left = {
  tokens_left?: number | null
  cost_usd_left?: number | null
  open_jobs: number
  max_open_jobs?: number | null
}

/** What may keep a job that takes as much as usual from its end, in a sentence; null where nothing does. */
export function shortage(left: Left, usual: Pick<Estimate, 'tokens' | 'usd'> | null): string | null {
  const { tokens_left: tokens, cost_usd_left: usd, open_jobs, max_open_jobs } = left
  if (max_open_jobs != null && open_jobs >= max_open_jobs)
    return 'You have as many open jobs as you may. Wait until one ends.'
  if (tokens === 0 || usd === 0)
    return 'Today’s model use is used up. A job would end as soon as it needs a model.'
  if (tokens != null && usual && usual.tokens > tokens)
    return `${tokens.toLocaleString('en')} tokens are left today; a job of yours usually takes ${usual.tokens.toLocaleString('en')}.`
  if (usd != null && usual && usual.usd > usd)
    return 'Less money is left for models today than a job of yours usually takes.'
  return null
}

/** The median time of jobs that ended well, in milliseconds; null where fewer than three are known. */
export function usualDuration(jobs: readonly Job[]): number | null {
  const times = jobs
    .filter((job) => job.state === 'succeeded' && job.started_at && job.finished_at)
    .map((job) => Date.parse(job.finished_at ?? '') - Date.parse(job.started_at ?? ''))
    .filter((ms) => ms >= 0)
    .sort((a, b) => a - b)
  return times.length < 3 ? null : (times[Math.floor(times.length / 2)] ?? null)
}
