import { expect, it } from 'vitest'
import { toPlotly } from './plotly'

const LOOK = { text: '#111', grid: '#eee', font: 'x' }
const figure = (series: object[], more: object = {}) => ({
  darkroom_figure: 1,
  axes: [
    {
      kind: 'rectilinear',
      role: 'plot',
      title: 'T',
      x: {},
      y: { limits: [0, 5], scale: 'linear' },
      series,
      ...more,
    },
  ],
})

/** Protects the interactive chart: values and names are those of the figure, none made up. */
it('draws bars with their categories', () => {
  const spec = toPlotly(
    figure([
      {
        type: 'bar',
        positions: [0, 1],
        heights: [3, 4],
        widths: 0.8,
        bottoms: 0,
        categories: ['Mon', 'Tue'],
        colour: '#1f77b4',
      },
    ]),
    LOOK,
  )
  expect(spec?.data).toMatchObject([
    { type: 'bar', x: [0, 1], y: [3, 4], base: [0, 0], text: ['Mon', 'Tue'] },
  ])
  expect(spec?.layout.yaxis).toMatchObject({ range: [0, 5] })
})

/** Protects against texts of pictures becoming markup in the chart. */
it('shows markup as text', () => {
  const spec = toPlotly(
    figure([{ type: 'line', label: '<a href=x>', x: [1], y: [2] }], { title: '<img onerror=1>' }),
    LOOK,
  )
  expect(JSON.stringify(spec)).not.toMatch(/<(a|img)/)
})

/** Protects against half a chart: what cannot be drawn whole is not drawn. */
it.each([
  ['an unknown series', figure([{ type: 'line', x: [1], y: [2] }, { type: 'violin' }])],
  ['no series', figure([])],
  ['a polar plot', figure([{ type: 'line', x: [1], y: [2] }], { kind: 'polar' })],
  [
    'two plots',
    { axes: [...figure([{ type: 'line', x: [1], y: [1] }]).axes, ...figure([{ type: 'bar' }]).axes] },
  ],
  ['nonsense', [1, 'x', null]],
  ['null', null],
])('does not draw %s', (_name, odd) => {
  expect(toPlotly(odd, LOOK)).toBeNull()
})
