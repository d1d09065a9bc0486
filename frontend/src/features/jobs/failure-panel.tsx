import { useQuery } from '@tanstack/react-query'
import { CircleAlertIcon, CopyIcon } from 'lucide-react'
import { useNavigate } from 'react-router'
import { useApi } from '@/api/context'
import type { Failure, Job, ModelChoice } from '@/api/types'
import { useAuth } from '@/auth/context'
import { Button } from '@/components/ui/button'
import { updateDraft } from '@/features/composer/draft'
import { models } from '@/features/models/api'
import { others } from '@/features/models/choice'
import { handOver } from '@/features/playground/hand-over'
import { plainName, plainText } from '@/lib/format'
import { showToast } from '@/lib/toast'
import type { Progress } from './progress'
import { otherModelHelps, REMEDY_LABELS, type Remedy, remediesFor } from './remedies'

type Props = {
  job: Job
  failure: Failure
  progress: Progress
  busy: boolean
  onRetry: () => void
  onRetryHigher: () => void
  onRetryWith: (models: ModelChoice) => void
  onTab: (tab: string) => void
}

/** The last lines of what the code printed as errors. */
const tail = (text: string, lines: number) => text.trimEnd().split('\n').slice(-lines).join('\n')

/** Steps as places. */
const WHERE: Record<string, string> = {
  look: 'in looking at the picture',
  think: 'in writing the code',
  review: 'in the review of the code',
  run: 'in the run of the code',
}

/** What went wrong, where, and what to do: in place of the result. */
export function FailurePanel(props: Props) {
  const { job, failure, progress, busy, onRetry, onRetryHigher, onRetryWith, onTab } = props
  const navigate = useNavigate()
  const { signOut } = useAuth()
  const step = progress.steps.findLast((one) => one.state === 'failed' || one.detail.verdict === 'block')
  const attempt = progress.attempts.at(-1)
  const errors = attempt?.run?.stderr ?? ''
  const line = /line (\d+)/.exec(tail(errors, 6))?.[1]
  const blocking = attempt?.findings?.filter((finding) => finding.blocks) ?? []
  const act: Record<Remedy, () => void> = {
    retry: onRetry,
    raise_limit: onRetryHigher,
    edit_code: () => {
      handOver({ code: attempt?.code ?? '', fileIds: job.file_ids })
      void navigate('/playground')
    },
    hint: () => {
      updateDraft({ prompt: job.prompt })
      document.getElementById('refine')?.focus()
    },
    other_picture: () => {
      updateDraft({ prompt: job.prompt })
      void navigate('/')
    },
    models: () => void navigate('/models'),
    sign_in: () => (signOut ? void signOut() : window.location.reload()),
    playground: () => void navigate('/playground'),
  }
  const canHelp = otherModelHelps(failure.code)
  const roles = useQuery({ ...models(useApi()), enabled: canHelp }).data?.roles ?? []
  const other = canHelp ? others(roles, job.options.models) : []
  const remedies = remediesFor(failure.code).filter((one) => one !== 'edit_code' || attempt)
  return (
    <section
      aria-labelledby="failed"
      className="animate-rise rounded-xl border border-destructive/50 bg-card p-5 sm:p-8"
    >
      <div className="flex flex-col gap-x-4 gap-y-2 sm:flex-row sm:items-start">
        <CircleAlertIcon aria-hidden className="mt-1.5 size-6 shrink-0 text-destructive" />
        <div className="w-full min-w-0 flex-1">
          <h2 id="failed" className="font-display text-3xl text-balance">
            This one did not develop
          </h2>
          <p className="mt-2 max-w-2xl break-words">{plainName(failure.detail)}</p>
          <p className="mt-1 max-w-2xl text-muted-foreground">{failure.advice}</p>
          {(step || line) && (
            <p className="mt-3 text-sm text-muted-foreground">
              Where: {(step && WHERE[step.kind]) ?? 'in the run'}
              {line && (
                <>
                  {', '}
                  <button
                    type="button"
                    className="underline underline-offset-4"
                    onClick={() => onTab('code')}
                  >
                    line {line} of the code
                  </button>
                </>
              )}
            </p>
          )}
          {blocking.length > 0 && (
            <ul aria-label="What blocked it" className="mt-4 grid gap-1 text-sm">
              {blocking.slice(0, 5).map((finding) => (
                <li key={`${finding.rule} ${finding.line} ${finding.column}`}>
                  <span className="text-muted-foreground">line {finding.line}:</span> {finding.message}
                </li>
              ))}
            </ul>
          )}
          {errors && (
            <pre
              tabIndex={0}
              role="region"
              aria-label="Last lines of the errors"
              className="scroll-thin mt-4 max-h-40 overflow-auto rounded-md bg-code p-3 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]"
            >
              {plainText(tail(errors, 8))}
            </pre>
          )}
          <div className="mt-5 flex flex-wrap gap-2">
            {remedies.map((remedy, i) => (
              <Button
                key={remedy}
                variant={i === 0 ? 'default' : 'outline'}
                disabled={busy}
                onClick={act[remedy]}
              >
                {REMEDY_LABELS[remedy]}
              </Button>
            ))}
            {other.map(({ value, words }) => (
              <Button key={value} variant="outline" disabled={busy} onClick={() => onRetryWith(value)}>
                {`Retry with ${words}`}
              </Button>
            ))}
          </div>
          <details className="mt-6 text-sm">
            <summary className="text-muted-foreground">Technical details</summary>
            <p className="mt-2 flex flex-wrap items-center gap-2">
              <code className="rounded bg-code px-1.5 py-0.5 font-mono text-xs">{failure.code}</code>
              <code className="rounded bg-code px-1.5 py-0.5 font-mono text-xs break-all">{job.id}</code>
              <Button
                variant="ghost"
                size="sm"
                onClick={() => {
                  void navigator.clipboard
                    ?.writeText(`${failure.code} ${job.id}`)
                    .then(() => showToast({ tone: 'success', title: 'Copied.' }))
                    .catch(() => undefined)
                }}
              >
                <CopyIcon aria-hidden />
                Copy
              </Button>
            </p>
          </details>
        </div>
      </div>
    </section>
  )
}
