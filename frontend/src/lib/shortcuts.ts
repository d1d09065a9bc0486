import { useEffect, useRef } from 'react'
import { readStored, writeStored } from './storage'

/** Shortcuts by keys: a single key (`j`, `?`), or two in a row (`g n`). */
export type Shortcuts = Record<string, () => void>

const SEQUENCE_MS = 900

/** Whether shortcuts of single keys are on; they can be turned off for speech input (WCAG 2.1.4). */
export const singleKeysOn = () => readStored('localStorage', 'single-keys') !== 'off'

/** Turns shortcuts of single keys on or off in this browser. */
export const setSingleKeys = (on: boolean) => writeStored('localStorage', 'single-keys', on ? null : 'off')

/** Whether keys typed at this element are text and no shortcut. */
export function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.role === 'textbox'
  )
}

/** Which shortcut a key completes, given the key before it (null where that was too long ago). */
export function match(shortcuts: Shortcuts, before: string | null, key: string): (() => void) | undefined {
  return (before !== null ? shortcuts[`${before} ${key}`] : undefined) ?? shortcuts[key]
}

/** Listens for shortcuts while the component is there. Nothing happens within fields and dialogs. */
export function useShortcuts(shortcuts: Shortcuts) {
  const current = useRef(shortcuts)
  useEffect(() => {
    current.current = shortcuts
  })
  useEffect(() => {
    let before: { key: string; at: number } | null = null
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
      if (!singleKeysOn() || takesText(event.target) || document.querySelector('dialog[open]')) return
      const recent = before && event.timeStamp - before.at < SEQUENCE_MS ? before.key : null
      before = { key: event.key, at: event.timeStamp }
      const run = match(current.current, recent, event.key)
      if (!run) return
      event.preventDefault()
      before = null
      run()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
