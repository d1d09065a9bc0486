import { expect, it } from 'vitest'
import type { FileView } from '@/api/types'
import { formatDraft, parseDraft } from './draft'

const FILE = { id: 'f1', name: 'a.png', bytes: 3, width: 1, height: 1 } as FileView

/** Protects a draft across a reload: prompt, options and uploaded pictures stay; what was on its way does not. */
it('keeps what can be kept', () => {
  const kept = formatDraft({
    prompt: 'read it',
    maxRepairs: 1,
    timeout: null,
    models: 'rules',
    variants: 2,
    maxCostUsd: 0.5,
    items: [
      { key: 'k1', name: 'a.png', bytes: 3, state: { kind: 'ready', file: FILE } },
      { key: 'k2', name: 'b.png', bytes: 3, state: { kind: 'uploading', share: 0.5 } },
    ],
  })
  const read = parseDraft(kept)
  expect(read).toMatchObject({
    prompt: 'read it',
    maxRepairs: 1,
    timeout: null,
    models: 'rules',
    variants: 2,
  })
  expect(read.maxCostUsd).toBe(0.5)
  expect(read.items.map((item) => item.key)).toEqual(['f1'])
})

/** Protects the first page from anything that stands in the storage. */
it.each([null, '', '{', 'null', '[]', '{"files":[null,{"id":3}],"prompt":7,"timeout":"x","models":"all"}'])(
  'survives %j',
  (stored) => {
    expect(parseDraft(stored)).toMatchObject({ prompt: '', timeout: null, models: null, items: [] })
  },
)
