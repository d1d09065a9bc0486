import { useSyncExternalStore } from 'react'
import type { FileView, ModelChoice } from '@/api/types'
import { readStored, writeStored } from '@/lib/storage'

/** A picture in the composer, on its way to the server or there. */
export type Item = {
  key: string
  name: string
  bytes: number
  /** A `blob:` URL of the picture as chosen; absent after a reload, and where the browser cannot show the type. */
  preview?: string
  state:
    | { kind: 'checking' }
    | { kind: 'uploading'; share: number }
    | { kind: 'ready'; file: FileView }
    | { kind: 'refused'; sentence: string; advice?: string; canRetry: boolean }
}

/** Everything a new job is made of, before it is one. */
export type Draft = {
  prompt: string
  maxRepairs: number | null
  timeout: number | null
  models: ModelChoice | null
  variants: number | null
  maxCostUsd: number | null
  items: readonly Item[]
}

const KEY = 'draft'
const EMPTY: Draft = {
  prompt: '',
  maxRepairs: null,
  timeout: null,
  models: null,
  variants: null,
  maxCostUsd: null,
  items: [],
}
const CHOICES: readonly ModelChoice[] = ['first', 'second', 'rules']

/** Reads a draft as it was kept; anything unreadable is an empty one. Only uploaded pictures can be kept. */
export function parseDraft(stored: string | null): Draft {
  try {
    const read = JSON.parse(stored ?? '') as {
      prompt?: unknown
      maxRepairs?: unknown
      timeout?: unknown
      models?: unknown
      variants?: unknown
      maxCostUsd?: unknown
      files?: unknown
    }
    const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null)
    const files = Array.isArray(read.files)
      ? (read.files as FileView[]).filter((file) => typeof file?.id === 'string')
      : []
    return {
      prompt: typeof read.prompt === 'string' ? read.prompt : '',
      maxRepairs: number(read.maxRepairs),
      timeout: number(read.timeout),
      models: CHOICES.find((choice) => choice === read.models) ?? null,
      variants: number(read.variants),
      maxCostUsd: number(read.maxCostUsd),
      items: files.map((file) => ({
        key: file.id,
        name: file.name,
        bytes: file.bytes,
        state: { kind: 'ready', file },
      })),
    }
  } catch {
    return EMPTY
  }
}

/** A draft in the form it is kept. */
export function formatDraft(draft: Draft): string {
  const files = draft.items.flatMap((item) => (item.state.kind === 'ready' ? [item.state.file] : []))
  const { items: _, ...kept } = draft
  return JSON.stringify({ ...kept, files })
}

let draft = parseDraft(readStored('sessionStorage', KEY))
const listeners = new Set<() => void>()

/** The draft now. */
export const currentDraft = () => draft

/** Changes the draft; it outlives the page, a sign-in and a reload. */
export function updateDraft(change: Partial<Draft> | ((draft: Draft) => Partial<Draft>)) {
  draft = { ...draft, ...(typeof change === 'function' ? change(draft) : change) }
  writeStored('sessionStorage', KEY, formatDraft(draft))
  for (const listener of listeners) listener()
}

/** Changes one picture of the draft. Nothing happens where it was taken away meanwhile. */
export const updateItem = (key: string, state: Item['state']) =>
  updateDraft((now) => ({ items: now.items.map((item) => (item.key === key ? { ...item, state } : item)) }))

/** Empties the draft after it became a job. */
export function clearDraft() {
  for (const item of draft.items) if (item.preview) URL.revokeObjectURL(item.preview)
  updateDraft(EMPTY)
}

/** The draft, kept up to date. */
export const useDraft = () =>
  useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, currentDraft)
