import type { components } from '@/api/schema.gen'
import { formatBytes } from '@/lib/format'

/** What one used today, and what is left. */
export type Usage = components['schemas']['UsageView']

/** One limit as a meter shows it. */
export type Meter = {
  key: string
  label: string
  /** In words: `1,200`, `3.4 MB`, `$0.02`. */
  used: string
  /** In words; null where there is no limit. */
  limit: string | null
  left: string | null
  /** Share of the limit that is used, 0 to 1; null where there is none. */
  share: number | null
  /** When there is more again, as words. */
  renews: string
}

const count = (value: number) => Math.round(value).toLocaleString('en')
/** Money in words: cents where there are some, more digits where it is less. */
export const formatUsd = (usd: number) =>
  `$${usd === 0 || usd >= 0.1 ? usd.toFixed(2) : Number(usd.toPrecision(2)).toString()}`

/** A time to wait in words: `40 seconds`, `12 minutes`, `3 h 5 min`. */
export function waitWords(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  if (whole < 60) return `${whole} second${whole === 1 ? '' : 's'}`
  const minutes = Math.ceil(whole / 60)
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? '' : 's'}`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const PERIODS: Record<number, string> = { 60: 'a minute', 3600: 'an hour', 86400: 'a day' }

const NAMES: Record<string, { label: string; words: (value: number) => string }> = {
  requests: { label: 'Requests', words: count },
  upload_bytes: { label: 'Uploads', words: formatBytes },
  runs: { label: 'Runs of code', words: count },
}

function meter(
  key: string,
  label: string,
  words: (value: number) => string,
  [used, left, limit]: [number, number | null, number | null],
  renews: string,
): Meter {
  return {
    key,
    label,
    used: words(used),
    limit: limit === null ? null : words(limit),
    left: left === null ? null : words(left),
    share: limit === null ? null : limit > 0 ? Math.min(1, used / limit) : 1,
    renews,
  }
}

/** All limits with what is used of them, those of the day first. Pure. */
export function meters(usage: Usage): Meter[] {
  const day = `Anew in ${waitWords(usage.day_ends_in_seconds)}, at midnight UTC`
  const tokens = usage.prompt_tokens + usage.completion_tokens
  const tokensLeft = usage.tokens_left ?? null
  const moneyLeft = usage.cost_usd_left ?? null
  // The day's limit is not told, only what is left of it; what went over it is not seen here.
  const sum = (used: number, left: number | null) => (left === null ? null : used + left)
  const jobs = (used: number, most: number | null | undefined): [number, number | null, number | null] => [
    used,
    most == null ? null : Math.max(0, most - used),
    most ?? null,
  ]
  const ofDay = [
    meter('tokens', 'Tokens today', count, [tokens, tokensLeft, sum(tokens, tokensLeft)], day),
    meter('cost', 'Money today', formatUsd, [usage.cost_usd, moneyLeft, sum(usage.cost_usd, moneyLeft)], day),
    meter(
      'open',
      'Open jobs',
      count,
      jobs(usage.open_jobs, usage.max_open_jobs),
      'One more as soon as one ends',
    ),
    meter(
      'running',
      'Jobs worked on now',
      count,
      jobs(usage.running_jobs, usage.max_running_jobs),
      'Further ones wait for their turn',
    ),
  ]
  const inTime = usage.allowances.map(({ name, limit, remaining, period_seconds }) => {
    const { label, words } = NAMES[name] ?? { label: name.replaceAll('_', ' '), words: count }
    const used = Math.max(0, limit - remaining)
    const seconds = limit > 0 ? (used / limit) * period_seconds : 0
    const period = PERIODS[period_seconds] ?? waitWords(period_seconds)
    const renews = used > 0 ? `All of it again in ${waitWords(seconds)}` : 'All of it is left'
    return meter(name, `${label} in ${period}`, words, [used, remaining, limit], renews)
  })
  return [...ofDay, ...inTime]
}
