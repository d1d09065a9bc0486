import { useConfig } from '@/api/context'
import { Select } from '@/components/ui/input'
import { formatDuration } from '@/lib/format'
import { updateDraft, useDraft } from './draft'

/** Limits of the job, folded away: few need them. */
export default function Options({ usualMs }: { usualMs: number | null }) {
  const draft = useDraft()
  const { max_run_seconds: longest, max_repairs = 3 } = useConfig().limits
  const times = [10, 30, 60, 120, 300].filter((seconds) => seconds < longest)
  const number = (value: string) => (value === '' ? null : Number(value))
  return (
    <details className="border-t px-4 py-2 text-sm">
      <summary className="flex items-center justify-between gap-4 py-1 text-muted-foreground">
        <span>Limits</span>
        <span className="text-xs">
          {usualMs === null ? '' : `your jobs usually take ${formatDuration(usualMs)}`}
        </span>
      </summary>
      <div className="grid gap-4 pt-2 pb-3 sm:grid-cols-2">
        <label htmlFor="longest-run" className="grid gap-1.5">
          <span className="font-medium">Longest run of the code</span>
          <Select
            id="longest-run"
            value={draft.timeout ?? ''}
            onChange={(event) => updateDraft({ timeout: number(event.target.value) })}
          >
            <option value="">{longest} seconds (the most)</option>
            {times.map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds} seconds
              </option>
            ))}
          </Select>
        </label>
        <label htmlFor="most-repairs" className="grid gap-1.5">
          <span className="font-medium">Repairs, if the code fails</span>
          <Select
            id="most-repairs"
            value={draft.maxRepairs ?? ''}
            onChange={(event) => updateDraft({ maxRepairs: number(event.target.value) })}
          >
            <option value="">up to {max_repairs} (the most)</option>
            {Array.from({ length: max_repairs }, (_, i) => i).map((count) => (
              <option key={count} value={count}>
                {count === 0 ? 'none' : `up to ${count}`}
              </option>
            ))}
          </Select>
        </label>
      </div>
    </details>
  )
}
