import { expect, it } from 'vitest'
import { readCsv } from './csv-table'

/** Protects tables from hostile files: formulas stay text, rows that are too long or too short do no harm. */
it.each([
  ['=HYPERLINK(1),b\n@SUM(1),-2', { head: ['=HYPERLINK(1)', 'b'], rows: [['@SUM(1)', '-2']], cut: false }],
  ['a\n1,2,3', { head: ['a', '', ''], rows: [['1', '2', '3']], cut: false }],
  ['', { head: [], rows: [], cut: false }],
])('reads %j', (text, expected) => {
  expect(readCsv(text)).toEqual(expected)
})

/** Protects the page from a table of a million columns, and says that it was cut. */
it('cuts what is too wide', () => {
  const { head, cut } = readCsv(`${'x,'.repeat(5000)}x\n${'1,'.repeat(5000)}1`)
  expect([head.length, cut]).toEqual([200, true])
})
