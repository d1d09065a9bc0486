import { CircleAlertIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { problemOf } from '@/api/problem'
import { cn } from '@/lib/utils'
import { Button } from './ui/button'

type Props = { error: unknown; onRetry?: () => void; className?: string; children?: ReactNode }

/** What went wrong and what to do about it, where it went wrong. */
export function ProblemAlert({ error, onRetry, className, children }: Props) {
  const problem = problemOf(error)
  return (
    <div
      role="alert"
      className={cn(
        'flex items-start gap-3 rounded-lg border border-destructive/50 bg-destructive/8 p-4',
        className,
      )}
    >
      <CircleAlertIcon aria-hidden className="mt-0.5 size-4 shrink-0 text-destructive" />
      <div className="min-w-0 text-sm">
        <p className="font-medium break-words">{problem.detail || problem.title}</p>
        {problem.advice && <p className="mt-0.5 break-words text-muted-foreground">{problem.advice}</p>}
        {(onRetry || children) && (
          <div className="mt-3 flex flex-wrap gap-2">
            {onRetry && (
              <Button size="sm" variant="outline" onClick={onRetry}>
                Try again
              </Button>
            )}
            {children}
          </div>
        )}
      </div>
    </div>
  )
}
