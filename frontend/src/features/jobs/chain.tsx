import { ChevronLeftIcon, ChevronRightIcon } from 'lucide-react'
import { Link } from 'react-router'
import type { Job } from '@/api/types'

/** Which version of this line of jobs is shown, and the way to the others. */
export function Chain({ job }: { job: Job }) {
  const chain = job.chain ?? []
  const at = chain.indexOf(job.id)
  if (chain.length < 2 || at === -1) return null
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
