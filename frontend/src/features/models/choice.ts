import type { ModelChoice, ModelRole } from '@/api/types'

/** One way to have a job done, and what it is called. */
export type Choice = { value: ModelChoice; words: string }

/** The models that are asked at this place of each role's chain, each once; those of a role without one there count first. */
function names(chains: readonly string[][], place: number): string {
  const found = new Set(chains.map((chain) => chain[place] ?? chain[0]).filter((name) => name !== undefined))
  return [...found].join(', ')
}

/** Which models a job can be done with, the usual way first; none where there is nothing to choose. */
export function choices(roles: readonly ModelRole[]): Choice[] {
  // The built-in rules are the only ones of which nothing is seen.
  const chains = roles.map((role) => role.chain.filter((model) => model.seen).map((model) => model.model))
  if (chains.every((chain) => chain.length === 0)) return []
  const second: Choice = { value: 'second', words: names(chains, 1) }
  return [
    { value: 'first', words: names(chains, 0) },
    ...(chains.some((chain) => chain.length > 1) ? [second] : []),
    { value: 'rules', words: 'the built-in rules, no model' },
  ]
}

/** The other ways: what may help where this one did not. */
export const others = (roles: readonly ModelRole[], used: ModelChoice = 'first'): Choice[] =>
  choices(roles).filter((choice) => choice.value !== used)
