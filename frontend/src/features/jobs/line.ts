import type { Job } from '@/api/types'

/**
 * All versions of a job that are known, oldest first, and the job among them: what it revises, and what revises it.
 * Where two jobs revise the same one, the newer of them is followed.
 */
export function lineOf(
  job: Pick<Job, 'id' | 'chain'>,
  known: readonly Pick<Job, 'id' | 'chain'>[],
): string[] {
  const own = [...(job.chain ?? []), job.id]
  // Ids are made in the order of time.
  const after = known.filter((one) => one.chain?.includes(job.id)).sort((a, b) => (a.id < b.id ? 1 : -1))
  const longest = after[0]
  return longest ? [...(longest.chain ?? []), longest.id] : own
}
