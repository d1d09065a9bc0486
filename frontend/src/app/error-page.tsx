import { useEffect } from 'react'
import { useRouteError } from 'react-router'
import { problemOf } from '@/api/problem'
import { Button } from '@/components/ui/button'
import { report } from '@/lib/report'

/** Stands in place of a page that broke. After an update of the server, chunks of the old app are gone: a reload helps. */
export function ErrorPage() {
  const error = useRouteError()
  const problem = problemOf(error)
  // The router caught it before the browser could tell of it.
  useEffect(() => report(error), [error])
  return (
    <div className="mx-auto w-full max-w-2xl px-6 py-20">
      <h1 className="font-display text-5xl tracking-tight">This print was spoiled</h1>
      <p className="mt-3 text-muted-foreground">
        This page stopped because of a mistake in it. Your jobs go on, and nothing of them is lost.
      </p>
      <div className="mt-6 flex flex-wrap gap-2">
        <Button onClick={() => window.location.reload()}>Reload the page</Button>
        <Button variant="outline" asChild>
          <a href="/">Go to the start</a>
        </Button>
      </div>
      <details className="mt-8 text-sm">
        <summary className="text-muted-foreground">Technical details</summary>
        <pre className="mt-2 overflow-auto rounded-md bg-code p-3 font-mono text-xs whitespace-pre-wrap">
          {problem.detail}
        </pre>
      </details>
    </div>
  )
}
