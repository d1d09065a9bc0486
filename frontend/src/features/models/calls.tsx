import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { useApi } from '@/api/context'
import type { components } from '@/api/schema.gen'
import { ProblemAlert } from '@/components/problem-alert'
import { Term } from '@/components/term'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/skeleton'
import { formatUsd } from '@/features/usage/meters'
import { formatAgo, formatDuration, plainName } from '@/lib/format'

type Call = components['schemas']['ModelCall']

const COLUMNS = [
  'When',
  'Role',
  'Model',
  'Tokens in',
  'out',
  'First word',
  'Took',
  'Cost',
  'Came of it',
  'Job',
]
const NUMBERS = new Set(['Tokens in', 'out', 'First word', 'Took', 'Cost'])

function Row({ call }: { call: Call }) {
  const number = 'py-2 pr-4 text-right whitespace-nowrap tabular-nums'
  return (
    <tr className="border-t align-top">
      <td className="py-2 pr-4 whitespace-nowrap text-muted-foreground">
        <time dateTime={call.started_at} title={new Date(call.started_at).toLocaleString('en')}>
          {formatAgo(call.started_at)}
        </time>
      </td>
      <td className="py-2 pr-4">{call.role}</td>
      <td className="max-w-56 py-2 pr-4">
        <span className="block truncate font-medium" title={plainName(call.model)}>
          {call.model === 'builtin' ? 'Built-in rules' : plainName(call.model)}
        </span>
        {call.host && (
          <span className="block truncate text-xs text-muted-foreground">{plainName(call.host)}</span>
        )}
        {call.passed_over.length > 0 && (
          <span className="block text-xs break-words text-muted-foreground">
            in vain before: {call.passed_over.map(plainName).join(', ')}
          </span>
        )}
      </td>
      <td className={number}>{call.prompt_tokens.toLocaleString('en')}</td>
      <td className={number}>{call.completion_tokens.toLocaleString('en')}</td>
      <td className={number}>{call.first_token_ms == null ? '–' : formatDuration(call.first_token_ms)}</td>
      <td className={number}>{formatDuration(call.duration_ms)}</td>
      <td className={number}>{formatUsd(call.cost_usd)}</td>
      <td className="py-2 pr-4">
        {call.error_code ? (
          <Badge tone="danger">{call.error_code.replaceAll('_', ' ')}</Badge>
        ) : (
          <Badge tone="success">an answer</Badge>
        )}
      </td>
      <td className="py-2">
        <Link
          className="font-mono text-xs underline underline-offset-4"
          aria-label={`Job ${call.job_id.slice(-6)}`}
          to={`/jobs/${call.job_id}`}
        >
          {call.job_id.slice(-6)}
        </Link>
      </td>
    </tr>
  )
}

/** The model calls that were made for one's jobs: who was asked, how long it took, what it cost, how it ended. */
export function Calls() {
  const api = useApi()
  const pages = useInfiniteQuery({
    queryKey: ['models', 'calls'],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 20, ...(pageParam && { cursor: pageParam }) }
      return (await api.GET('/api/v1/models/calls', { params: { query }, signal })).data
    },
    getNextPageParam: (page) => page?.next_cursor ?? null,
  })
  const calls = pages.data?.pages.flatMap((page) => page?.items ?? []) ?? []
  return (
    <section aria-labelledby="calls" className="mt-10">
      <div className="mb-3 flex flex-wrap items-end justify-between gap-3">
        <div>
          <h2 id="calls" className="font-display text-2xl">
            Recent calls
          </h2>
          <p className="text-sm text-muted-foreground">
            Those made for your jobs, newest first, with their <Term of="tokens">tokens</Term>. What was said
            is not kept here.
          </p>
        </div>
        <Button variant="outline" size="sm" disabled={pages.isFetching} onClick={() => void pages.refetch()}>
          Look again
        </Button>
      </div>
      {pages.isError && <ProblemAlert error={pages.error} onRetry={() => void pages.refetch()} />}
      {pages.isPending && <Skeleton className="h-40" />}
      {pages.data && calls.length === 0 && (
        <p className="rounded-xl border border-dashed p-8 text-center text-sm text-muted-foreground">
          No model was asked for your jobs yet. Built-in rules make no calls.
        </p>
      )}
      {calls.length > 0 && (
        <div
          tabIndex={0}
          role="region"
          aria-label="Table of calls"
          className="scroll-thin overflow-x-auto rounded-xl border bg-card px-4"
        >
          <table className="w-full text-left text-sm">
            <thead>
              <tr>
                {COLUMNS.map((name) => (
                  <th
                    key={name}
                    scope="col"
                    className={`py-2.5 pr-4 font-medium whitespace-nowrap last:pr-0 ${NUMBERS.has(name) ? 'text-right' : ''}`}
                  >
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {calls.map((call) => (
                <Row key={call.id} call={call} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pages.hasNextPage && (
        <Button
          className="mt-3"
          variant="outline"
          size="sm"
          disabled={pages.isFetchingNextPage}
          onClick={() => void pages.fetchNextPage()}
        >
          {pages.isFetchingNextPage ? 'Loading…' : 'Older'}
        </Button>
      )}
    </section>
  )
}
