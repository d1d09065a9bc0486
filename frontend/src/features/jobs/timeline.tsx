import { BanIcon, CheckIcon, CircleAlertIcon } from 'lucide-react'
import { useEffect, useState } from 'react'
import { formatDuration, plainName } from '@/lib/format'
import type { Progress, Step } from './progress'
import { isOver } from './progress'
import { stepDetail, stepTitle } from './step-words'

/** The time now, ten times a second while `on`. */
export function useNow(on: boolean): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    if (!on) return
    const timer = setInterval(() => setNow(Date.now()), 100)
    return () => clearInterval(timer)
  }, [on])
  return now
}

function Mark({ step }: { step: Step }) {
  const look = 'grid size-6 place-items-center rounded-full border bg-card [&_svg]:size-3.5'
  if (step.state === 'running')
    return (
      <span className={look}>
        <span role="img" aria-label="going on" className="lamp lamp-live !size-2.5" />
      </span>
    )
  if (step.state === 'cancelled')
    return (
      <span className={look}>
        <BanIcon role="img" aria-label="stopped" className="text-muted-foreground" />
      </span>
    )
  const failed = step.state === 'failed' || step.detail.verdict === 'block'
  return (
    <span className={look}>
      {failed ? (
        <CircleAlertIcon role="img" aria-label="failed" className="text-destructive" />
      ) : (
        <CheckIcon role="img" aria-label="done" className="text-success" />
      )}
    </span>
  )
}

/** The steps of a job with how long each took. */
export function Timeline({ progress }: { progress: Progress }) {
  const over = isOver(progress.state)
  const now = useNow(!over && progress.steps.some((step) => step.state === 'running'))
  if (progress.steps.length === 0)
    return (
      <p className="text-sm text-muted-foreground">
        {over ? 'Nothing was begun.' : 'Waiting for a place. You can leave; it goes on without you.'}
      </p>
    )
  return (
    <ol className="grid">
      {progress.steps.map((step, i) => {
        const detail = stepDetail(step)
        const ms = step.durationMs ?? Math.max(0, now - step.startedAt)
        return (
          <li key={step.id} className="relative flex animate-rise gap-3 pb-3.5 last:pb-0">
            {i < progress.steps.length - 1 && (
              <span aria-hidden className="absolute top-6 bottom-0 left-3 w-px bg-border" />
            )}
            <Mark step={step} />
            <div className="min-w-0 flex-1 pt-0.5">
              <p className="flex items-baseline justify-between gap-2 text-sm">
                <span className="font-medium">
                  {stepTitle(step)}
                  {step.picture !== null && step.picture > 0 && ` ${step.picture + 1}`}
                </span>
                <span className="text-xs whitespace-nowrap text-muted-foreground tabular-nums">
                  {formatDuration(ms)}
                </span>
              </p>
              {detail && (
                <p className="line-clamp-3 text-xs break-words text-muted-foreground">{plainName(detail)}</p>
              )}
            </div>
          </li>
        )
      })}
    </ol>
  )
}
