import { lazy, Suspense } from 'react'
import type { OutputFile } from '@/api/types'
import { plainName } from '@/lib/format'
import { sortOutputs, viewerFor } from './kinds'
import { OutputCard } from './output-card'
import { OutputText } from './output-view'
import { PrintCard } from './print-card'

const CsvTable = lazy(() => import('./csv-table'))

type Props = { outputs: readonly OutputFile[]; hidden: ReadonlySet<string>; original: string | null }

/** Pictures first, the first table beside them, then what else there is. */
export function ResultTab({ outputs, hidden, original }: Props) {
  const { prints, figures, data, other } = sortOutputs(outputs, hidden)
  const table = data.find((output) => viewerFor(output) === 'table')
  const [first, ...rest] = prints
  return (
    <div className="@container grid gap-4">
      <div
        className={
          table && first
            ? 'grid items-start gap-4 @4xl:grid-cols-[minmax(0,1.9fr)_minmax(0,1fr)]'
            : 'grid gap-4'
        }
      >
        {first && <PrintCard print={first} original={original} first />}
        {table && (
          <OutputCard output={table}>
            <OutputText output={table}>
              {(text) => (
                <Suspense fallback={<div aria-hidden className="skeleton h-64" />}>
                  <CsvTable text={text} caption={plainName(table.name)} className="max-h-[26rem]" />
                </Suspense>
              )}
            </OutputText>
          </OutputCard>
        )}
      </div>
      {rest.length > 0 && (
        <div className="grid gap-4 @3xl:grid-cols-2">
          {rest.map((print) => (
            <PrintCard key={print.image.name} print={print} original={original} first={false} />
          ))}
        </div>
      )}
      {[...figures, ...other].map((output) => (
        <OutputCard key={output.name} output={output} />
      ))}
      {prints.length === 0 &&
        !table &&
        other.length === 0 &&
        data.map((output) => <OutputCard key={output.name} output={output} />)}
    </div>
  )
}

/** Everything that is data. */
export function DataTab({ outputs, hidden }: Omit<Props, 'original'>) {
  const { data, prints, figures } = sortOutputs(outputs, hidden)
  const drawn = [...prints.flatMap((print) => (print.figure ? [print.figure] : [])), ...figures]
  return (
    <div className="grid gap-4">
      {data.length === 0 && drawn.length === 0 && (
        <p className="rounded-xl border border-dashed p-10 text-center text-sm text-muted-foreground">
          There is no table and no data among the results.
        </p>
      )}
      {data.map((output) => (
        <OutputCard key={output.name} output={output} />
      ))}
      {drawn.map((output) => (
        <details key={output.name} className="rounded-xl border bg-card">
          <summary className="px-4 py-3 text-sm font-medium">
            {plainName(output.name)}{' '}
            <span className="ml-1 font-normal text-muted-foreground">· the data behind the chart</span>
          </summary>
          <div className="px-4 pb-4">
            <OutputCard output={output} />
          </div>
        </details>
      ))}
    </div>
  )
}
