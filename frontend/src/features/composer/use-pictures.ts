import { useMemo } from 'react'
import { useApi, useConfig } from '@/api/context'
import { problemOf } from '@/api/problem'
import { uploadPicture } from '@/api/upload'
import { useAuth } from '@/auth/context'
import { plural } from '@/lib/format'
import { checkFile } from './check-file'
import { currentDraft, type Item, updateDraft, updateItem } from './draft'

/** Uploads that are going on, and the files they came from; more than a page may know of them. */
const stops = new Map<string, AbortController>()
const sources = new Map<string, File>()

/** What a browser cannot show in an image element. */
const NOT_SHOWN = new Set(['image/tiff'])

/** Adding and removing pictures. They are uploaded at once, so that a job begins the moment it is asked for. */
export function usePictures() {
  const limits = useConfig().limits
  const most = limits.max_images_per_job
  const { getToken } = useAuth()
  const api = useApi()
  return useMemo(() => {
    async function send(key: string, file: File) {
      updateItem(key, { kind: 'checking' })
      const checked = await checkFile(file, limits).catch(() => ({
        refusal: 'This file cannot be read. Choose it again.',
      }))
      if ('refusal' in checked)
        return updateItem(key, { kind: 'refused', sentence: checked.refusal, canRetry: false })
      if (!NOT_SHOWN.has(checked.head.type)) {
        const preview = URL.createObjectURL(file)
        updateDraft((now) => ({
          items: now.items.map((item) => (item.key === key ? { ...item, preview } : item)),
        }))
      }
      const stop = new AbortController()
      stops.set(key, stop)
      updateItem(key, { kind: 'uploading', share: 0 })
      try {
        const onProgress = (share: number) => updateItem(key, { kind: 'uploading', share })
        const view = await uploadPicture(file, { getToken, signal: stop.signal, onProgress })
        sources.delete(key)
        updateItem(key, { kind: 'ready', file: view })
      } catch (error) {
        if (stop.signal.aborted) return
        const { detail, title, advice, status } = problemOf(error)
        const canRetry = status === 0 || status === 401 || status === 429 || status >= 500
        updateItem(key, { kind: 'refused', sentence: detail || title, advice, canRetry })
      } finally {
        stops.delete(key)
      }
    }

    /** Adds files. Gives a sentence about those that there was no place for. */
    function add(files: readonly File[]): string | null {
      const room = most - currentDraft().items.filter((item) => item.state.kind !== 'refused').length
      const taken = files.slice(0, Math.max(0, room))
      const made = taken.map((file): [Item, File] => [
        {
          key: crypto.randomUUID(),
          name: file.name || 'pasted.png',
          bytes: file.size,
          state: { kind: 'checking' },
        },
        file,
      ])
      updateDraft((now) => ({ items: [...now.items, ...made.map(([item]) => item)] }))
      for (const [item, file] of made) {
        sources.set(item.key, file)
        void send(item.key, file)
      }
      const left = files.length - taken.length
      return left > 0
        ? `${plural(left, 'file')} not added: a job takes ${plural(most, 'picture')} at most.`
        : null
    }

    /** Takes a picture away, stopping its upload; an uploaded one is removed from the server too. */
    function remove(item: Item) {
      stops.get(item.key)?.abort()
      sources.delete(item.key)
      if (item.preview) URL.revokeObjectURL(item.preview)
      updateDraft((now) => ({ items: now.items.filter((other) => other.key !== item.key) }))
      if (item.state.kind === 'ready')
        void api
          .DELETE('/api/v1/files/{id}', { params: { path: { id: item.state.file.id } } })
          .catch(() => undefined)
    }

    /** Sends a picture again; nothing where its file is gone (after a reload). */
    function retry(item: Item) {
      const file = sources.get(item.key)
      if (file) void send(item.key, file)
    }
    return { add, remove, retry, most }
  }, [api, getToken, limits, most])
}
