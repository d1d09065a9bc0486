import { Link } from 'react-router'
import type { Job } from '@/api/types'
import { SecureImage } from '@/components/secure-image'
import { StateBadge } from '@/components/state-badge'
import { formatAgo, formatDuration, plainName, plural } from '@/lib/format'
import { cn } from '@/lib/utils'
import { isLive, titleOf } from './api'
import { kindWords } from './step-words'

const STEP_NOW: Record<string, string> = {
  look: 'looking at the picture',
  think: 'thinking',
  review: 'checking the code',
  run: 'running in the sealed room',
}

function detail(job: Job): string {
  if (isLive(job)) {
    const step = job.steps.findLast((one) => one.state === 'running')
    return step ? (STEP_NOW[step.kind] ?? step.kind) : job.state === 'queued' ? 'waiting for a place' : ''
  }
  if (job.error) return job.error.detail
  const first = job.summary.split('\n')[0] ?? ''
  const kind = job.image_kind ? kindWords(job.image_kind) : ''
  return first === titleOf(job) ? [kind, ...job.file_names].filter(Boolean).join(' · ') : first
}

function duration(job: Job): string {
  if (!job.started_at || !job.finished_at) return ''
  return formatDuration(Date.parse(job.finished_at) - Date.parse(job.started_at))
}

/** One job in the list. */
export function JobRow({ job, chosen }: { job: Job; chosen: boolean }) {
  const runs = job.steps.filter((step) => step.kind === 'review').length
  return (
    <li className="min-w-0">
      <Link
        to={`/jobs/${job.id}`}
        data-job={job.id}
        className={cn(
          'flex items-center gap-4 p-3 outline-offset-[-2px] transition-colors hover:bg-accent/50 sm:px-4',
          chosen && 'bg-accent/70',
        )}
      >
        <SecureImage
          path={job.file_ids[0] ? `/api/v1/files/${job.file_ids[0]}/thumbnail` : null}
          type="image/png"
          alt=""
          className="h-14 w-20 shrink-0 rounded-md border bg-muted object-cover"
        />
        <span className="min-w-0 flex-1">
          <span className="block truncate font-medium">{plainName(titleOf(job))}</span>
          <span className="block truncate text-sm text-muted-foreground">{plainName(detail(job))}</span>
          <span className="mt-1 flex gap-2 text-xs text-muted-foreground sm:hidden">
            <StateBadge state={job.state} />
            {formatAgo(job.created_at)}
          </span>
        </span>
        <span className="hidden w-24 text-right text-sm text-muted-foreground tabular-nums md:block">
          {duration(job)}
          {runs > 1 && <span className="block text-xs">{plural(runs, 'attempt')}</span>}
        </span>
        <span className="hidden w-28 text-right text-sm text-muted-foreground lg:block">
          {formatAgo(job.created_at)}
        </span>
        <span className="hidden w-28 justify-end sm:flex">
          <StateBadge state={job.state} />
        </span>
      </Link>
    </li>
  )
}
