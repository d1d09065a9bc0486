import { expect, it } from 'vitest'
import type { ModelRole } from '@/api/types'
import { choices, others } from './choice'

const role = (name: string, ...models: string[]) =>
  ({
    role: name,
    chain: [...models.map((model) => ({ model, seen: { calls: 0 } })), { model: 'builtin', seen: null }],
  }) as unknown as ModelRole

/** Protects people from choosing what the server does not have, and from not seeing what it has. */
it.each([
  [[role('vision'), role('code'), role('reasoning')], []],
  [
    [role('vision', 'eye'), role('code', 'pen'), role('reasoning', 'pen')],
    ['first: eye, pen', 'rules: the built-in rules, no model'],
  ],
  [
    [role('vision', 'eye'), role('code', 'pen', 'quill'), role('reasoning')],
    ['first: eye, pen', 'second: eye, quill', 'rules: the built-in rules, no model'],
  ],
])('offers what there is', (roles, expected) => {
  const told = choices(roles).map(({ value, words }) => `${value}: ${words}`)
  expect(told).toEqual(expected)
  expect(others(roles).map(({ value }) => value)).toEqual(expected.slice(1).map((one) => one.split(':')[0]))
  expect(others(roles, 'rules').some(({ value }) => value === 'rules')).toBe(false)
})
