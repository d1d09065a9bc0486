import type { Axis } from '@/api/types'
import { Term } from '@/components/term'
import { Input } from '@/components/ui/input'
import { plainName } from '@/lib/format'
import { type Direction, faultOf, movePoint, type Pair, valuePoint } from './calibration'

type Props = { direction: Direction; axis: Axis; pair: Pair; size: number; onChange: (pair: Pair) => void }

/** Two points of an axis as numbers: the same as dragging them, for whoever knows better. */
export function AxisForm({ direction, axis, pair, size, onChange }: Props) {
  const fault = faultOf(pair, axis.scale)
  const name = direction === 'x' ? 'Across (x)' : 'Up (y)'
  return (
    <fieldset className="min-w-0 rounded-lg border p-3">
      <legend className="px-1 text-sm font-medium">
        {name}
        {axis.label && <span className="font-normal text-muted-foreground"> · {plainName(axis.label)}</span>}
        {axis.scale === 'log' && <span className="font-normal text-muted-foreground"> · log</span>}
      </legend>
      <div className="grid grid-cols-2 gap-x-3 gap-y-2 text-sm">
        {([0, 1] as const).map((index) => (
          <div key={index} className="contents">
            <label htmlFor={`${direction}-${index}-pixel`} className="grid gap-1">
              <span className="text-xs text-muted-foreground">
                {index === 0 ? 'One point: pixel' : 'Other point: pixel'}
              </span>
              <Input
                id={`${direction}-${index}-pixel`}
                type="number"
                step="0.1"
                min={0}
                max={size}
                value={Number.isFinite(pair[index].pixel) ? pair[index].pixel : ''}
                onChange={(event) => {
                  const pixel = event.target.valueAsNumber
                  if (Number.isFinite(pixel)) onChange(movePoint(pair, index, pixel, size))
                }}
              />
            </label>
            <label htmlFor={`${direction}-${index}-value`} className="grid gap-1">
              <span className="text-xs text-muted-foreground">has the value</span>
              <Input
                id={`${direction}-${index}-value`}
                type="number"
                step="any"
                aria-invalid={fault !== null}
                value={Number.isFinite(pair[index].value) ? pair[index].value : ''}
                onChange={(event) => onChange(valuePoint(pair, index, event.target.valueAsNumber))}
              />
            </label>
          </div>
        ))}
      </div>
      {fault && (
        <p role="alert" className="mt-2 text-sm text-destructive">
          {fault}
        </p>
      )}
      {!fault && axis.points.length > 2 && (
        <p className="mt-2 text-xs text-muted-foreground">
          The <Term of="calibration">calibration</Term> was fitted through {axis.points.length} marks.
        </p>
      )}
    </fieldset>
  )
}
