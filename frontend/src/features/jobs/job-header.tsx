import { FileArchiveIcon, RotateCwIcon, SquareIcon, Trash2Icon } from 'lucide-react'
import { useState } from 'react'
import type { Job } from '@/api/types'
import { Confirm } from '@/components/confirm'
import { PageHeading } from '@/components/page'
import { StateBadge } from '@/components/state-badge'
import { Button } from '@/components/ui/button'
import { useSave } from '@/features/results/save'
import { formatAgo, formatDuration, plural } from '@/lib/format'
import { useShortcuts } from '@/lib/shortcuts'
import { cn } from '@/lib/utils'
import { bundlePath } from './api'
import { Chain } from './chain'
import { isOver, type Progress } from './progress'
import { kindWords } from './step-words'
import { useNow } from './timeline'
import type { useJobActions } from './use-job-actions'

type Props = { job: Job; progress: Progress; actions: ReturnType<typeof useJobActions> }

/** A few words for a job without a prompt. */
const nameOf = (job: Job) =>
  job.prompt.trim() || (job.image_kind ? `Develop ${kindWords(job.image_kind)}` : 'Develop this picture')

function Elapsed({ job, progress }: { job: Job; progress: Progress }) {
  const started = progress.startedAt ?? (job.started_at ? Date.parse(job.started_at) : null)
  const finished = progress.finishedAt ?? (job.finished_at ? Date.parse(job.finished_at) : null)
  const now = useNow(started !== null && finished === null)
  if (started === null) return null
  return <span className="tabular-nums">{formatDuration(Math.max(0, (finished ?? now) - started))}</span>
}

/** What was asked, where it stands, and what can be done with it. */
export function JobHeader({ job, progress, actions }: Props) {
  const [asked, setAsked] = useState<'stop' | 'delete' | null>(null)
  const [whole, setWhole] = useState(false)
  const save = useSave()
  const over = isOver(progress.state)
  const name = nameOf(job)
  const long = name.length > 140
  useShortcuts({
    s: () => !over && setAsked('stop'),
    r: () => over && !actions.retrying.isPending && actions.retry(),
  })
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-8 gap-y-3">
      <div className="min-w-0 flex-1 basis-80">
        <PageHeading className={cn('text-3xl break-words sm:text-4xl', !whole && 'line-clamp-2')}>
          {name}
        </PageHeading>
        {long && (
          <Button variant="link" size="sm" onClick={() => setWhole(!whole)}>
            {whole ? 'Less' : 'All of it'}
          </Button>
        )}
        <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted-foreground">
          <StateBadge state={progress.state} />
          <Elapsed job={job} progress={progress} />
          <span>{formatAgo(job.created_at)}</span>
          {job.file_ids.length > 1 && <span>{plural(job.file_ids.length, 'picture')}</span>}
          <Chain job={job} />
        </div>
      </div>
      <div className="flex flex-wrap gap-2">
        {!over && (
          <Button variant="outline" disabled={actions.stop.isPending} onClick={() => setAsked('stop')}>
            <SquareIcon aria-hidden />
            {actions.stop.isPending ? 'Stopping…' : 'Stop'}
          </Button>
        )}
        {over && (
          <>
            <Button
              variant="outline"
              disabled={save.isPending}
              onClick={() =>
                save.mutate({ path: bundlePath(job.id), name: `darkroom-${job.id.slice(0, 8)}.zip` })
              }
            >
              <FileArchiveIcon aria-hidden />
              {save.isPending ? 'Packing…' : 'Save all'}
            </Button>
            <Button variant="outline" disabled={actions.retrying.isPending} onClick={actions.retry}>
              <RotateCwIcon aria-hidden />
              Retry
            </Button>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Delete this job"
              onClick={() => setAsked('delete')}
            >
              <Trash2Icon aria-hidden />
            </Button>
          </>
        )}
      </div>
      {asked === 'stop' && !over && (
        <Confirm
          title="Stop this job?"
          text="Nothing of it runs a second later. What exists by then stays."
          action="Stop it"
          onConfirm={() => actions.stop.mutate()}
          onClose={() => setAsked(null)}
        />
      )}
      {asked === 'delete' && (
        <Confirm
          title="Delete this job?"
          text="Its code, results and outputs are gone then. The pictures you gave stay."
          action="Delete it"
          onConfirm={() => actions.remove.mutate()}
          onClose={() => setAsked(null)}
        />
      )}
    </header>
  )
}
