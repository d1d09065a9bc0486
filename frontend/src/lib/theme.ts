import { useSyncExternalStore } from 'react'
import { readStored, writeStored } from './storage'

/** What a person chose; `system` follows the machine. */
export type Theme = 'system' | 'light' | 'dark'

const listeners = new Set<() => void>()
const system = () => window.matchMedia?.('(prefers-color-scheme: dark)').matches ?? false

/** The theme chosen in this browser. */
export function chosenTheme(): Theme {
  const stored = readStored('localStorage', 'theme')
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

function apply() {
  const theme = chosenTheme()
  document.documentElement.classList.toggle('dark', theme === 'dark' || (theme === 'system' && system()))
  for (const listener of listeners) listener()
}

/** Chooses a theme for this browser and shows it. */
export function setTheme(theme: Theme) {
  writeStored('localStorage', 'theme', theme === 'system' ? null : theme)
  apply()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  const media = window.matchMedia?.('(prefers-color-scheme: dark)')
  media?.addEventListener('change', apply)
  return () => {
    listeners.delete(listener)
    media?.removeEventListener('change', apply)
  }
}

/** The chosen theme, and whether the page is dark now. */
export function useTheme(): { theme: Theme; isDark: boolean } {
  const theme = useSyncExternalStore(subscribe, chosenTheme)
  const isDark = useSyncExternalStore(subscribe, () => document.documentElement.classList.contains('dark'))
  return { theme, isDark }
}
