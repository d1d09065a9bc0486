import type { Results } from '@/api/types'
import { Term } from '@/components/term'
import { LogView } from '@/features/logs/log-view'
import { formatDuration } from '@/lib/format'
import type { Live, Progress } from './progress'
import { runWords } from './step-words'

type Run = {
  status: string
  exit_code?: number | null
  duration_ms?: number
  stdout?: string
  stderr?: string
}

function RunLog({ title, run, live }: { title: string; run: Run; live: boolean }) {
  const ended = `${runWords(run.status)}${run.exit_code != null && run.exit_code !== 0 ? ` (exit code ${run.exit_code})` : ''}`
  return (
    <section aria-label={title} className="grid gap-4">
      <h2 className="text-sm text-muted-foreground">
        {title}: {ended}
        {run.duration_ms !== undefined && ` after ${formatDuration(run.duration_ms)}`}
      </h2>
      <div>
        <h3 className="mb-1.5 text-sm font-medium">
          <Term of="stdout">What it printed</Term>
        </h3>
        <LogView
          parts={[{ stream: 'stdout', text: run.stdout ?? '' }]}
          label={`${title}: standard output`}
          empty="The code printed nothing."
          live={live}
        />
      </div>
      {run.stderr && (
        <div>
          <h3 className="mb-1.5 text-sm font-medium">
            <Term of="stderr">Warnings and errors</Term>
          </h3>
          <LogView
            parts={[{ stream: 'stderr', text: run.stderr }]}
            label={`${title}: standard error`}
            empty=""
            live={live}
          />
        </div>
      )}
    </section>
  )
}

/** What the code prints while it runs. */
export function LiveOutput({ live }: { live: Live }) {
  const { stdout, stderr } = live
  return (
    <section aria-label="Run going on" className="grid gap-4">
      <h2 className="flex items-center gap-2 text-sm">
        <span aria-hidden className="lamp lamp-live !size-2.5" />
        <span className="font-medium">Running</span>
        {(stdout.cut || stderr.cut) && (
          <span className="text-muted-foreground">only the latest is shown</span>
        )}
      </h2>
      {stdout.text && (
        <LogView
          parts={[{ stream: 'stdout', text: stdout.text }]}
          label="What the code prints"
          empty=""
          live
        />
      )}
      {stderr.text && (
        <LogView
          parts={[{ stream: 'stderr', text: stderr.text }]}
          label="Warnings and errors so far"
          empty=""
          live
        />
      )}
    </section>
  )
}

/** Whether running code has printed something. */
export const prints = (live: Live | null): live is Live =>
  live !== null && (live.stdout.text !== '' || live.stderr.text !== '')

/** What the code printed: the whole of the delivered run, the last part of those before it. */
export function JobLog({
  progress,
  results,
  live,
}: {
  progress: Progress
  results: Results | undefined
  live: boolean
}) {
  const runs = progress.attempts.flatMap((attempt) =>
    attempt.run ? [{ number: attempt.number, run: attempt.run as Run }] : [],
  )
  const whole = results?.run
  const before = whole ? runs.slice(0, -1) : runs
  const now = prints(progress.live) ? progress.live : null
  if (runs.length === 0 && !whole && !now)
    return (
      <p className="rounded-xl border border-dashed p-10 text-center text-sm text-muted-foreground">
        {live
          ? 'The code has not run yet. What it prints will stand here.'
          : 'The code never ran, so it printed nothing.'}
      </p>
    )
  return (
    <div className="grid gap-8">
      {now && <LiveOutput live={now} />}
      {whole && <RunLog title={runs.length > 1 ? 'Last run' : 'Run'} run={whole} live={live} />}
      {[...before].reverse().map(({ number, run }) => (
        <RunLog key={number} title={`Run of attempt ${number}`} run={run} live={false} />
      ))}
      {results && results.notes.length > 0 && (
        <section aria-label="Notes">
          <h2 className="mb-1.5 text-sm font-medium">Notes</h2>
          <ul className="grid list-disc gap-1 pl-5 text-sm text-muted-foreground">
            {results.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
