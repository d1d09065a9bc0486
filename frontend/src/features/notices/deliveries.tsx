import { useQuery } from '@tanstack/react-query'
import { useApi } from '@/api/context'
import { ProblemAlert } from '@/components/problem-alert'
import { Badge } from '@/components/ui/badge'
import { Skeleton } from '@/components/ui/skeleton'
import { Section } from '@/features/account/parts'
import { formatAgo, plainName, plural } from '@/lib/format'
import { type Delivery, deliveries, isOnItsWay } from './api'

const EVENTS: Record<string, string> = {
  'job.succeeded': 'A job has a result',
  'job.failed': 'A job failed',
  'job.stopped': 'A job used up a limit',
  test: 'A try',
  confirmation: 'The code for the address',
}

/** How a delivery is, as a label. */
export function stateOf(one: Delivery): {
  tone: 'success' | 'danger' | 'warning' | 'running'
  words: string
} {
  if (one.state === 'sent') return { tone: 'success', words: 'sent' }
  if (one.state === 'failed') return { tone: 'danger', words: 'given up' }
  return isOnItsWay(one)
    ? { tone: 'running', words: 'on its way' }
    : { tone: 'warning', words: `tried ${plural(one.attempts, 'time')}` }
}

/** The latest letters and webhooks, and why one did not arrive. */
export function Deliveries() {
  const all = useQuery(deliveries(useApi()))
  return (
    <Section title="Recent deliveries" lead="What failed is tried again for about a day, then given up.">
      {all.isError && <ProblemAlert error={all.error} onRetry={() => void all.refetch()} />}
      {all.isPending && <Skeleton className="h-24" />}
      {all.data?.length === 0 && <p className="text-sm text-muted-foreground">Nothing was sent yet.</p>}
      {all.data && all.data.length > 0 && (
        <ul
          aria-label="Recent deliveries"
          tabIndex={0}
          className="scroll-thin max-h-96 divide-y overflow-y-auto"
        >
          {all.data.map((one) => {
            const { tone, words } = stateOf(one)
            return (
              <li key={one.id} className="flex items-start justify-between gap-4 py-3 first:pt-0 last:pb-0">
                <span className="min-w-0 text-sm">
                  <span className="block font-medium">{EVENTS[one.event] ?? one.event}</span>
                  <span className="block break-all text-muted-foreground">
                    {one.channel === 'email' ? 'to' : 'at'} {plainName(one.address)}
                  </span>
                  {one.state !== 'sent' && one.last_error && (
                    <span className="block break-words text-destructive">{plainName(one.last_error)}</span>
                  )}
                  {one.state === 'waiting' && one.last_error && one.next_attempt_at && (
                    <span className="block text-muted-foreground">
                      Again at {new Date(one.next_attempt_at).toLocaleTimeString('en')}
                    </span>
                  )}
                </span>
                <span className="flex shrink-0 flex-col items-end gap-1">
                  <Badge tone={tone}>{words}</Badge>
                  <span className="text-xs text-muted-foreground">{formatAgo(one.created_at)}</span>
                </span>
              </li>
            )
          })}
        </ul>
      )}
    </Section>
  )
}
