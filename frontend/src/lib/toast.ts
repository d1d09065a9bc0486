import { useSyncExternalStore } from 'react'

/** A short message in the corner. It is never the only carrier of what it says. */
export type Toast = {
  id: number
  tone: 'success' | 'error' | 'info'
  title: string
  detail?: string
  action?: { label: string; run: () => void }
}

const LIFE_MS = 5000
const MOST = 3
let toasts: readonly Toast[] = []
let next = 1
const listeners = new Set<() => void>()

function set(value: readonly Toast[]) {
  toasts = value
  for (const listener of listeners) listener()
}

/** Takes a message away. */
export const dismissToast = (id: number) => set(toasts.filter((toast) => toast.id !== id))

/** Shows a message. Errors stay until they are dismissed, others go after five seconds. */
export function showToast(toast: Omit<Toast, 'id'>) {
  const id = next++
  set([...toasts, { ...toast, id }].slice(-MOST))
  if (toast.tone !== 'error') setTimeout(() => dismissToast(id), LIFE_MS)
}

/** The messages shown now. */
export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
}
