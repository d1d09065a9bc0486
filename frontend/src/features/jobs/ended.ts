import type { Job } from '@/api/types'
import { isLive } from './api'

/** The jobs that were live in the first list and have ended in the second. None where there was no first list. */
export function ended(before: readonly Job[] | null, now: readonly Job[]): Job[] {
  const live = new Set((before ?? []).filter(isLive).map((job) => job.id))
  return now.filter((job) => live.has(job.id) && !isLive(job))
}
