import { useId } from 'react'
import { useApi } from '@/api/context'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'
import { plainName } from '@/lib/format'
import type { Person } from './api'
import { LIMIT_FIELDS, limitsOf } from './limits'
import { useChange } from './parts'

/** What one person may use, where it is not what everybody may. */
export function PersonLimits({ person, onDone }: { person: Person; onDone: () => void }) {
  const api = useApi()
  const note = useId()
  const params = { path: { id: person.id } }
  const change = useChange(
    (limits: Person['limits']) => api.PATCH('/api/v1/users/{id}', { params, body: { limits } }),
    onDone,
  )
  return (
    <form
      aria-label={`Limits of ${plainName(person.name)}`}
      aria-describedby={note}
      className="grid basis-full gap-3 rounded-lg border bg-background/40 p-4"
      onSubmit={(event) => {
        event.preventDefault()
        change.mutate(limitsOf(new FormData(event.currentTarget)))
      }}
    >
      <p id={note} className="text-sm text-muted-foreground">
        Where a field is empty, the limit that the server sets for everybody holds.
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        {LIMIT_FIELDS.map(({ key, label, unit, step }) => {
          const value = person.limits[key]
          return (
            <label key={key} className="grid gap-1.5 text-sm font-medium">
              {label}
              <Input
                name={key}
                type="number"
                inputMode="decimal"
                min={0}
                step={unit > 1 ? 'any' : step}
                defaultValue={value == null ? '' : value / unit}
              />
            </label>
          )
        })}
      </div>
      <div className="flex justify-end gap-2">
        <Button type="button" size="sm" variant="outline" onClick={onDone}>
          Leave it
        </Button>
        <Button type="submit" size="sm" disabled={change.isPending}>
          Set the limits
        </Button>
      </div>
    </form>
  )
}
