import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useNavigate } from 'react-router'
import { useApi } from '@/api/context'
import type { Job } from '@/api/types'
import { isLive, recentJobs } from '@/features/jobs/api'
import { ended } from '@/features/jobs/ended'
import { mayNotify, notify } from '@/lib/notifications'
import { showToast } from '@/lib/toast'

/** How many of the latest jobs are at work. */
export function useLiveJobs(): number {
  const jobs = useQuery(recentJobs(useApi()))
  return jobs.data?.items.filter(isLive).length ?? 0
}

function tell(job: Job, open: () => void) {
  const title =
    job.state === 'succeeded'
      ? 'A picture has developed'
      : job.state === 'failed'
        ? 'A job failed'
        : 'A job was stopped'
  const detail = job.prompt || job.summary.split('\n')[0] || undefined
  const short = detail && detail.length > 120 ? `${detail.slice(0, 117)}…` : detail
  if (document.hidden && mayNotify()) return notify(title, short, open)
  showToast({
    tone: job.state === 'failed' ? 'error' : 'success',
    title,
    detail: short,
    action: { label: 'Show it', run: open },
  })
}

/** Tells of jobs that end while one looks at something else. */
export function JobWatch() {
  const jobs = useQuery(recentJobs(useApi()))
  const cache = useQueryClient()
  const navigate = useNavigate()
  const seen = useRef<readonly Job[] | null>(null)
  const items = jobs.data?.items
  useEffect(() => {
    if (!items) return
    const over = ended(seen.current, items)
    if (over.length > 0) void cache.invalidateQueries({ queryKey: ['notices'] })
    for (const job of over) {
      const path = `/jobs/${job.id}`
      if (window.location.pathname === path && !document.hidden) continue
      tell(job, () => void navigate(path))
    }
    seen.current = items
  }, [items, navigate, cache])
  return null
}
