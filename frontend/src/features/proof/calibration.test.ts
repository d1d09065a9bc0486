import { describe, expect, it } from 'vitest'
import type { Axis } from '@/api/types'
import {
  changed,
  faultOf,
  movePoint,
  type Pair,
  pairOf,
  parseOverlay,
  valueAt,
  valuePoint,
} from './calibration'

const axis = (points: [number, number][], scale = 'linear'): Axis => ({
  scale,
  points: points.map(([pixel, value]) => ({ pixel, value, text: String(value) })),
})
const PAIR: Pair = [
  { pixel: 10, value: 0 },
  { pixel: 110, value: 50 },
]

describe('a calibration', () => {
  /** Protects the handles: they stand on the outermost real points, and categories have none. */
  it.each([
    [
      axis([
        [60, 2],
        [10, 0],
        [110, 4],
      ]),
      [10, 110],
    ],
    [
      axis([
        [10, 0],
        [11, 1],
      ]),
      null,
    ],
    [axis([[10, 0]]), null],
    [
      axis([
        [10, Number.NaN],
        [50, 1],
      ]),
      null,
    ],
    [
      axis(
        [
          [10, 0],
          [110, 4],
        ],
        'category',
      ),
      null,
    ],
    [null, null],
  ])('finds its points (%#)', (given, pixels) => {
    expect(pairOf(given)?.map((point) => point.pixel) ?? null).toEqual(pixels)
  })

  /** Protects the picture's edge and the order of points, wherever a pointer drags them. */
  it.each([
    [0, 40.04, [40, 110]],
    [0, -5, [0, 110]],
    [0, 500, [108, 110]],
    [1, 500, [10, 200]],
    [1, 3, [10, 12]],
  ] as const)('moves point %i to %f', (index, pixel, pixels) => {
    expect(movePoint(PAIR, index, pixel, 200).map((point) => point.pixel)).toEqual(pixels)
  })

  /** Protects the server from axes that say nothing. */
  it.each([
    [0, 50, 'linear', null],
    [5, 5, 'linear', /different/],
    [Number.NaN, 5, 'linear', /number/],
    [0, 10, 'log', /above zero/],
    [1, 10, 'log', null],
  ])('judges %d to %d on %s', (low, high, scale, said) => {
    const fault = faultOf(valuePoint(valuePoint(PAIR, 0, low), 1, high), scale)
    if (said === null) expect(fault).toBeNull()
    else expect(fault).toMatch(said)
  })

  /** Protects what is sent: only what was changed, as pixels and values. */
  it('sends the changed axis alone', () => {
    const before = { x: PAIR, y: PAIR }
    expect(changed(before, before)).toBeNull()
    expect(changed(before, { ...before, y: movePoint(PAIR, 1, 120, 200) })).toEqual({
      y: [
        { pixel: 10, value: 0 },
        { pixel: 120, value: 50 },
      ],
    })
  })

  /** Protects the preview on both kinds of axis. */
  it('tells the value at a pixel', () => {
    expect(valueAt(PAIR, 'linear', 60)).toBe(25)
    expect(valueAt(valuePoint(valuePoint(PAIR, 0, 1), 1, 100), 'log', 60)).toBeCloseTo(10)
  })

  /** Protects the proof tab from files that are no overlay. */
  it.each([
    '',
    '{',
    'null',
    '[]',
    '{"picture":{"width":0,"height":5},"values":[]}',
    '{"picture":{"width":5,"height":5}}',
  ])('does not read %j', (text) => expect(parseOverlay(text)).toBeNull())
})
