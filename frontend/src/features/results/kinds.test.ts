import { expect, it } from 'vitest'
import type { OutputFile } from '@/api/types'
import { MAX_SHOWN_BYTES, sortOutputs, viewerFor } from './kinds'

/** Protects the page from what code left: only known types are shown, active ones only inert, huge ones not at all. */
it.each([
  ['image/png', 10, 'image'],
  ['image/svg+xml', 10, 'image'],
  ['image/x-icon', 10, 'none'],
  ['text/html; charset=utf-8', 10, 'html'],
  ['TEXT/CSV', 10, 'table'],
  ['application/vnd.darkroom.figure+json', 10, 'figure'],
  ['application/json', 10, 'json'],
  ['text/markdown', 10, 'text'],
  ['application/pdf', 10, 'none'],
  ['application/x-sh', 10, 'none'],
  ['', 10, 'none'],
  ['text/csv', MAX_SHOWN_BYTES + 1, 'none'],
] as const)('shows %s of %i bytes as %s', (media_type, bytes, expected) => {
  expect(viewerFor({ media_type, bytes })).toBe(expected)
})

/** Protects the print: the chart comes first and brings its own data; nothing is lost, nothing shown twice. */
it('sorts what a job left', () => {
  const file = (name: string, media_type: string) => ({ name, media_type, bytes: 1 }) as OutputFile
  const outputs = [
    file('palette.png', 'image/png'),
    file('chart.figure.json', 'application/vnd.darkroom.figure+json'),
    file('chart.png', 'image/png'),
    file('lone.figure.json', 'application/vnd.darkroom.figure+json'),
    file('values.csv', 'text/csv'),
    file('table.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'),
    file('page.html', 'text/html'),
    file('proof/overlay.json', 'application/json'),
  ]
  const sorted = sortOutputs(outputs, new Set(['proof/overlay.json']))
  expect(sorted.prints.map(({ image, figure }) => [image.name, figure?.name])).toEqual([
    ['chart.png', 'chart.figure.json'],
    ['palette.png', undefined],
  ])
  expect(sorted.figures.map((one) => one.name)).toEqual(['lone.figure.json'])
  expect(sorted.data.map((one) => one.name)).toEqual(['values.csv', 'table.xlsx'])
  expect(sorted.other.map((one) => one.name)).toEqual(['page.html'])
})
