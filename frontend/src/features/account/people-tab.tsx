import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api/context'
import { useAuth } from '@/auth/context'
import type { Role } from '@/auth/types'
import { ProblemAlert } from '@/components/problem-alert'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Input, Select } from '@/components/ui/input'
import { Skeleton } from '@/components/ui/skeleton'
import { formatAgo, plainName, plural } from '@/lib/format'
import { invitations, type Person, people } from './api'
import { ownLimits } from './limits'
import { Once, Section, useChange } from './parts'
import { PersonLimits } from './person-limits'

/** A path of this server as an address that can be sent to somebody. */
const whole = (path: string) => window.location.origin + path

function OnePerson({ person, onLink }: { person: Person; onLink: (link: string) => void }) {
  const api = useApi()
  const auth = useAuth()
  const path = { id: person.id }
  const change = useChange((body: { role?: Role; active?: boolean }) =>
    api.PATCH('/api/v1/users/{id}', { params: { path }, body }),
  )
  const link = useChange(
    () => api.POST('/api/v1/users/{id}/link', { params: { path } }),
    ({ data }) => data && onLink(whole(data.path)),
  )
  const [asksLimits, setAsksLimits] = useState(false)
  const name = plainName(person.name)
  const own = ownLimits(person.limits)
  const isMe = auth.status === 'signed-in' && auth.user.id === person.id
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3 first:pt-0 last:pb-0">
      <span className="min-w-0 flex-1 basis-52 text-sm">
        <span className="flex flex-wrap items-center gap-2 font-medium break-words">
          {name}
          {isMe && <Badge tone="success">you</Badge>}
          {!person.active && <Badge tone="danger">shut out</Badge>}
          {own > 0 && <Badge tone="neutral">{plural(own, 'limit')} of their own</Badge>}
        </span>
        <span className="block break-words text-muted-foreground">
          {person.email ? plainName(person.email) : 'no address'} ·{' '}
          {person.last_seen_at ? `here ${formatAgo(person.last_seen_at)}` : 'never here'}
        </span>
      </span>
      <span className="flex flex-wrap items-center gap-2">
        <Select
          aria-label={`Role of ${name}`}
          className="w-auto"
          value={person.role}
          disabled={change.isPending}
          onChange={(event) => change.mutate({ role: event.target.value as Role })}
        >
          <option value="member">Member</option>
          <option value="owner">Owner</option>
        </Select>
        <Button
          size="sm"
          variant="outline"
          aria-label={`Limits of ${name}`}
          aria-expanded={asksLimits}
          onClick={() => setAsksLimits(!asksLimits)}
        >
          Limits
        </Button>
        {auth.mode === 'local' && person.active && (
          <Button
            size="sm"
            variant="outline"
            aria-label={`Make a sign-in link for ${name}`}
            disabled={link.isPending}
            onClick={() => link.mutate(undefined)}
          >
            Sign-in link
          </Button>
        )}
        <Button
          size="sm"
          variant="outline"
          disabled={change.isPending}
          aria-label={person.active ? `Shut out: ${name}` : `Let in: ${name}`}
          onClick={() => change.mutate({ active: !person.active })}
        >
          {person.active ? 'Shut out' : 'Let in'}
        </Button>
      </span>
      {asksLimits && <PersonLimits person={person} onDone={() => setAsksLimits(false)} />}
    </li>
  )
}

function Invitations() {
  const api = useApi()
  const all = useQuery(invitations(api))
  const [made, setMade] = useState<string | null>(null)
  const invite = useChange(
    (body: { role: Role; email?: string }) => api.POST('/api/v1/invitations', { body }),
    ({ data }) => data && setMade(whole(data.path)),
  )
  const end = useChange((id: string) => api.DELETE('/api/v1/invitations/{id}', { params: { path: { id } } }))
  return (
    <div className="grid gap-4">
      <form
        aria-label="Invite somebody"
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          const form = event.currentTarget
          const fields = new FormData(form)
          const email = String(fields.get('email') ?? '')
          const body = { role: String(fields.get('role')) as Role, ...(email && { email }) }
          invite.mutate(body, { onSuccess: () => form.reset() })
        }}
      >
        <label className="grid min-w-0 flex-1 basis-56 gap-1.5 text-sm font-medium">
          E-mail address, if only that one may join
          <Input name="email" type="email" autoComplete="off" />
        </label>
        <label className="grid gap-1.5 text-sm font-medium">
          As
          <Select name="role" className="w-auto" defaultValue="member">
            <option value="member">Member</option>
            <option value="owner">Owner</option>
          </Select>
        </label>
        <Button type="submit" disabled={invite.isPending}>
          Invite
        </Button>
      </form>
      {made && (
        <Once label="The invitation" secret={made}>
          Send this link to whom you invite. It is shown this once, and works once.
        </Once>
      )}
      {all.isError && <ProblemAlert error={all.error} onRetry={() => void all.refetch()} />}
      {all.data && all.data.length > 0 && (
        <ul aria-label="Invitations that wait" className="divide-y border-t">
          {all.data.map((one) => {
            const whom = one.email ? plainName(one.email) : 'whoever has the link'
            return (
              <li key={one.id} className="flex items-center justify-between gap-4 py-3 last:pb-0">
                <span className="min-w-0 text-sm">
                  <span className="block font-medium break-words">
                    {whom}, as {one.role}
                  </span>
                  <span className="block text-muted-foreground">
                    Made {formatAgo(one.created_at)}, ends {new Date(one.ends_at).toLocaleDateString('en')}
                  </span>
                </span>
                <Button
                  size="sm"
                  variant="outline"
                  aria-label={`Take back the invitation of ${whom}`}
                  disabled={end.isPending}
                  onClick={() => end.mutate(one.id)}
                >
                  Take back
                </Button>
              </li>
            )
          })}
        </ul>
      )}
    </div>
  )
}

/** Who may come in: people and invitations. For owners. */
export default function PeopleTab() {
  const { mode } = useAuth()
  const all = useQuery(people(useApi()))
  const [link, setLink] = useState<string | null>(null)
  return (
    <div className="grid max-w-3xl gap-8">
      <Section
        title="People"
        lead="Everybody sees their own pictures and jobs only. Shut out, a person’s sessions and keys end at once; what they made stays."
      >
        {all.isError && <ProblemAlert error={all.error} onRetry={() => void all.refetch()} />}
        {all.isPending && <Skeleton className="h-24" />}
        {all.data && (
          <ul aria-label="People" className="divide-y">
            {all.data.map((person) => (
              <OnePerson key={person.id} person={person} onLink={setLink} />
            ))}
          </ul>
        )}
        {link && (
          <div className="mt-4">
            <Once label="The sign-in link" secret={link}>
              Send this link to that person. It works once, within ten minutes, and lets them set a new
              password.
            </Once>
          </div>
        )}
      </Section>
      {mode === 'local' && (
        <Section title="Invitations">
          <Invitations />
        </Section>
      )}
    </div>
  )
}
