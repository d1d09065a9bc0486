/**
 * Reports of errors to Sentry, where the operator gave an address for them. What is sent is made here from a list of what
 * may be sent: kind of error, a message without anything quoted, places in our own scripts, the page without its ids. No
 * prompt, name, picture, address bar, cookie or breadcrumb ever goes in.
 */

/** Where reports go, read from a DSN: `https://KEY@HOST/PROJECT`. */
export type Destination = { url: string; dsn: string }

/** Reads a DSN; null where it is none. */
export function destinationOf(dsn: string): Destination | null {
  const parts = /^(https?):\/\/([\w-]+)@([\w.-]+(?::\d+)?)((?:\/[\w.-]+)*)\/(\d+)$/.exec(dsn)
  if (!parts) return null
  const [, scheme, key, host, path, project] = parts
  const url = `${scheme}://${host}${path}/api/${project}/envelope/?sentry_key=${key}&sentry_version=7`
  return { url, dsn }
}

const MOST_FRAMES = 30
const LONGEST_MESSAGE = 200
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/** A message without what it quotes, ids and addresses: these may come from pictures, prompts and names. */
export function plainMessage(message: string): string {
  return message
    .replace(/(["“„«`]).*?(["”“»`]|$)/gs, '…')
    .replace(/(^|[\s(])'.*?'(?=$|[\s).,;:])/gs, '$1…')
    .replace(/\b(blob|data|https?|file):\S+/gi, '…')
    .replace(ID, 'ID')
    .slice(0, LONGEST_MESSAGE)
}

type Frame = { filename: string; function?: string; lineno: number; colno: number; in_app: true }

/** Places in our own scripts, the innermost last, as Sentry wants them. */
export function framesOf(stack: string, origin: string): Frame[] {
  const frames: Frame[] = []
  for (const line of stack.split('\n')) {
    const found = /(?:at (?:async )?([\w$.<>]+) \(|at (?:async )?|^([\w$.<>]*)@)(\S+?):(\d+):(\d+)\)?$/.exec(
      line.trim(),
    )
    if (!found?.[3]?.startsWith(`${origin}/assets/`)) continue
    const name = found[1] ?? found[2]
    const filename = found[3].slice(origin.length)
    const at = { lineno: Number(found[4]), colno: Number(found[5]) }
    frames.push({ filename, ...(name && { function: name }), ...at, in_app: true })
  }
  return frames.slice(0, MOST_FRAMES).reverse()
}

type Page = { origin: string; path: string; release: string; now: Date; id: string }

/** The envelope of one error. */
export function envelopeOf(error: unknown, to: Destination, page: Page): string {
  const known = error instanceof Error
  const code = (error as { problem?: { code?: unknown } } | null)?.problem?.code
  const value = typeof code === 'string' ? code : known ? plainMessage(error.message) : 'no error object'
  const frames = known ? framesOf(error.stack ?? '', page.origin) : []
  const event = {
    event_id: page.id,
    timestamp: page.now.toISOString(),
    platform: 'javascript',
    level: 'error',
    release: page.release,
    transaction: page.path.replace(ID, 'ID'),
    exception: { values: [{ type: known ? error.name : 'Error', value, stacktrace: { frames } }] },
  }
  const head = { event_id: page.id, sent_at: page.now.toISOString(), dsn: to.dsn }
  return [head, { type: 'event' }, event].map((one) => JSON.stringify(one)).join('\n')
}

/** Most reports of one visit: a page that fails again and again tells nothing new. */
const MOST_REPORTS = 10

/** Gives what sends one error; it does nothing where the address is none. */
export function reporterTo(dsn: string, release: string): (error: unknown) => void {
  const to = destinationOf(dsn)
  let left = to ? MOST_REPORTS : 0
  return (error) => {
    if (!to || left === 0) return
    left -= 1
    const id = crypto.randomUUID().replaceAll('-', '')
    const { origin, pathname } = window.location
    const body = envelopeOf(error, to, { origin, path: pathname, release, now: new Date(), id })
    // No cookie, no referrer; where it does not arrive, nothing is to be done about it.
    const options = { credentials: 'omit', referrerPolicy: 'no-referrer', keepalive: true } as const
    void fetch(to.url, { method: 'POST', body, ...options }).catch(() => undefined)
  }
}
