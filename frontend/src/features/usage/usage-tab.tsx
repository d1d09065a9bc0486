import { useQuery } from '@tanstack/react-query'
import { useApi } from '@/api/context'
import { ProblemAlert } from '@/components/problem-alert'
import { Term } from '@/components/term'
import { Skeleton } from '@/components/ui/skeleton'
import { Section } from '@/features/account/parts'
import { plural } from '@/lib/format'
import { cn } from '@/lib/utils'
import { usage } from './api'
import { type Meter, meters } from './meters'

/** From this share on a meter warns. */
const NEAR = 0.8

function Bar({ meter }: { meter: Meter }) {
  const share = meter.share ?? 0
  const tone = share >= 1 ? 'bg-destructive' : share >= NEAR ? 'bg-warning' : 'bg-primary'
  return (
    <li className="grid gap-1.5 py-3.5 first:pt-0 last:pb-0">
      <span className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="text-sm font-medium">{meter.label}</span>
        <span className="text-sm tabular-nums">
          {meter.used}
          {meter.limit !== null && <span className="text-muted-foreground"> of {meter.limit}</span>}
        </span>
      </span>
      {meter.limit !== null && (
        <span
          role="meter"
          aria-label={meter.label}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share * 100)}
          aria-valuetext={`${meter.used} of ${meter.limit} used, ${meter.left} left`}
          className="block h-2 overflow-hidden rounded-full bg-muted"
        >
          <span
            className={cn('block h-full rounded-full transition-[width]', tone)}
            style={{ width: `${share * 100}%` }}
          />
        </span>
      )}
      <span className="flex flex-wrap justify-between gap-x-4 text-xs text-muted-foreground">
        <span>{meter.limit === null ? 'No limit' : `${meter.left} left`}</span>
        {meter.limit !== null && <span>{meter.renews}</span>}
      </span>
    </li>
  )
}

/** What one may use, what one used, and when there is more. It is read again while it is looked at. */
export default function UsageTab() {
  const now = useQuery(usage(useApi()))
  return (
    <div className="grid max-w-3xl gap-8">
      <Section
        title="Limits and use"
        lead={
          <>
            What whoever runs this server allows to each person. What models read and write is counted in{' '}
            <Term of="tokens">tokens</Term>; built-in rules use none.
          </>
        }
      >
        {now.isError && <ProblemAlert error={now.error} onRetry={() => void now.refetch()} />}
        {now.isPending && <Skeleton className="h-80" />}
        {now.data && (
          <>
            <ul aria-label="Limits" className="divide-y">
              {meters(now.data).map((meter) => (
                <Bar key={meter.key} meter={meter} />
              ))}
            </ul>
            <p className="mt-4 border-t pt-3 text-sm text-muted-foreground">
              {plural(now.data.calls, 'model call')} today: {now.data.prompt_tokens.toLocaleString('en')}{' '}
              tokens sent, {now.data.completion_tokens.toLocaleString('en')} received.
            </p>
          </>
        )}
      </Section>
    </div>
  )
}
