import type { Job } from '@/api/types'
import { titleOf } from './api'

/** The jobs whose words hold all words that were typed. */
export function matching(jobs: readonly Job[], search: string): Job[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...jobs]
  return jobs.filter((job) => {
    const text = `${titleOf(job)} ${job.summary} ${job.image_kind ?? ''} ${job.id}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
