import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { otherModelHelps, REMEDIES, REMEDY_LABELS, remediesFor } from './remedies'

type Document = { components: { schemas: { ErrorCode: { enum: string[] } } } }
const document = JSON.parse(readFileSync('../services/gateway/openapi.json', 'utf8')) as Document
const codes = document.components.schemas.ErrorCode.enum

/** Protects people from a failure without a way on: every code the server has gets at least one button. */
it('has a remedy for every code of the server', () => {
  expect(Object.keys(REMEDIES).sort()).toEqual([...codes].sort())
  for (const code of codes) {
    const remedies = remediesFor(code)
    expect(remedies.length, code).toBeGreaterThan(0)
    expect(new Set(remedies).size, code).toBe(remedies.length)
    for (const remedy of remedies) expect(REMEDY_LABELS[remedy]).toBeTruthy()
  }
})

/** Protects people from tries that cannot help: another model is offered for what a model did or wrote, and only then. */
it('knows where another model may help', () => {
  const helped = codes.filter(otherModelHelps)
  expect(helped.length).toBeGreaterThan(8)
  for (const code of helped) expect(code).toMatch(/^(model_|run_|review_blocked|budget_reached)/)
  for (const code of codes.filter((one) => /^model_|^run_/.test(one)))
    expect(otherModelHelps(code), code).toBe(true)
})

/** Protects an old page against a newer server. */
it('lets an unknown code be retried', () => {
  expect(remediesFor('invented_in_2030')).toEqual(['retry'])
})
