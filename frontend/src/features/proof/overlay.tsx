import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react'
import type { Overlay, ReadValue } from '@/api/types'
import { SecureImage } from '@/components/secure-image'
import { formatNumber, plainName } from '@/lib/format'
import { cn } from '@/lib/utils'
import { type Direction, movePoint, nameOf, type Pair, type Pairs } from './calibration'

type Props = {
  overlay: Overlay
  original: string
  pairs: Pairs
  chosen: number | null
  zoom: number
  onChoose: (index: number | null) => void
  onMove: (direction: Direction, pair: Pair) => void
}

/** How many picture pixels one pixel of the screen covers, so that marks keep their size. */
function useScale(width: number) {
  const box = useRef<HTMLDivElement>(null)
  const [scale, setScale] = useState(1)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const measure = () => element.clientWidth > 0 && setScale(width / element.clientWidth)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [width])
  return { box, scale }
}

function Mark({
  value,
  scale,
  chosen,
  onChoose,
}: {
  value: ReadValue
  scale: number
  chosen: boolean
  onChoose: () => void
}) {
  if (!value.px) return null
  const [x, y] = value.px
  const size = (value.trusted ? 4.5 : 7) * scale * (chosen ? 1.5 : 1)
  const words = `${plainName(nameOf(value))}: ${value.value === null ? 'not read' : formatNumber(value.value)}${value.trusted ? '' : `, in doubt: ${plainName(value.why ?? 'no reason given')}`}`
  const look = value.trusted ? 'fill-success/25 stroke-success' : 'fill-warning/35 stroke-warning'
  const shape = value.trusted ? (
    <circle cx={x} cy={y} r={size} />
  ) : (
    <path d={`M${x} ${y - size}L${x + size} ${y}L${x} ${y + size}L${x - size} ${y}Z`} />
  )
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    onChoose()
  }
  // Values in doubt can be reached by Tab; all others through the table beside the picture.
  return (
    <g
      role="button"
      tabIndex={value.trusted ? -1 : 0}
      aria-label={words}
      aria-pressed={chosen}
      onClick={onChoose}
      onKeyDown={onKey}
      className={cn('cursor-pointer', look, chosen && 'stroke-primary')}
      strokeWidth={2 * scale}
    >
      <title>{words}</title>
      <circle cx={x} cy={y} r={11 * scale} className="fill-transparent stroke-none" />
      {shape}
    </g>
  )
}

type HandleProps = {
  direction: Direction
  pair: Pair
  index: 0 | 1
  cross: number
  size: number
  scale: number
  onMove: (pair: Pair) => void
}

/** A point of an axis that can be dragged along it, or moved by arrow keys: one pixel, ten with Shift. */
function Handle({ direction, pair, index, cross, size, scale, onMove }: HandleProps) {
  const point = pair[index]
  const [x, y] = direction === 'x' ? [point.pixel, cross] : [cross, point.pixel]
  const label = `${direction} axis, point of ${formatNumber(point.value)}`
  const toPixel = (event: PointerEvent<SVGGElement>) => {
    const svg = event.currentTarget.ownerSVGElement
    const matrix = svg?.getScreenCTM()
    if (!svg || !matrix) return null
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse())
    return direction === 'x' ? at.x : at.y
  }
  const onKey = (event: KeyboardEvent) => {
    const forward = direction === 'x' ? 'ArrowRight' : 'ArrowDown'
    const back = direction === 'x' ? 'ArrowLeft' : 'ArrowUp'
    if (event.key !== forward && event.key !== back) return
    event.preventDefault()
    const by = (event.shiftKey ? 10 : 1) * (event.key === forward ? 1 : -1)
    onMove(movePoint(pair, index, point.pixel + by, size))
  }
  const r = 8 * scale
  return (
    <g
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-orientation={direction === 'x' ? 'horizontal' : 'vertical'}
      aria-valuemin={0}
      aria-valuemax={size}
      aria-valuenow={Math.round(point.pixel)}
      aria-valuetext={`pixel ${Math.round(point.pixel)}`}
      className={cn(
        'touch-none fill-primary stroke-background',
        direction === 'x' ? 'cursor-ew-resize' : 'cursor-ns-resize',
      )}
      strokeWidth={2 * scale}
      onKeyDown={onKey}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        event.preventDefault()
        event.currentTarget.focus()
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
        const pixel = toPixel(event)
        if (pixel !== null) onMove(movePoint(pair, index, pixel, size))
      }}
    >
      <circle cx={x} cy={y} r={22 * scale} className="fill-transparent stroke-none" />
      <circle cx={x} cy={y} r={r} />
      <text
        x={direction === 'x' ? x : x + 14 * scale}
        y={direction === 'x' ? y - 14 * scale : y + 4 * scale}
        textAnchor={direction === 'x' ? 'middle' : 'start'}
        fontSize={12 * scale}
        className="pointer-events-none fill-[#8a3f0d] font-mono font-semibold stroke-white [paint-order:stroke]"
        strokeWidth={3 * scale}
      >
        {formatNumber(point.value)}
      </text>
    </g>
  )
}

/** The picture with each value laid back onto it, and the axes as they were fitted. */
export function OverlayPicture({ overlay, original, pairs, chosen, zoom, onChoose, onMove }: Props) {
  const { width, height } = overlay.picture
  const { box, scale } = useScale(width)
  // Handles stand where the axes are: those of x on the lowest line of y, those of y on the leftmost of x.
  const xPixels = overlay.calibration?.x?.points.map((point) => point.pixel) ?? []
  const yPixels = overlay.calibration?.y?.points.map((point) => point.pixel) ?? []
  const bottom = yPixels.length > 0 ? Math.max(...yPixels) : height - 16 * scale
  // Categories are named at the middle of their places: the axis stands half a place before the first.
  const [first = 16 * scale, second] = [...xPixels].sort((a, b) => a - b)
  const isNamed = overlay.calibration?.x?.scale === 'category'
  const left = isNamed && second !== undefined ? Math.max(0, first - (second - first) / 2) : first
  const axes: [Direction, Pair | null, number, number][] = [
    ['x', pairs.x, bottom, width],
    ['y', pairs.y, left, height],
  ]
  return (
    <div
      className="scroll-thin max-h-[44rem] overflow-auto rounded-lg border bg-card"
      tabIndex={0}
      role="region"
      aria-label="Picture with the values on it"
    >
      <div
        ref={box}
        className="relative"
        style={{ width: `${zoom * 100}%`, aspectRatio: `${width} / ${height}` }}
      >
        <SecureImage
          path={original}
          type="image/png"
          alt="Your chart"
          className="absolute inset-0 size-full object-fill"
        />
        <svg
          viewBox={`0 0 ${width} ${height}`}
          role="group"
          aria-label="Values and axis points"
          className="absolute inset-0 size-full overflow-visible"
        >
          {axes.map(([direction, pair, cross]) => {
            if (!pair) return null
            const ends =
              direction === 'x'
                ? { x1: pair[0].pixel, x2: pair[1].pixel, y1: cross, y2: cross }
                : { y1: pair[0].pixel, y2: pair[1].pixel, x1: cross, x2: cross }
            return (
              <line
                key={direction}
                {...ends}
                className="stroke-primary"
                strokeWidth={1.5 * scale}
                strokeDasharray={`${5 * scale}`}
              />
            )
          })}
          {overlay.values.map((value, i) => (
            <Mark
              // biome-ignore lint/suspicious/noArrayIndexKey: values have no other identity, and their order is fixed
              key={i}
              value={value}
              scale={scale}
              chosen={chosen === i}
              onChoose={() => onChoose(chosen === i ? null : i)}
            />
          ))}
          {axes.map(([direction, pair, cross, size]) =>
            pair
              ? ([0, 1] as const).map((index) => (
                  <Handle
                    key={`${direction}${index}`}
                    direction={direction}
                    pair={pair}
                    index={index}
                    cross={cross}
                    size={size}
                    scale={scale}
                    onMove={(moved) => onMove(direction, moved)}
                  />
                ))
              : null,
          )}
        </svg>
      </div>
    </div>
  )
}
