/** Storage that may be forbidden or full: reading gives null then, writing does nothing. */
export function readStored(area: 'localStorage' | 'sessionStorage', key: string): string | null {
  try {
    return window[area].getItem(key)
  } catch {
    return null
  }
}

/** Writes a value, or removes it where it is null. */
export function writeStored(
  area: 'localStorage' | 'sessionStorage',
  key: string,
  value: string | null,
): void {
  try {
    if (value === null) window[area].removeItem(key)
    else window[area].setItem(key, value)
  } catch {
    // A preference that cannot be kept is not worth an error.
  }
}
