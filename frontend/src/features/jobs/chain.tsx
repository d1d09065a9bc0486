import { useQuery } from '@tanstack/react-query'
import { ChevronLeftIcon, ChevronRightIcon } from 'lucide-react'
import { Link } from 'react-router'
import { useApi } from '@/api/context'
import type { Job } from '@/api/types'
import { recentJobs } from './api'
import { lineOf } from './line'

/** Which version of this line of jobs is shown, and the way to the others. */
export function Chain({ job }: { job: Job }) {
  // The job itself knows only what was before it.
  const recent = useQuery(recentJobs(useApi()))
  const chain = lineOf(job, recent.data?.items ?? [])
  const at = chain.indexOf(job.id)
  if (chain.length < 2) return null
  const before = chain[at - 1]
  const after = chain[at + 1]
  const look = 'grid size-7 place-items-center rounded-md hover:bg-accent pointer-coarse:size-11'
  return (
    <nav aria-label="Versions" className="flex items-center gap-1 text-sm text-muted-foreground">
      {before && (
        <Link to={`/jobs/${before}`} aria-label="The version before" className={look}>
          <ChevronLeftIcon aria-hidden className="size-4" />
        </Link>
      )}
      <span className="tabular-nums">
        Version {at + 1} of {chain.length}
      </span>
      {after && (
        <Link to={`/jobs/${after}`} aria-label="The version after" className={look}>
          <ChevronRightIcon aria-hidden className="size-4" />
        </Link>
      )}
    </nav>
  )
}
