import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ZoomInIcon, ZoomOutIcon } from 'lucide-react'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useSend } from '@/api/context'
import type { Overlay } from '@/api/types'
import { ProblemAlert } from '@/components/problem-alert'
import { Button } from '@/components/ui/button'
import { calibrateJob } from '@/features/jobs/api'
import { AxisForm } from './axis-form'
import { changed, type Direction, faultOf, type Pair, pairsOf } from './calibration'
import { OverlayPicture } from './overlay'
import { ValuesTable } from './values-table'

type Props = { jobId: string; picture: number; original: string; overlay: Overlay; over: boolean }

/** The proof of one picture: marks on it, the table beside it, and the axes to put right. */
export function PictureProof({ jobId, picture, original, overlay, over }: Props) {
  const send = useSend()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [fitted] = useState(() => pairsOf(overlay))
  const [pairs, setPairs] = useState(fitted)
  const [chosen, setChosen] = useState<number | null>(null)
  const [zoom, setZoom] = useState(1)
  const change = changed(fitted, pairs)
  const { x, y } = overlay.calibration ?? {}
  const wrong = (pairs.x && x && faultOf(pairs.x, x.scale)) || (pairs.y && y && faultOf(pairs.y, y.scale))
  const again = useMutation({
    mutationFn: () => calibrateJob(send, jobId, { picture, ...change }),
    onSuccess: (job) => {
      void cache.invalidateQueries({ queryKey: ['jobs'] })
      void navigate(`/jobs/${job.id}`)
    },
  })
  const move = (direction: Direction, pair: Pair) => setPairs((now) => ({ ...now, [direction]: pair }))
  const movable = fitted.x !== null || fitted.y !== null
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1.7fr)_minmax(0,1fr)]">
      <div className="grid min-w-0 gap-3">
        <OverlayPicture
          overlay={overlay}
          original={original}
          pairs={pairs}
          chosen={chosen}
          zoom={zoom}
          onChoose={setChosen}
          onMove={move}
        />
        <div className="flex flex-wrap items-center gap-x-5 gap-y-2 text-sm text-muted-foreground">
          <span className="flex items-center gap-1.5">
            <svg aria-hidden viewBox="-8 -8 16 16" className="size-4 fill-success/25 stroke-success stroke-2">
              <circle r="5" />
            </svg>
            trusted
          </span>
          <span className="flex items-center gap-1.5">
            <svg aria-hidden viewBox="-8 -8 16 16" className="size-4 fill-warning/35 stroke-warning stroke-2">
              <path d="M0-6L6 0L0 6L-6 0Z" />
            </svg>
            in doubt
          </span>
          {movable && (
            <span className="flex items-center gap-1.5">
              <span aria-hidden className="size-3 rounded-full bg-primary" />
              axis point: drag it, or use the arrow keys
            </span>
          )}
          <span className="ml-auto flex gap-1">
            <Button
              variant="ghost"
              size="icon"
              aria-label="Smaller"
              disabled={zoom === 1}
              onClick={() => setZoom(zoom / 2)}
            >
              <ZoomOutIcon aria-hidden />
            </Button>
            <Button
              variant="ghost"
              size="icon"
              aria-label="Larger"
              disabled={zoom === 4}
              onClick={() => setZoom(zoom * 2)}
            >
              <ZoomInIcon aria-hidden />
            </Button>
          </span>
        </div>
        {movable && (
          <details className="rounded-xl border bg-card p-4" open={change !== null || undefined}>
            <summary className="text-sm font-medium">Put the axes right</summary>
            <div className="mt-3 grid gap-3 lg:grid-cols-2">
              {pairs.x && x && (
                <AxisForm
                  direction="x"
                  axis={x}
                  pair={pairs.x}
                  size={overlay.picture.width}
                  onChange={(pair) => move('x', pair)}
                />
              )}
              {pairs.y && y && (
                <AxisForm
                  direction="y"
                  axis={y}
                  pair={pairs.y}
                  size={overlay.picture.height}
                  onChange={(pair) => move('y', pair)}
                />
              )}
            </div>
          </details>
        )}
        {change && (
          <div className="flex flex-wrap items-center gap-3 rounded-xl border border-primary/50 bg-primary/8 p-4">
            <p className="min-w-0 flex-1 basis-52 text-sm">
              The axes were moved. The numbers are read again from the picture, as a new version of this job.
            </p>
            <Button variant="outline" onClick={() => setPairs(fitted)}>
              Undo
            </Button>
            <Button disabled={again.isPending || Boolean(wrong) || !over} onClick={() => again.mutate()}>
              {again.isPending ? 'Sending…' : 'Read again'}
            </Button>
          </div>
        )}
        {again.isError && <ProblemAlert error={again.error} onRetry={() => again.mutate()} />}
      </div>
      <ValuesTable values={overlay.values} chosen={chosen} onChoose={setChosen} />
    </div>
  )
}
