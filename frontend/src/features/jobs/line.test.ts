import { expect, it } from 'vitest'
import { lineOf } from './line'

const job = (id: string, ...chain: string[]) => ({ id, chain })

/** Protects the way between versions: forwards and back, also where a job was revised twice. */
it.each([
  ['alone', job('a'), [job('b')], ['a']],
  ['the newest', job('c', 'a', 'b'), [job('b', 'a'), job('a')], ['a', 'b', 'c']],
  ['in the middle', job('b', 'a'), [job('c', 'a', 'b'), job('a')], ['a', 'b', 'c']],
  ['revised twice', job('a'), [job('b', 'a'), job('c', 'a')], ['a', 'c']],
  ['the branch that was left', job('b', 'a'), [job('c', 'a')], ['a', 'b']],
])('%s', (_, one, known, expected) => {
  expect(lineOf(one, known)).toEqual(expected)
})
