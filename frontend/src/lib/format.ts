/** A size in bytes for people: `967 B`, `21 KB`, `1.5 MB`; 1 KB is 1024 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KB', 'MB', 'GB']
  let value = bytes / 1024
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** A duration in milliseconds for people: `48 ms`, `2.2 s`, `1 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const rest = `${seconds % 60}`.padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** When something was, said from now: `now`, `5 minutes ago`, `yesterday`; older than a week as a date. */
export function formatAgo(iso: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000)
  if (Number.isNaN(seconds)) return ''
  if (seconds > -10) return 'now'
  if (seconds > -60) return RELATIVE.format(seconds, 'second')
  if (seconds > -3600) return RELATIVE.format(Math.round(seconds / 60), 'minute')
  if (seconds > -86_400) return RELATIVE.format(Math.round(seconds / 3600), 'hour')
  if (seconds > -604_800) return RELATIVE.format(Math.round(seconds / 86_400), 'day')
  return new Date(iso).toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' })
}

/** Up to six significant digits, without trailing zeros. */
export function formatNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value)
}

/**
 * A name that came from outside, safe to put beside our own words: control and bidirectional marks, which could
 * make it read as something else, become visible.
 */
export function plainName(name: string): string {
  return name.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}

/** The same for a text of several lines, which stay lines. */
export const plainText = (text: string) => text.split('\n').map(plainName).join('\n')

/** `1 picture`, `3 pictures`. */
export const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`
