import { useQuery } from '@tanstack/react-query'
import type { ComponentProps } from 'react'
import { useApi, useConfig } from '@/api/context'
import type { Job, ModelChoice } from '@/api/types'
import { Select } from '@/components/ui/input'
import { models } from '@/features/models/api'
import { choices } from '@/features/models/choice'
import { usage } from '@/features/usage/api'
import { formatUsd } from '@/features/usage/meters'
import { formatDuration } from '@/lib/format'
import { updateDraft, useDraft } from './draft'
import { type Estimate, estimate, shortage } from './estimate'

/** What a job usually takes, in words: `12 s, 3,400 tokens, $0.02`. */
function usualWords({ ms, tokens, usd }: Estimate): string {
  const parts = [
    formatDuration(ms),
    tokens > 0 && `${tokens.toLocaleString('en')} tokens`,
    usd > 0 && formatUsd(usd),
  ]
  return parts.filter(Boolean).join(', ')
}

/** One choice of few under its name. */
const Choose = ({ label, ...props }: { id: string; label: string } & ComponentProps<typeof Select>) => (
  <label htmlFor={props.id} className="grid gap-1.5">
    <span className="font-medium">{label}</span>
    <Select {...props} />
  </label>
)

/** What a job will take, whether there is enough for it, and its limits, folded away: few need them. */
export default function Options({ jobs }: { jobs: readonly Job[] }) {
  // Once is enough here: sending is refused with a reason where something has been used up meanwhile.
  const left = useQuery({ ...usage(useApi()), refetchInterval: false }).data
  const usual = estimate(jobs)
  const choosable = choices(useQuery({ ...models(useApi()), staleTime: 60_000 }).data?.roles ?? [])
  const short = left ? shortage(left, usual) : null
  const draft = useDraft()
  const { max_run_seconds: longest, max_repairs = 3 } = useConfig().limits
  const times = [10, 30, 60, 120, 300].filter((seconds) => seconds < longest)
  const number = (value: string) => (value === '' ? null : Number(value))
  const leftWords = [
    left?.tokens_left != null && `${left.tokens_left.toLocaleString('en')} tokens`,
    left?.cost_usd_left != null && formatUsd(left.cost_usd_left),
  ].filter(Boolean)
  return (
    <details className="border-t px-4 py-2 text-sm">
      <summary className="flex items-center justify-between gap-4 py-1 text-muted-foreground">
        <span>Models and limits</span>
        <span className="text-right text-xs">
          {usual && `your jobs usually take ${usualWords(usual)}`}
          {usual && leftWords.length > 0 && ' · '}
          {leftWords.length > 0 && `left today: ${leftWords.join(', ')}`}
          {short && <span className="block text-warning">{short}</span>}
        </span>
      </summary>
      <div className="grid gap-4 pt-2 pb-3 sm:grid-cols-2">
        {choosable.length > 0 && (
          <>
            <Choose
              id="models"
              label="Models"
              value={draft.models ?? 'first'}
              onChange={(event) => updateDraft({ models: event.target.value as ModelChoice })}
            >
              {choosable.map(({ value, words }) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </Choose>
            <Choose
              id="variants"
              label="Tries, of which the best is kept"
              value={draft.variants ?? 1}
              onChange={(event) => updateDraft({ variants: Number(event.target.value) })}
            >
              {[1, 2, 3, 4].map((count) => (
                <option key={count} value={count}>
                  {count}
                </option>
              ))}
            </Choose>
            <Choose
              id="most-cost"
              label="Most that it may cost"
              value={draft.maxCostUsd ?? ''}
              onChange={(event) => updateDraft({ maxCostUsd: number(event.target.value) })}
            >
              <option value="">no limit of its own</option>
              {[0.01, 0.05, 0.25, 1, 5].map((usd) => (
                <option key={usd} value={usd}>
                  {formatUsd(usd)}
                </option>
              ))}
            </Choose>
          </>
        )}
        <Choose
          id="longest-run"
          label="Longest run of the code"
          value={draft.timeout ?? ''}
          onChange={(event) => updateDraft({ timeout: number(event.target.value) })}
        >
          <option value="">{longest} seconds (the most)</option>
          {times.map((seconds) => (
            <option key={seconds} value={seconds}>
              {seconds} seconds
            </option>
          ))}
        </Choose>
        <Choose
          id="most-repairs"
          label="Repairs, if the code fails"
          value={draft.maxRepairs ?? ''}
          onChange={(event) => updateDraft({ maxRepairs: number(event.target.value) })}
        >
          <option value="">up to {max_repairs} (the most)</option>
          {Array.from({ length: max_repairs }, (_, i) => i).map((count) => (
            <option key={count} value={count}>
              {count === 0 ? 'none' : `up to ${count}`}
            </option>
          ))}
        </Choose>
      </div>
    </details>
  )
}
