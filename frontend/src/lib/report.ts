/**
 * Where errors that nobody caught are told. What sends them comes late, as a chunk of its own, and only where the operator
 * gave an address; until then a few wait.
 */

const MOST_WAITING = 10
const waiting: unknown[] = []
let isOn = false
let send = (error: unknown) => {
  if (waiting.length < MOST_WAITING) waiting.push(error)
}

/** Tells of an error that something of ours caught in place of the browser. */
export function report(error: unknown) {
  if (isOn) send(error)
}

/** Tells of errors from now on; `dsn` is Sentry's address of the project, `release` what runs. */
export function beginReports(dsn: string, release: string) {
  isOn = true
  window.addEventListener('error', (event) => report(event.error))
  window.addEventListener('unhandledrejection', (event) => report(event.reason))
  // After the first paint: a page that works has no use for it.
  setTimeout(async () => {
    const { reporterTo } = await import('./reports')
    send = reporterTo(dsn, release)
    for (const error of waiting.splice(0)) send(error)
  })
}
