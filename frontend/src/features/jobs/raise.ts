import type { Config, Job, JobOptions } from '@/api/types'

/** Most turns that the API takes. */
const MOST_TURNS = 16

const twice = (value: number | null | undefined) => (value == null ? value : value * 2)

/** The option that a job has used up, where it is known. */
export function limitOf(job: Pick<Job, 'stopped_by' | 'error'>): keyof JobOptions | null {
  if (job.error?.code === 'run_timeout') return 'run_timeout_seconds'
  if (job.stopped_by === 'turns') return 'max_turns'
  if (job.stopped_by === 'tokens') return 'max_tokens'
  if (job.stopped_by === 'cost') return 'max_cost_usd'
  return job.stopped_by === 'seconds' ? 'max_seconds' : null
}

/**
 * The options of a job with more room: twice the limit that was used up, as far as the server goes. Where none is named, all
 * that were set are raised.
 */
export function raised(
  options: JobOptions,
  limit: string | null | undefined,
  most: Pick<Config['limits'], 'max_run_seconds' | 'max_job_seconds'>,
): JobOptions {
  const seconds = twice(options.max_seconds)
  const higher = {
    max_turns: Math.min(MOST_TURNS, (options.max_turns ?? MOST_TURNS) * 2),
    max_tokens: twice(options.max_tokens) ?? null,
    max_cost_usd: twice(options.max_cost_usd) ?? null,
    max_seconds: seconds == null ? null : Math.min(most.max_job_seconds, seconds),
    run_timeout_seconds: most.max_run_seconds,
  }
  if (limit && limit in higher) {
    const name = limit as keyof typeof higher
    return { ...options, [name]: higher[name] }
  }
  return { ...options, ...higher }
}
