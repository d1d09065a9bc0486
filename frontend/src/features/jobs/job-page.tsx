import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { Link, useParams } from 'react-router'
import { useApi } from '@/api/context'
import { problemOf } from '@/api/problem'
import { counted, type Job, type Results } from '@/api/types'
import { PageHeading, useDocumentTitle } from '@/components/page'
import { ProblemAlert } from '@/components/problem-alert'
import { Button } from '@/components/ui/button'
import { Card } from '@/components/ui/card'
import { Skeleton } from '@/components/ui/skeleton'
import { Tabs } from '@/components/ui/tabs'
import { CodeTab, type Version } from '@/features/code/code-tab'
import { ProofTab } from '@/features/proof/proof-tab'
import { sortOutputs } from '@/features/results/kinds'
import { DataTab, ResultTab } from '@/features/results/result-tab'
import { useShortcuts } from '@/lib/shortcuts'
import { jobResults, oneJob } from './api'
import { FailurePanel } from './failure-panel'
import { JobHeader } from './job-header'
import { JobLog, LiveOutput, prints } from './job-log'
import { DevelopingStage, Plate } from './plate'
import { isOver, type Progress } from './progress'
import { RefineBox } from './refine-box'
import { stepTitle } from './step-words'
import { Summary } from './summary'
import { Timeline } from './timeline'
import { useJobActions } from './use-job-actions'
import { type Line, useProgress } from './use-progress'

const TABS = ['result', 'data', 'code', 'log', 'proof'] as const
type Tab = (typeof TABS)[number]

/** How long the code is waited for in the result tab before the code tab is shown by itself. */
const CODE_WAIT_MS = 1500

/** The tab that is shown: what a person chose, else the code while it is waited for, else the result. */
function useTab(progress: Progress, hasResult: boolean): [Tab, (tab: string) => void] {
  const [chosen, setChosen] = useState<Tab | null>(null)
  const [waited, setWaited] = useState(false)
  const hasCode = progress.attempts.length > 0 || progress.live !== null
  const writing = hasCode && !hasResult && !isOver(progress.state)
  useEffect(() => {
    if (!writing) return setWaited(false)
    const timer = setTimeout(() => setWaited(true), CODE_WAIT_MS)
    return () => clearTimeout(timer)
  }, [writing])
  return [chosen ?? (writing && waited ? 'code' : 'result'), (tab) => setChosen(tab as Tab)]
}

/** Versions of the code: from the events, and from the results where those are not there yet. */
function versionsOf(progress: Progress, results: Results | undefined): Version[] {
  if (progress.attempts.length > 0) return [...progress.attempts]
  if (!results?.code) return []
  const { findings = null, verdict = null } = results.review ?? {}
  return [
    { number: 1, code: results.code, explanation: '', model: results.models[0] ?? '', findings, verdict },
  ]
}

function LineStrip({ line }: { line: Line }) {
  const [late, setLate] = useState(false)
  useEffect(() => {
    if (line !== 'retrying') return setLate(false)
    const timer = setTimeout(() => setLate(true), 30_000)
    return () => clearTimeout(timer)
  }, [line])
  if (line !== 'retrying') return null
  return (
    <p
      role="status"
      className="flex items-center gap-3 rounded-lg border border-warning/50 bg-warning/8 px-4 py-2 text-sm"
    >
      The line to the server dropped. Joining again; the job goes on meanwhile.
      {late && (
        <Button size="sm" variant="outline" onClick={() => window.location.reload()}>
          Reload
        </Button>
      )}
    </p>
  )
}

/** What a job is doing now, for the eye and, once a step, for the ear. */
function saidNow(progress: Progress): string {
  const step = progress.steps.findLast((one) => one.state === 'running') ?? progress.steps.at(-1)
  if (progress.state === 'queued') return 'Waiting for a place'
  return step ? stepTitle(step) : 'Beginning'
}

function JobView({ job }: { job: Job }) {
  const api = useApi()
  const { progress: told, line } = useProgress(job.id)
  const results = useQuery(jobResults(api, job.id))
  // The job document may be ahead of the events when a page opens.
  const progress =
    isOver(job.state) && !isOver(told.state) ? { ...told, state: job.state, error: job.error ?? null } : told
  const actions = useJobActions(job.id)
  const over = isOver(progress.state)
  const outputs = results.data?.outputs ?? []
  const failure = progress.error ?? job.error ?? null
  const [tab, setTab] = useTab(progress, outputs.length > 0)
  const isRevision = tab === 'code' && job.parent != null
  const earlier = useQuery({ ...jobResults(api, job.parent ?? ''), enabled: isRevision })
  const proof = results.data?.proof
  const hidden = useMemo(
    () =>
      new Set(
        (proof ?? []).flatMap((one) => [one.overlay_png, one.overlay_json].filter((name) => name != null)),
      ),
    [proof],
  )
  const versions = versionsOf(progress, results.data)
  const { doubtful } = counted(proof)
  const original = job.file_ids[0] ? `/api/v1/files/${job.file_ids[0]}/content` : null
  useShortcuts(Object.fromEntries(TABS.map((key, i) => [String(i + 1), () => setTab(key)])))

  const mark = (count: number) =>
    count > 0 ? <span className="text-xs text-muted-foreground tabular-nums">{count}</span> : null
  const items = [
    { key: 'result', label: 'Result' },
    { key: 'data', label: 'Data', mark: mark(sortOutputs(outputs, hidden).data.length) },
    { key: 'code', label: 'Code', mark: versions.length > 1 ? mark(versions.length) : null },
    { key: 'log', label: 'Log' },
    {
      key: 'proof',
      label: 'Proof',
      mark:
        doubtful > 0 ? (
          <span className="rounded-full bg-warning/15 px-1.5 text-xs text-warning">{doubtful}</span>
        ) : null,
    },
  ]
  return (
    <div className="mx-auto grid w-full max-w-[110rem] gap-6 px-4 py-6 sm:px-6">
      <JobHeader job={job} progress={progress} actions={actions} />
      <LineStrip line={line} />
      <p role="status" className="sr-only">
        {over ? `The job has ended: ${progress.state}` : saidNow(progress)}
      </p>
      <div className="grid min-w-0 items-start gap-6 lg:grid-cols-[19rem_minmax(0,1fr)]">
        <div className="grid min-w-0 gap-6 lg:col-start-2">
          <Tabs label="What the job gave" items={items} value={tab} onChange={setTab}>
            {tab === 'result' && (
              <div className="grid gap-4">
                {over && failure && progress.state === 'failed' && (
                  <FailurePanel
                    job={job}
                    failure={failure}
                    progress={progress}
                    busy={actions.retrying.isPending}
                    onRetry={actions.retry}
                    onRetryHigher={() => actions.retryHigher(job)}
                    onRetryWith={actions.retryWith}
                    onTab={setTab}
                  />
                )}
                {over && (
                  <Summary
                    progress={progress}
                    job={job}
                    results={results.data}
                    onProof={() => setTab('proof')}
                  />
                )}
                {results.isError && (
                  <ProblemAlert error={results.error} onRetry={() => void results.refetch()} />
                )}
                {outputs.length > 0 && <ResultTab outputs={outputs} hidden={hidden} original={original} />}
                {!over && outputs.length === 0 && (
                  <DevelopingStage job={job} progress={progress} said={saidNow(progress)} />
                )}
                {over && results.isPending && <Skeleton className="h-[30rem]" />}
              </div>
            )}
            {tab === 'data' && <DataTab outputs={outputs} hidden={hidden} />}
            {tab === 'code' && (
              <div className="grid gap-6">
                {prints(progress.live) && <LiveOutput live={progress.live} />}
                <CodeTab
                  versions={versions}
                  writing={progress.live?.code.text ? progress.live.code : null}
                  fileIds={job.file_ids}
                  earlier={earlier.data?.code ?? null}
                />
              </div>
            )}
            {tab === 'log' && <JobLog progress={progress} results={results.data} live={!over} />}
            {tab === 'proof' && <ProofTab job={job} results={results.data} over={over} />}
          </Tabs>
          {over && <RefineBox key={job.id} id={job.id} />}
        </div>
        <aside
          aria-label="Picture and steps"
          className="grid gap-4 lg:sticky lg:top-20 lg:col-start-1 lg:row-start-1"
        >
          <Card className="p-3">
            <Plate job={job} progress={progress} />
          </Card>
          <Card className="p-4">
            <h2 className="mb-3 text-sm font-medium text-muted-foreground">Steps</h2>
            <Timeline progress={progress} />
          </Card>
        </aside>
      </div>
    </div>
  )
}

function JobSkeleton() {
  return (
    <div aria-hidden className="mx-auto grid w-full max-w-[110rem] gap-6 px-4 py-6 sm:px-6">
      <Skeleton className="h-12 w-2/3" />
      <div className="grid gap-6 lg:grid-cols-[19rem_minmax(0,1fr)]">
        <div className="grid content-start gap-4">
          <Skeleton className="h-52" />
          <Skeleton className="h-64" />
        </div>
        <Skeleton className="h-[38rem]" />
      </div>
    </div>
  )
}

/** One job: its picture develops, and what came of it can be looked at, checked, changed and saved. */
export function JobPage() {
  const { id = '' } = useParams()
  const job = useQuery(oneJob(useApi(), id))
  const missing =
    job.isError && ['job_not_found', 'bad_request', 'not_found'].includes(problemOf(job.error).code)
  useDocumentTitle(job.data ? job.data.prompt || 'Job' : missing ? 'No such job' : 'Job')
  if (job.data) return <JobView key={id} job={job.data} />
  if (job.isPending) return <JobSkeleton />
  return (
    <div className="mx-auto w-full max-w-3xl px-4 py-16 sm:px-6">
      <PageHeading>{missing ? 'There is no such job' : 'The job cannot be shown'}</PageHeading>
      <p className="mt-3 mb-6 text-muted-foreground">
        {missing ? 'It was deleted, or belongs to somebody else.' : 'What is known of it:'}
      </p>
      {!missing && <ProblemAlert error={job.error} onRetry={() => void job.refetch()} className="mb-4" />}
      <Button asChild variant="outline">
        <Link to="/jobs">See all jobs</Link>
      </Button>
    </div>
  )
}
