import { ArrowRightIcon } from 'lucide-react'
import { Link } from 'react-router'
import type { Job } from '@/api/types'
import { SecureImage } from '@/components/secure-image'
import { StateBadge } from '@/components/state-badge'
import { titleOf } from '@/features/jobs/api'
import { formatAgo } from '@/lib/format'

/** The last few jobs, to go on with. */
export function Recent({ jobs }: { jobs: readonly Job[] }) {
  if (jobs.length === 0) return null
  return (
    <section aria-labelledby="recent">
      <div className="mb-3 flex items-baseline justify-between">
        <h2 id="recent" className="text-sm font-medium text-muted-foreground">
          Your last pictures
        </h2>
        <Link
          to="/jobs"
          className="inline-flex items-center gap-1 text-sm text-muted-foreground hover:text-foreground"
        >
          All jobs <ArrowRightIcon aria-hidden className="size-3.5" />
        </Link>
      </div>
      <ul className="grid gap-3 sm:grid-cols-2">
        {jobs.slice(0, 4).map((job) => (
          <li key={job.id} className="min-w-0">
            <Link
              to={`/jobs/${job.id}`}
              className="flex items-center gap-3 rounded-lg border bg-card p-2 pr-3 transition-colors hover:border-primary/60"
            >
              <SecureImage
                path={job.file_ids[0] ? `/api/v1/files/${job.file_ids[0]}/thumbnail` : null}
                type="image/png"
                alt=""
                className="size-14 shrink-0 rounded-md bg-muted object-cover"
              />
              <span className="min-w-0 flex-1">
                <span className="block truncate text-sm font-medium">{titleOf(job)}</span>
                <span className="text-xs text-muted-foreground">{formatAgo(job.created_at)}</span>
              </span>
              <StateBadge state={job.state} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
