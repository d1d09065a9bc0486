import { TriangleAlertIcon } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { ReadValue } from '@/api/types'
import { Term } from '@/components/term'
import { formatNumber, plainName } from '@/lib/format'
import { cn } from '@/lib/utils'

const MOST = 400

type Props = { values: readonly ReadValue[]; chosen: number | null; onChoose: (index: number | null) => void }

/** The values as a table; a row and its mark on the picture are chosen together. */
export function ValuesTable({ values, chosen, onChoose }: Props) {
  const [doubtOnly, setDoubtOnly] = useState(false)
  const row = useRef<HTMLTableRowElement>(null)
  useEffect(() => {
    if (chosen !== null) row.current?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  const doubtful = values.filter((value) => !value.trusted).length
  const rows = values
    .map((value, index) => ({ value, index }))
    .filter(({ value }) => !doubtOnly || !value.trusted)
  const shown = rows.slice(0, MOST)
  return (
    <div className="grid content-start gap-2">
      <div className="flex items-center justify-between gap-2 text-sm">
        <p>
          <span className="font-medium tabular-nums">{values.length - doubtful}</span> of {values.length}{' '}
          values <Term of="trusted">trusted</Term>
        </p>
        {doubtful > 0 && (
          <label className="flex cursor-pointer items-center gap-2">
            <input
              type="checkbox"
              className="size-4 accent-primary"
              checked={doubtOnly}
              onChange={(event) => setDoubtOnly(event.target.checked)}
            />
            only in doubt ({doubtful})
          </label>
        )}
      </div>
      <div
        tabIndex={0}
        role="region"
        aria-label="Values"
        className="scroll-thin max-h-[40rem] overflow-auto rounded-md border"
      >
        <table className="w-full text-sm">
          <thead className="sticky top-0 bg-muted text-left">
            <tr>
              <th className="px-3 py-1.5 font-medium">Series</th>
              <th className="px-3 py-1.5 font-medium">At</th>
              <th className="px-3 py-1.5 text-right font-medium">Value</th>
              <th className="px-3 py-1.5 text-right font-medium">
                <Term of="residual">Off by</Term>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ value, index }) => (
              <tr
                key={index}
                ref={chosen === index ? row : undefined}
                className={cn(
                  'border-t align-top',
                  !value.trusted && 'bg-warning/8',
                  chosen === index && 'bg-accent',
                )}
              >
                <td className="max-w-32 truncate px-3 py-1.5" title={plainName(value.series)}>
                  <button
                    type="button"
                    className="text-left hover:underline"
                    aria-pressed={chosen === index}
                    onClick={() => onChoose(chosen === index ? null : index)}
                  >
                    {plainName(value.series) || 'value'}
                  </button>
                </td>
                <td className="px-3 py-1.5">
                  {plainName(String(value.at))}
                  {!value.trusted && (
                    <span className="mt-0.5 flex items-start gap-1 text-xs text-muted-foreground">
                      <TriangleAlertIcon aria-hidden className="mt-px size-3 shrink-0 text-warning" />
                      {plainName(value.why ?? 'could not be checked')}
                    </span>
                  )}
                </td>
                <td className="px-3 py-1.5 text-right whitespace-nowrap tabular-nums">
                  {value.value === null ? '–' : formatNumber(value.value)}
                  {value.error != null && (
                    <span className="text-muted-foreground"> ± {formatNumber(value.error)}</span>
                  )}
                </td>
                <td className="px-3 py-1.5 text-right whitespace-nowrap text-muted-foreground tabular-nums">
                  {value.residual_px == null ? '–' : `${value.residual_px.toFixed(1)} px`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > MOST && (
        <p className="text-xs text-muted-foreground">
          The first {MOST} of {rows.length} are listed; all are on the picture and in the data.
        </p>
      )}
    </div>
  )
}
