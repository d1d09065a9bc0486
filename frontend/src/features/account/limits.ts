import type { components } from '@/api/schema.gen'

/** What one person may use; null or absent where the server's own limit holds. */
export type Limits = components['schemas']['Limits']

/** One limit as a form shows it: `unit` is what one of it is in the API's own counting. */
export type LimitField = { key: keyof Limits; label: string; unit: number; step: number }

/** All limits, in the order of a job. */
export const LIMIT_FIELDS: readonly LimitField[] = [
  { key: 'requests_per_minute', label: 'Requests a minute', unit: 1, step: 1 },
  { key: 'upload_bytes_per_day', label: 'Uploads a day, in MB', unit: 1024 * 1024, step: 1 },
  { key: 'running_jobs', label: 'Jobs at a time', unit: 1, step: 1 },
  { key: 'open_jobs', label: 'Jobs that wait or run', unit: 1, step: 1 },
  { key: 'runs_per_hour', label: 'Runs of own code an hour', unit: 1, step: 1 },
  { key: 'tokens_per_day', label: 'Tokens a day', unit: 1, step: 1 },
  { key: 'cost_usd_per_day', label: 'Dollars a day', unit: 1, step: 0.01 },
]

/** What a form says, as limits; an empty field is the server's own limit. */
export function limitsOf(fields: Iterable<[string, FormDataEntryValue]>): Limits {
  const said = new Map(fields)
  const limits = LIMIT_FIELDS.map(({ key, unit, step }) => {
    const text = String(said.get(key) ?? '').trim()
    const value = Number(text) * unit
    return [key, text === '' || !Number.isFinite(value) ? null : step < 1 ? value : Math.round(value)]
  })
  return Object.fromEntries(limits) as Limits
}

/** How many limits of a person are not the server's. */
export const ownLimits = (limits: Limits) => LIMIT_FIELDS.filter(({ key }) => limits[key] != null).length
