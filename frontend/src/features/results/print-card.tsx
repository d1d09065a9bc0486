import { lazy, Suspense, useCallback, useState } from 'react'
import { useBlobUrl, useBytes } from '@/components/secure-image'
import { plainName } from '@/lib/format'
import { cn } from '@/lib/utils'
import { Compare } from './compare'
import type { Print } from './kinds'
import { OutputCard } from './output-card'
import { OutputImage, OutputText } from './output-view'

const ChartFrame = lazy(() => import('./chart-frame'))

type View = 'print' | 'chart' | 'compare'
const NAMES: Record<View, string> = { print: 'Print', chart: 'Interactive', compare: 'Before / after' }

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function Comparison({ print, original }: { print: Print; original: string }) {
  const before = useBlobUrl(useBytes(original).data, 'image/png')
  const after = useBlobUrl(useBytes(print.image.path).data, print.image.media_type.split(';')[0])
  if (!before || !after) return <div aria-hidden className="skeleton h-[26rem]" />
  return <Compare before={before} after={after} name={plainName(print.image.name)} />
}

/** A picture that a job made: as it is, drawn anew from its data, or over the picture it came from. */
export function PrintCard({
  print,
  original,
  first,
}: {
  print: Print
  original: string | null
  first: boolean
}) {
  const [view, setView] = useState<View>('print')
  const [failed, setFailed] = useState(false)
  const onFailed = useCallback(() => setFailed(true), [])
  const views: View[] = ['print']
  if (print.figure) views.push('chart')
  if (original && first) views.push('compare')
  const name = plainName(print.image.name)
  const tools = views.length > 1 && (
    <div role="group" aria-label={`How ${name} is shown`} className="flex rounded-md bg-muted p-0.5">
      {views.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === view}
          onClick={() => setView(one)}
          className={cn(
            'h-7 rounded px-2.5 text-xs font-medium text-muted-foreground hover:text-foreground pointer-coarse:h-10',
            one === view && 'bg-card text-foreground shadow-sm',
          )}
        >
          {NAMES[one]}
        </button>
      ))}
    </div>
  )
  return (
    <OutputCard output={print.image} tools={tools}>
      {view === 'print' && (
        <OutputImage output={print.image} className={first ? 'aspect-[8/5] max-h-[26rem]' : 'h-64'} />
      )}
      {view === 'compare' && original && <Comparison print={print} original={original} />}
      {view === 'chart' && print.figure && !failed && (
        <OutputText output={print.figure}>
          {(text) => (
            <Suspense fallback={<div aria-hidden className="skeleton h-[26rem]" />}>
              <ParsedChart text={text} title={name} onFailed={onFailed} />
            </Suspense>
          )}
        </OutputText>
      )}
      {view === 'chart' && failed && (
        <p className="grid h-[26rem] place-items-center text-center text-sm text-muted-foreground">
          This chart has parts that cannot be drawn from data here. The print shows all of it.
        </p>
      )}
    </OutputCard>
  )
}

function ParsedChart({ text, title, onFailed }: { text: string; title: string; onFailed: () => void }) {
  const [figure] = useState(() => parse(text))
  return <ChartFrame figure={figure} title={title} onFailed={onFailed} />
}
