import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { useApi, useConfig } from '@/api/context'
import { problemOf } from '@/api/problem'
import type { Job, Results } from '@/api/types'
import { Button } from '@/components/ui/button'
import { jobResults, oneJob, retryJob } from '@/features/jobs/api'
import { raised } from '@/features/jobs/raise'
import { models } from '@/features/models/api'
import { others } from '@/features/models/choice'
import { handOver } from '@/features/playground/hand-over'
import { showToast } from '@/lib/toast'
import type { NextStep, Notice } from './api'

/** What each option is called on its button; the server's own sentence goes with it. */
const LABELS: Record<NextStep['option'], string> = {
  retry: 'Retry',
  other_model: 'Use another model',
  raise_limit: 'Raise the limit',
  edit_code: 'Edit the code',
  hint: 'Give a hint',
}

/** What can be done after a job that gave no good result, the best first. */
export function NextSteps({ notice, onDone }: { notice: Notice; onDone: () => void }) {
  const api = useApi()
  const { limits } = useConfig()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const id = notice.job_id
  const act = useMutation({
    mutationFn: async (step: NextStep): Promise<string> => {
      const begun = (job: Job) => {
        cache.setQueryData(oneJob(api, job.id).queryKey, job)
        void cache.invalidateQueries({ queryKey: ['jobs'] })
        return `/jobs/${job.id}`
      }
      const goOn = `/jobs/${id}#refine`
      switch (step.option) {
        case 'retry':
          return begun(await retryJob(api, id))
        case 'raise_limit': {
          const old = await cache.fetchQuery(oneJob(api, id))
          return begun(await retryJob(api, id, raised(old.options, step.limit, limits)))
        }
        case 'edit_code': {
          const job = await cache.fetchQuery(oneJob(api, id))
          const results: Results = await cache.fetchQuery(jobResults(api, id))
          handOver({ code: results.code ?? '', fileIds: job.file_ids })
          return '/playground'
        }
        case 'other_model': {
          const old = await cache.fetchQuery(oneJob(api, id))
          const known = await cache.fetchQuery(models(api))
          const other = others(known?.roles ?? [], old.options.models)[0]
          // Where there is no other, the page says why.
          if (!other) return '/models'
          return begun(await retryJob(api, id, { models: other.value }))
        }
        default:
          return goOn
      }
    },
    onSuccess: (path) => {
      onDone()
      void navigate(path)
    },
    onError: (error) => {
      const { detail, advice } = problemOf(error)
      showToast({ tone: 'error', title: detail, detail: advice })
    },
  })
  return (
    <div role="group" aria-label="What can be done" className="mt-2 flex flex-wrap gap-1.5">
      {notice.options.map((step, i) => (
        <Button
          key={step.option}
          size="sm"
          variant={i === 0 ? 'secondary' : 'outline'}
          title={step.words}
          disabled={act.isPending}
          onClick={() => act.mutate(step)}
        >
          {LABELS[step.option] ?? step.words}
        </Button>
      ))}
    </div>
  )
}
