import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api/context'
import { Confirm } from '@/components/confirm'
import { ProblemAlert } from '@/components/problem-alert'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Input, Select } from '@/components/ui/input'
import { Skeleton } from '@/components/ui/skeleton'
import { formatAgo, plainName } from '@/lib/format'
import { type ApiKey, keys } from './api'
import { Once, Section, useChange } from './parts'
import { PARTS } from './words'

const LIVES = [
  { days: 30, label: '30 days' },
  { days: 90, label: '90 days' },
  { days: 365, label: 'a year' },
  { days: null, label: 'until it is revoked' },
] as const

type Rights = Record<string, '' | 'read' | 'write'>
const NO_RIGHTS: Rights = { jobs: 'write', files: 'write', executions: '' }

function NewKey({ onMade }: { onMade: (key: string) => void }) {
  const api = useApi()
  const [rights, setRights] = useState(NO_RIGHTS)
  const scopes = Object.entries(rights).flatMap(([part, right]) => (right ? [`${part}:${right}`] : []))
  const make = useChange(
    (body: { name: string; scopes: string[]; days?: number; requests_per_minute?: number }) =>
      api.POST('/api/v1/keys', { body }),
    ({ data }) => data && onMade(data.key),
  )
  return (
    <form
      aria-label="New API key"
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        const form = event.currentTarget
        const fields = new FormData(form)
        const days = Number(fields.get('days'))
        const rate = Number(fields.get('rate'))
        const body = {
          name: String(fields.get('name')),
          scopes,
          ...(days > 0 && { days }),
          ...(rate > 0 && { requests_per_minute: rate }),
        }
        make.mutate(body, { onSuccess: () => form.reset() })
      }}
    >
      <div className="grid gap-4 sm:grid-cols-[1fr_auto_auto]">
        <label className="grid gap-1.5 text-sm font-medium">
          What it is for
          <Input name="name" required maxLength={100} placeholder="Nightly report" />
        </label>
        <label className="grid gap-1.5 text-sm font-medium">
          It lasts
          <Select name="days" defaultValue="90">
            {LIVES.map(({ days, label }) => (
              <option key={label} value={days ?? 0}>
                {label}
              </option>
            ))}
          </Select>
        </label>
        <label className="grid gap-1.5 text-sm font-medium">
          Requests a minute
          <Input
            name="rate"
            type="number"
            min={1}
            step={1}
            placeholder="as many as you"
            className="sm:w-36"
          />
        </label>
      </div>
      <fieldset>
        <legend className="mb-2 text-sm font-medium">What may be done with it</legend>
        <div className="grid gap-3 sm:grid-cols-3">
          {PARTS.map(({ key, label, write }) => (
            <label key={key} className="grid gap-1 text-sm">
              {label}
              <Select
                value={rights[key]}
                onChange={(event) => setRights({ ...rights, [key]: event.target.value as Rights[string] })}
              >
                <option value="">nothing</option>
                <option value="read">read</option>
                <option value="write">read, {write}</option>
              </Select>
            </label>
          ))}
        </div>
      </fieldset>
      <div className="flex justify-end">
        <Button type="submit" disabled={make.isPending || scopes.length === 0}>
          {make.isPending ? 'Making…' : 'Make a key'}
        </Button>
      </div>
    </form>
  )
}

function state(key: ApiKey): { words: string; over: boolean } {
  if (key.revoked_at) return { words: 'revoked', over: true }
  if (key.ends_at && Date.parse(key.ends_at) < Date.now()) return { words: 'ended', over: true }
  return {
    words: key.ends_at ? `ends ${new Date(key.ends_at).toLocaleDateString('en')}` : 'does not end',
    over: false,
  }
}

/** Keys for programs: made, shown once, revoked. */
export default function KeysTab() {
  const api = useApi()
  const all = useQuery(keys(api))
  const [made, setMade] = useState<string | null>(null)
  const [asked, setAsked] = useState<ApiKey | null>(null)
  const revoke = useChange((id: string) => api.DELETE('/api/v1/keys/{id}', { params: { path: { id } } }))
  return (
    <div className="grid max-w-3xl gap-8">
      <Section
        title="A new key"
        lead="For programs of yours, in place of a person: send it as ‘Authorization: Bearer KEY’. It sees what you see, and no more than it is given."
      >
        <NewKey onMade={setMade} />
      </Section>
      {made && (
        <Once label="The new key" secret={made}>
          This is the key. It is shown this once; keep it where nobody else reads it.
        </Once>
      )}
      <Section title="Your keys">
        {all.isError && <ProblemAlert error={all.error} onRetry={() => void all.refetch()} />}
        {all.isPending && <Skeleton className="h-24" />}
        {all.data?.length === 0 && <p className="text-sm text-muted-foreground">There is none yet.</p>}
        {all.data && all.data.length > 0 && (
          <ul aria-label="API keys" className="divide-y">
            {all.data.map((key) => {
              const { words, over } = state(key)
              return (
                <li
                  key={key.id}
                  className="flex items-center justify-between gap-4 py-3 first:pt-0 last:pb-0"
                >
                  <span className="min-w-0 text-sm">
                    <span className="flex flex-wrap items-center gap-2 font-medium break-words">
                      {plainName(key.name)}
                      <code className="rounded bg-code px-1 font-mono text-xs font-normal">
                        {key.prefix}…
                      </code>
                      {over && <Badge tone="neutral">{words}</Badge>}
                    </span>
                    <span className="block text-muted-foreground">
                      {key.scopes.join(', ')} ·{' '}
                      {key.last_used_at ? `used ${formatAgo(key.last_used_at)}` : 'never used'}
                      {key.requests_per_minute && ` · ${key.requests_per_minute} requests a minute`}
                      {!over && ` · ${words}`}
                    </span>
                  </span>
                  {!over && (
                    <Button
                      size="sm"
                      variant="outline"
                      aria-label={`Revoke ${plainName(key.name)}`}
                      onClick={() => setAsked(key)}
                    >
                      Revoke
                    </Button>
                  )}
                </li>
              )
            })}
          </ul>
        )}
      </Section>
      {asked && (
        <Confirm
          title={`Revoke ‘${plainName(asked.name)}’?`}
          text="Whatever uses it is refused from now on. This cannot be taken back."
          action="Revoke it"
          onConfirm={() => revoke.mutate(asked.id)}
          onClose={() => setAsked(null)}
        />
      )}
    </div>
  )
}
