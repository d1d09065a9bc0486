import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useApi } from '@/api/context'
import { useAuth } from '@/auth/context'
import { ProblemAlert } from '@/components/problem-alert'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'
import { Skeleton } from '@/components/ui/skeleton'
import { formatAgo, plainName } from '@/lib/format'
import { showToast } from '@/lib/toast'
import { myself, sessions } from './api'
import { Section, useChange } from './parts'
import { browserWords, viaWords } from './words'
import { YourData } from './your-data'

const fieldsOf = (event: FormEvent<HTMLFormElement>) => {
  event.preventDefault()
  const fields = new FormData(event.currentTarget)
  return (name: string) => String(fields.get(name) ?? '')
}

function Profile() {
  const api = useApi()
  const { refresh } = useAuth()
  const me = useQuery(myself(api))
  const save = useChange(
    (body: { name: string; email?: string }) => api.PATCH('/api/v1/me', { body }),
    () => {
      void refresh?.()
      showToast({ tone: 'success', title: 'Saved.' })
    },
  )
  if (me.isError) return <ProblemAlert error={me.error} onRetry={() => void me.refetch()} />
  if (!me.data) return <Skeleton className="h-32" />
  const { user, role, team } = me.data
  if (user.source !== 'local')
    return (
      <p className="text-sm">
        {plainName(user.name)}
        {user.email && <span className="text-muted-foreground"> · {plainName(user.email)}</span>}
        {team && <span className="text-muted-foreground"> · {plainName(team)}</span>}
        <span className="mt-1 block text-muted-foreground">
          Name and address come from where you sign in.
        </span>
      </p>
    )
  return (
    <form
      aria-label="You"
      className="grid gap-4"
      onSubmit={(event) => {
        const field = fieldsOf(event)
        save.mutate({ name: field('name'), ...(field('email') && { email: field('email') }) })
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <label className="grid gap-1.5 text-sm font-medium">
          Your name
          <Input name="name" autoComplete="name" required maxLength={100} defaultValue={user.name} />
        </label>
        <label className="grid gap-1.5 text-sm font-medium">
          E-mail address
          <Input name="email" type="email" autoComplete="username" defaultValue={user.email ?? ''} />
        </label>
      </div>
      <div className="flex items-center justify-between gap-4">
        <p className="text-sm text-muted-foreground">
          {role === 'owner' ? 'You are an owner of this installation.' : 'You are a member.'}
        </p>
        <Button type="submit" variant="outline" disabled={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  )
}

function Password() {
  const api = useApi()
  const me = useQuery(myself(api))
  const [differ, setDiffer] = useState(false)
  const has = me.data?.user.has_password ?? false
  const change = useChange(
    (body: { current?: string; new: string }) => api.POST('/api/v1/me/password', { body }),
    () => showToast({ tone: 'success', title: 'The password is set. All other sessions have ended.' }),
  )
  return (
    <form
      aria-label="Password"
      className="grid gap-4"
      onSubmit={(event) => {
        const form = event.currentTarget
        const field = fieldsOf(event)
        setDiffer(field('new') !== field('again'))
        if (field('new') !== field('again')) return
        const current = field('current')
        change.mutate({ new: field('new'), ...(current && { current }) }, { onSuccess: () => form.reset() })
      }}
    >
      {has && (
        <label className="grid gap-1.5 text-sm font-medium">
          Password until now
          <Input name="current" type="password" autoComplete="current-password" />
          <span className="font-normal text-muted-foreground">Not needed after a one-time link.</span>
        </label>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <label className="grid gap-1.5 text-sm font-medium">
          New password
          <Input name="new" type="password" autoComplete="new-password" minLength={12} required />
        </label>
        <label className="grid gap-1.5 text-sm font-medium">
          The same again
          <Input name="again" type="password" autoComplete="new-password" required aria-invalid={differ} />
        </label>
      </div>
      {differ && (
        <p role="alert" className="text-sm text-destructive">
          The two passwords differ.
        </p>
      )}
      <div className="flex items-center justify-between gap-4">
        <p className="text-sm text-muted-foreground">At least 12 characters. All other sessions end.</p>
        <Button type="submit" variant="outline" disabled={change.isPending}>
          {has ? 'Change it' : 'Set it'}
        </Button>
      </div>
    </form>
  )
}

function Sessions() {
  const api = useApi()
  const { refresh } = useAuth()
  const all = useQuery(sessions(api))
  const end = useChange(
    (id: string) => api.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }),
    () => void refresh?.(),
  )
  const endOthers = useChange(() => api.DELETE('/api/v1/me/sessions'))
  if (all.isError) return <ProblemAlert error={all.error} onRetry={() => void all.refetch()} />
  if (!all.data) return <Skeleton className="h-24" />
  if (all.data.length === 0)
    return <p className="text-sm text-muted-foreground">No browser is signed in; you came with a token.</p>
  return (
    <>
      <ul aria-label="Sessions" className="divide-y">
        {all.data.map((one) => (
          <li key={one.id} className="flex items-center justify-between gap-4 py-3 first:pt-0">
            <span className="min-w-0 text-sm">
              <span className="flex flex-wrap items-center gap-2 font-medium">
                {browserWords(one.user_agent)}
                {one.current && <Badge tone="success">this one</Badge>}
              </span>
              <span className="block text-muted-foreground">
                Opened {formatAgo(one.created_at)} {viaWords(one.via)}, used {formatAgo(one.last_used_at)}
              </span>
            </span>
            <Button
              size="sm"
              variant="outline"
              disabled={end.isPending}
              aria-label={`End the session of ${browserWords(one.user_agent)}${one.current ? ', this one' : ''}`}
              onClick={() => end.mutate(one.id)}
            >
              End
            </Button>
          </li>
        ))}
      </ul>
      {all.data.length > 1 && (
        <Button
          className="mt-2"
          variant="outline"
          size="sm"
          disabled={endOthers.isPending}
          onClick={() => endOthers.mutate(undefined)}
        >
          End all others
        </Button>
      )}
    </>
  )
}

/** Who one is here: name, password, sessions; and all of one's data. */
export default function AccountTab() {
  const { mode } = useAuth()
  return (
    <div className="grid max-w-3xl gap-8">
      <Section title="You">
        <Profile />
      </Section>
      {mode === 'local' && (
        <Section title="Password">
          <Password />
        </Section>
      )}
      {mode !== 'clerk' && (
        <Section title="Signed-in browsers">
          <Sessions />
        </Section>
      )}
      <YourData />
    </div>
  )
}
