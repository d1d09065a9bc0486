import type { Axis, AxisPoint, Overlay, ReadValue } from '@/api/types'

/** Which way an axis runs. */
export type Direction = 'x' | 'y'

/** Two points that fix an axis, as a person may move them. */
export type Pair = readonly [AxisPoint, AxisPoint]

/** The axes a person can move; null where there is none with two numbers on it. */
export type Pairs = { x: Pair | null; y: Pair | null }

const usable = (point: AxisPoint) => Number.isFinite(point.pixel) && Number.isFinite(point.value)

/** The two points of an axis that lie furthest apart: what is between them follows. */
export function pairOf(axis: Axis | null | undefined): Pair | null {
  if (!axis || axis.scale === 'category') return null
  const points = axis.points.filter(usable).sort((a, b) => a.pixel - b.pixel)
  const [first, last] = [points[0], points.at(-1)]
  return first && last && last.pixel - first.pixel >= 2 ? [first, last] : null
}

/** Both axes of a calibration. */
export const pairsOf = (overlay: Overlay): Pairs => ({
  x: pairOf(overlay.calibration?.x),
  y: pairOf(overlay.calibration?.y),
})

/** A point moved to a pixel: within the picture, and never onto its partner. */
export function movePoint(pair: Pair, index: 0 | 1, pixel: number, size: number): Pair {
  const [low, high] = pair
  const inside = Math.min(Math.max(pixel, 0), size)
  const rounded = Math.round(inside * 10) / 10
  return index === 0
    ? [{ ...low, pixel: Math.min(rounded, high.pixel - 2) }, high]
    : [low, { ...high, pixel: Math.max(rounded, low.pixel + 2) }]
}

/** A point given another value. */
export const valuePoint = (pair: Pair, index: 0 | 1, value: number): Pair =>
  index === 0 ? [{ ...pair[0], value }, pair[1]] : [pair[0], { ...pair[1], value }]

/** Why an axis cannot be used, in a sentence; null when it can. */
export function faultOf(pair: Pair, scale: string): string | null {
  const values = pair.map((point) => point.value)
  if (!values.every(Number.isFinite)) return 'Both points need a number.'
  if (values[0] === values[1]) return 'The two points must have different values.'
  if (scale === 'log' && values.some((value) => value <= 0)) return 'On a log axis values must be above zero.'
  return null
}

const bare = (pair: Pair) => pair.map(({ pixel, value }) => ({ pixel, value }))

/** What is sent: the axes that were changed, and no others. Null where nothing was. */
export function changed(before: Pairs, now: Pairs) {
  const differs = (one: Pair | null, other: Pair | null) =>
    other !== null && JSON.stringify(one && bare(one)) !== JSON.stringify(bare(other))
  const x = differs(before.x, now.x) && now.x ? bare(now.x) : undefined
  const y = differs(before.y, now.y) && now.y ? bare(now.y) : undefined
  return x || y ? { ...(x && { x }), ...(y && { y }) } : null
}

/** The value at a pixel by two points; for a preview, the server reads anew. */
export function valueAt(pair: Pair, scale: string, pixel: number): number {
  const share = (pixel - pair[0].pixel) / (pair[1].pixel - pair[0].pixel)
  if (scale !== 'log') return pair[0].value + share * (pair[1].value - pair[0].value)
  const [from, to] = [Math.log10(pair[0].value), Math.log10(pair[1].value)]
  return 10 ** (from + share * (to - from))
}

/** A value in words for a list: `Mon`, `North, 3`. */
export const nameOf = (value: ReadValue) =>
  [value.series, String(value.at)].filter((one) => one !== '').join(', ')

/** Reads an overlay file; null where it is none. */
export function parseOverlay(text: string): Overlay | null {
  try {
    const read = JSON.parse(text) as Overlay
    const { width, height } = read.picture
    if (!(width > 0 && height > 0) || !Array.isArray(read.values)) return null
    return read
  } catch {
    return null
  }
}
