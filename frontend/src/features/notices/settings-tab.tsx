import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api/context'
import { ProblemAlert } from '@/components/problem-alert'
import { Badge } from '@/components/ui/badge'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'
import { Skeleton } from '@/components/ui/skeleton'
import { Once, Section, useChange } from '@/features/account/parts'
import { plainName } from '@/lib/format'
import { showToast } from '@/lib/toast'
import {
  type Channel,
  type ChosenSettings,
  type NoticeKind,
  type NoticeSettings,
  noticeSettings,
} from './api'
import { Deliveries } from './deliveries'

const KINDS: { key: NoticeKind; label: string }[] = [
  { key: 'job_succeeded', label: 'a job has a result' },
  { key: 'job_failed', label: 'a job failed' },
  { key: 'job_stopped', label: 'a job used up a limit' },
]
const ALL = KINDS.map((kind) => kind.key)

/** What is told on a channel: at least one thing, else the channel is nothing. */
function Kinds({ name, chosen }: { name: string; chosen: readonly NoticeKind[] }) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">Tell me there when</legend>
      <div className="flex flex-wrap gap-x-5 gap-y-1">
        {KINDS.map(({ key, label }) => (
          <label key={key} className="flex min-h-8 items-center gap-2 text-sm pointer-coarse:min-h-11">
            <input
              type="checkbox"
              name={name}
              value={key}
              defaultChecked={chosen.includes(key)}
              className="size-4 accent-primary"
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** What the form says, as the API takes it. A channel without an address is off. */
export function chosenIn(fields: FormData): ChosenSettings {
  const text = (name: string) => String(fields.get(name) ?? '').trim()
  const kinds = (name: string) => fields.getAll(name) as NoticeKind[]
  const [url, address] = [text('url'), text('address')]
  return {
    ...(url && { webhook: { url, events: kinds('webhook-events') } }),
    ...(address && { email: { address, events: kinds('email-events') } }),
  }
}

function Try({ channel, label }: { channel: Channel; label: string }) {
  const api = useApi()
  const attempt = useChange(
    () => api.POST('/api/v1/notifications/settings/test', { body: { channel } }),
    () => showToast({ tone: 'info', title: 'A try is on its way.', detail: 'What came of it stands below.' }),
    'notices',
  )
  return (
    <Button
      size="sm"
      variant="outline"
      disabled={attempt.isPending}
      aria-label={label}
      onClick={() => attempt.mutate(undefined)}
    >
      Send a try
    </Button>
  )
}

function Secret({ onMade }: { onMade: (secret: string) => void }) {
  const api = useApi()
  const renew = useChange(
    () => api.POST('/api/v1/notifications/settings/secret'),
    ({ data }) => data && onMade(data.secret),
    'notices',
  )
  return (
    <Button size="sm" variant="outline" disabled={renew.isPending} onClick={() => renew.mutate(undefined)}>
      Make another secret
    </Button>
  )
}

function Confirm({ address }: { address: string }) {
  const api = useApi()
  const confirm = useChange(
    (code: string) => api.POST('/api/v1/notifications/settings/confirm', { body: { code } }),
    () => showToast({ tone: 'success', title: 'The address is confirmed.' }),
    'notices',
  )
  return (
    <form
      aria-label="Confirm the address"
      className="mt-4 flex flex-wrap items-end gap-3 rounded-lg border border-primary/50 bg-primary/8 p-4"
      onSubmit={(event) => {
        event.preventDefault()
        confirm.mutate(String(new FormData(event.currentTarget).get('code')).trim())
      }}
    >
      <label className="grid flex-1 basis-56 gap-1.5 text-sm font-medium">
        The code that was sent to {plainName(address)}
        <Input
          name="code"
          required
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="\s*[0-9]{8}\s*"
          title="Eight digits"
          className="max-w-40 font-mono"
        />
      </label>
      <Button type="submit" disabled={confirm.isPending}>
        Confirm
      </Button>
    </form>
  )
}

function Channels({
  settings,
  onSecret,
}: {
  settings: NoticeSettings
  onSecret: (secret: string | null) => void
}) {
  const api = useApi()
  const cache = useQueryClient()
  const save = useChange(
    (body: ChosenSettings) => api.PUT('/api/v1/notifications/settings', { body }),
    ({ data }) => {
      if (!data) return
      cache.setQueryData(noticeSettings(api).queryKey, data)
      onSecret(data.webhook?.secret ?? null)
      showToast({ tone: 'success', title: 'Saved.' })
    },
    'notices',
  )
  const { webhook, email, email_available: hasMail } = settings
  return (
    <form
      aria-label="Channels"
      onSubmit={(event) => {
        event.preventDefault()
        const fields = new FormData(event.currentTarget)
        for (const name of ['webhook', 'email'] as const) {
          const isOn = String(fields.get(name === 'webhook' ? 'url' : 'address') ?? '').trim() !== ''
          if (!isOn || fields.getAll(`${name}-events`).length > 0) continue
          const what = name === 'webhook' ? 'webhook' : 'e-mail address'
          return showToast({
            tone: 'error',
            title: `Choose what the ${what} is told of, or empty its field to switch it off.`,
          })
        }
        save.mutate(chosenIn(fields))
      }}
    >
      <div className="grid gap-4">
        <label className="grid gap-1.5 text-sm font-medium">
          Webhook
          <Input
            name="url"
            type="url"
            autoComplete="off"
            placeholder="https://hooks.example.org/darkroom"
            defaultValue={webhook?.url ?? ''}
          />
          <span className="font-normal text-muted-foreground">
            Requests to a server of yours, signed. {settings.http_allowed ? 'HTTPS or HTTP.' : 'HTTPS only.'}{' '}
            Empty: off.
          </span>
        </label>
        {webhook?.off_because && (
          <p role="alert" className="rounded-lg border border-destructive/50 bg-destructive/8 p-3 text-sm">
            Switched off: {plainName(webhook.off_because)} Save to switch it on again.
          </p>
        )}
        <Kinds name="webhook-events" chosen={webhook?.events ?? ALL} />
        {webhook && (
          <div className="flex flex-wrap gap-2">
            <Try channel="webhook" label="Send a try to the webhook" />
            <Secret onMade={onSecret} />
          </div>
        )}
      </div>
      <div className="mt-5 grid gap-4 border-t pt-5">
        {hasMail ? (
          <>
            <label className="grid gap-1.5 text-sm font-medium">
              <span className="flex items-center gap-2">
                E-mail
                {email &&
                  (email.confirmed ? (
                    <Badge tone="success">confirmed</Badge>
                  ) : (
                    <Badge tone="warning">waits for its code</Badge>
                  ))}
              </span>
              <Input name="address" type="email" autoComplete="email" defaultValue={email?.address ?? ''} />
              <span className="font-normal text-muted-foreground">
                Says how a job ended and where to look; nothing of a picture. Empty: off.
              </span>
            </label>
            <Kinds name="email-events" chosen={email?.events ?? ALL} />
            {email?.confirmed && (
              <div>
                <Try channel="email" label="Send a try by e-mail" />
              </div>
            )}
          </>
        ) : (
          <p className="text-sm text-muted-foreground">
            This server sends no e-mail. Whoever runs it can set <code className="font-mono">SMTP_URL</code>.
          </p>
        )}
      </div>
      <div className="mt-5 flex justify-end border-t pt-4">
        <Button type="submit" disabled={save.isPending}>
          {save.isPending ? 'Saving…' : 'Save'}
        </Button>
      </div>
    </form>
  )
}

/** Where one is told, outside of the app, that jobs have ended. */
export default function NoticesTab() {
  const settings = useQuery(noticeSettings(useApi()))
  const [secret, setSecret] = useState<string | null>(null)
  const { data } = settings
  return (
    <div className="grid max-w-3xl gap-8">
      <Section
        title="Where you are told"
        lead="The bell above always tells when a job ends. These tell you elsewhere too."
      >
        {settings.isError && <ProblemAlert error={settings.error} onRetry={() => void settings.refetch()} />}
        {settings.isPending && <Skeleton className="h-60" />}
        {data && (
          // What was saved is what the fields begin with again.
          <Channels
            key={`${data.webhook?.url} ${data.email?.address}`}
            settings={data}
            onSecret={setSecret}
          />
        )}
        {data?.email && !data.email.confirmed && <Confirm address={data.email.address} />}
      </Section>
      {secret && (
        <Once label="The webhook’s secret" secret={secret}>
          Requests are signed with this. It is shown this once.
        </Once>
      )}
      <Deliveries />
    </div>
  )
}
