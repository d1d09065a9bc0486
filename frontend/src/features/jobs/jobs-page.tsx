import { useInfiniteQuery } from '@tanstack/react-query'
import { SearchIcon } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { useApi } from '@/api/context'
import type { JobState } from '@/api/types'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { ProblemAlert } from '@/components/problem-alert'
import { STATE_WORDS } from '@/components/state-badge'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'
import { Skeleton } from '@/components/ui/skeleton'
import { useShortcuts } from '@/lib/shortcuts'
import { cn } from '@/lib/utils'
import { jobPages } from './api'
import { JobRow } from './job-row'

/** How long after the last key a search begins. */
const TYPING_MS = 250

const STATES = Object.keys(STATE_WORDS) as JobState[]

/** Asks for the next page when its end comes near. */
function More({ onMore, busy }: { onMore: () => void; busy: boolean }) {
  const end = useRef<HTMLDivElement>(null)
  const more = useRef(onMore)
  useEffect(() => {
    more.current = onMore
  })
  useEffect(() => {
    if (!end.current || busy) return
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && more.current(), {
      rootMargin: '400px',
    })
    watch.observe(end.current)
    return () => watch.disconnect()
  }, [busy])
  return (
    <div ref={end} className="mt-4 text-center">
      <Button variant="outline" disabled={busy} onClick={onMore}>
        {busy ? 'Loading…' : 'Older jobs'}
      </Button>
    </div>
  )
}

/** All jobs, newest first. */
export function JobsPage() {
  const [params, setParams] = useSearchParams()
  const state = STATES.find((one) => one === params.get('state')) ?? null
  const search = params.get('q') ?? ''
  const [typed, setTyped] = useState(search)
  const [chosen, setChosen] = useState(-1)
  const field = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  const jobs = useInfiniteQuery(jobPages(useApi(), state, search))
  const shown = jobs.data?.pages.flatMap((page) => page.items) ?? []
  const set = (key: string, value: string | null) => {
    setChosen(-1)
    setParams(
      (now) => {
        if (value) now.set(key, value)
        else now.delete(key)
        return now
      },
      { replace: true },
    )
  }
  // The server is asked when one stops typing.
  const setRef = useRef(set)
  setRef.current = set
  useEffect(() => {
    if (typed.trim() === search) return
    const timer = setTimeout(() => setRef.current('q', typed.trim()), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, search])
  const move = (by: number) => {
    const next = Math.min(shown.length - 1, Math.max(0, chosen + by))
    setChosen(next)
    const row = document.querySelector<HTMLElement>(`[data-job="${shown[next]?.id}"]`)
    row?.focus()
    row?.scrollIntoView({ block: 'nearest' })
  }
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    '/': () => field.current?.focus(),
    Enter: () => {
      const job = shown[chosen]
      if (job) void navigate(`/jobs/${job.id}`)
    },
  })
  const filtered = state !== null || search !== ''
  return (
    <Page
      name="Jobs"
      title="Jobs"
      actions={
        <Button asChild>
          <Link to="/">Develop a picture</Link>
        </Button>
      }
    >
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <div className="relative min-w-0 flex-1 basis-60">
          <SearchIcon
            aria-hidden
            className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-muted-foreground"
          />
          <Input
            ref={field}
            type="search"
            aria-label="Search all jobs"
            placeholder="Words of the prompt, the result or a file’s name"
            maxLength={200}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            className="pl-9"
          />
        </div>
        <div role="group" aria-label="State" className="scroll-thin flex max-w-full gap-1 overflow-x-auto">
          {[null, ...STATES].map((one) => (
            <button
              key={one ?? 'all'}
              type="button"
              aria-pressed={state === one}
              onClick={() => set('state', one)}
              className={cn(
                'h-9 shrink-0 rounded-full border px-3.5 text-sm text-muted-foreground hover:text-foreground pointer-coarse:h-11',
                state === one && 'border-primary/50 bg-accent text-accent-foreground',
              )}
            >
              {one ? STATE_WORDS[one] : 'All'}
            </button>
          ))}
        </div>
      </div>
      {jobs.isError && (
        <ProblemAlert error={jobs.error} onRetry={() => void jobs.refetch()} className="mb-4" />
      )}
      {jobs.isPending && (
        <div aria-hidden className="grid divide-y overflow-hidden rounded-xl border bg-card">
          {['a', 'b', 'c', 'd', 'e', 'f'].map((key) => (
            <div key={key} className="flex items-center gap-4 p-3 sm:px-4">
              <Skeleton className="h-14 w-20" />
              <div className="grid flex-1 gap-2">
                <Skeleton className="h-4 w-2/3" />
                <Skeleton className="h-3 w-1/3" />
              </div>
            </div>
          ))}
        </div>
      )}
      {jobs.data && shown.length === 0 && (
        <EmptyState title={filtered ? 'Nothing like that' : 'Nothing has developed yet'}>
          {filtered ? (
            <>
              <p>No job fits what you chose.</p>
              <Button
                variant="outline"
                onClick={() => {
                  setTyped('')
                  setParams({}, { replace: true })
                }}
              >
                Show all
              </Button>
            </>
          ) : (
            <Button asChild>
              <Link to="/">Develop your first picture</Link>
            </Button>
          )}
        </EmptyState>
      )}
      {shown.length > 0 && (
        <ul
          aria-label="Jobs"
          aria-busy={jobs.isPlaceholderData}
          className="divide-y overflow-hidden rounded-xl border bg-card"
        >
          {shown.map((job, i) => (
            <JobRow key={job.id} job={job} chosen={i === chosen} />
          ))}
        </ul>
      )}
      {jobs.hasNextPage && <More busy={jobs.isFetchingNextPage} onMore={() => void jobs.fetchNextPage()} />}
    </Page>
  )
}
