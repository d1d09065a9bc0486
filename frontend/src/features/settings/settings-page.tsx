import { useQuery } from '@tanstack/react-query'
import { CheckIcon, CircleAlertIcon } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useApi, useConfig } from '@/api/context'
import { useAuth } from '@/auth/context'
import { Page } from '@/components/page'
import { ProblemAlert } from '@/components/problem-alert'
import { Term } from '@/components/term'
import { Button } from '@/components/ui/button'
import { Skeleton } from '@/components/ui/skeleton'
import { Switch } from '@/components/ui/switch'
import { Tabs } from '@/components/ui/tabs'
import { Section } from '@/features/account/parts'
import { formatBytes, formatDuration } from '@/lib/format'
import { canNotify, mayNotify, setNotifications } from '@/lib/notifications'
import { setSingleKeys, singleKeysOn } from '@/lib/shortcuts'
import { writeStored } from '@/lib/storage'
import { setTheme, type Theme, useTheme } from '@/lib/theme'
import { cn } from '@/lib/utils'

const THEMES: { key: Theme; label: string }[] = [
  { key: 'system', label: 'As the machine' },
  { key: 'light', label: 'Light' },
  { key: 'dark', label: 'Dark' },
]

function ThemeChoice() {
  const { theme } = useTheme()
  return (
    <fieldset className="pb-3">
      <legend className="mb-2 text-sm font-medium">Light</legend>
      <div className="grid grid-cols-3 gap-2">
        {THEMES.map(({ key, label }) => (
          <label
            key={key}
            className={cn(
              'grid cursor-pointer place-items-center rounded-lg border px-2 py-3 text-center text-sm has-focus-visible:outline-2 has-focus-visible:outline-ring',
              theme === key && 'border-primary bg-accent text-accent-foreground',
            )}
          >
            <input
              type="radio"
              name="theme"
              className="sr-only"
              checked={theme === key}
              onChange={() => setTheme(key)}
            />
            {label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function ThisBrowser() {
  const [keys, setKeys] = useState(singleKeysOn)
  const [told, setTold] = useState(mayNotify)
  const blocked = canNotify() && Notification.permission === 'denied'
  const hint = !canNotify()
    ? 'This browser cannot show notifications.'
    : blocked
      ? 'The browser has blocked them for this page; allow them in its settings first.'
      : 'Tells you when a job ends while you look at something else.'
  return (
    <Section title="This browser">
      <ThemeChoice />
      <div className="divide-y border-t">
        <Switch
          label="Notifications of the browser"
          hint={hint}
          checked={told}
          disabled={!canNotify() || blocked}
          onChange={(on) => void setNotifications(on).then(setTold)}
        />
        <Switch
          label="Shortcuts of single keys"
          hint="Turn them off if you steer by voice."
          checked={keys}
          onChange={(on) => {
            setSingleKeys(on)
            setKeys(on)
          }}
        />
        <div className="flex items-center justify-between gap-6 pt-3">
          <span>
            <span className="block text-sm font-medium">The tour</span>
            <span className="block text-sm text-muted-foreground">Three steps that say what this is.</span>
          </span>
          <Button
            variant="outline"
            size="sm"
            onClick={() => {
              writeStored('localStorage', 'tour-seen', null)
              window.location.assign('/')
            }}
          >
            See it again
          </Button>
        </div>
      </div>
    </Section>
  )
}

const Rows = ({ rows }: { rows: [string, string][] }) => (
  <dl className="grid gap-2 text-sm">
    {rows.map(([name, value]) => (
      <div key={name} className="flex items-baseline justify-between gap-4">
        <dt className="text-muted-foreground">{name}</dt>
        <dd className="text-right tabular-nums">{value}</dd>
      </div>
    ))}
  </dl>
)

function Server() {
  const { name, version, limits } = useConfig()
  return (
    <Section title="This server">
      <Rows
        rows={[
          ['Name', `${name} ${version}`],
          [
            'Largest picture',
            `${formatBytes(limits.max_upload_bytes)}, ${Math.round(limits.max_image_pixels / 1_000_000)} megapixels`,
          ],
          ['Pictures in a job', `${limits.max_images_per_job}`],
          ['Longest prompt', formatBytes(limits.max_prompt_bytes)],
          ['Longest run of code', formatDuration(limits.max_run_seconds * 1000)],
          ['Longest job', formatDuration(limits.max_job_seconds * 1000)],
        ]}
      />
      <p className="mt-4 border-t pt-4 text-sm text-muted-foreground">
        Programs use the same API as this page:{' '}
        <a href="/docs" className="text-foreground underline underline-offset-4">
          its description
        </a>
        .
      </p>
    </Section>
  )
}

function Sandbox() {
  const api = useApi()
  const health = useQuery({
    queryKey: ['sandbox', 'health'],
    queryFn: async ({ signal }) => (await api.GET('/api/v1/executions/health', { signal })).data,
  })
  const data = health.data
  return (
    <Section title={<Term of="sandbox">The sealed room</Term>}>
      {health.isError && <ProblemAlert error={health.error} onRetry={() => void health.refetch()} />}
      {health.isPending && <Skeleton className="h-40" />}
      {data && (
        <>
          <Rows
            rows={[
              ['Walls', `${data.isolation.jail}, cgroup ${data.isolation.cgroup}`],
              ['Network', data.isolation.network ? 'yes' : 'none'],
              ['Filter of system calls', data.isolation.seccomp ? 'in force' : 'none'],
              ['Memory', formatBytes(data.isolation.memory_bytes)],
              ['Processors', `${data.isolation.cpu_percent / 100}`],
              ['Processes', `${data.isolation.pids}`],
              [
                'Proved',
                data.proved_seconds_ago == null
                  ? 'not yet'
                  : `${formatDuration(data.proved_seconds_ago * 1000)} ago`,
              ],
            ]}
          />
          {data.probes.length > 0 && (
            <ul aria-label="What the last proof found" className="mt-4 grid gap-2 border-t pt-4 text-sm">
              {data.probes.map((probe) => (
                <li key={`${probe.name} ${probe.start}`} className="flex items-start gap-2">
                  {probe.ok ? (
                    <CheckIcon
                      role="img"
                      aria-label="holds"
                      className="mt-0.5 size-4 shrink-0 text-success"
                    />
                  ) : (
                    <CircleAlertIcon
                      role="img"
                      aria-label="does not hold"
                      className="mt-0.5 size-4 shrink-0 text-destructive"
                    />
                  )}
                  <span className="min-w-0 flex-1 break-words">
                    {probe.name.replaceAll('_', ' ')}{' '}
                    <span className="text-muted-foreground">({probe.start})</span>
                    <span className="block text-xs text-muted-foreground">{probe.detail}</span>
                  </span>
                </li>
              ))}
            </ul>
          )}
          <Packages />
        </>
      )}
    </Section>
  )
}

function Packages() {
  const api = useApi()
  const [open, setOpen] = useState(false)
  const environment = useQuery({
    queryKey: ['sandbox', 'environment'],
    enabled: open,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => (await api.GET('/api/v1/executions/environment', { signal })).data,
  })
  return (
    <details className="mt-4 border-t pt-4 text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="font-medium">What code can import</summary>
      {environment.isError && <ProblemAlert error={environment.error} className="mt-3" />}
      {environment.data && (
        <>
          <p className="mt-3 text-muted-foreground">
            Python {environment.data.python}, its own library, and:
          </p>
          <ul className="mt-2 columns-2 gap-6 text-xs sm:columns-3">
            {environment.data.packages.map((one) => (
              <li key={one.name} className="truncate py-0.5">
                {one.name} <span className="text-muted-foreground">{one.version}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  )
}

const General = () => (
  <div className="grid items-start gap-8 lg:grid-cols-2">
    <div className="grid gap-8">
      <ThisBrowser />
      <Server />
    </div>
    <Sandbox />
  </div>
)

const AccountTab = lazy(() => import('@/features/account/account-tab'))
const UsageTab = lazy(() => import('@/features/usage/usage-tab'))
const NoticesTab = lazy(() => import('@/features/notices/settings-tab'))
const KeysTab = lazy(() => import('@/features/account/keys-tab'))
const PeopleTab = lazy(() => import('@/features/account/people-tab'))
const AuditTab = lazy(() => import('@/features/account/audit-tab'))

const TABS = [
  { key: 'general', label: 'General', show: General, ownersOnly: false },
  { key: 'account', label: 'Account', show: AccountTab, ownersOnly: false },
  { key: 'usage', label: 'Limits and use', show: UsageTab, ownersOnly: false },
  { key: 'notifications', label: 'Notifications', show: NoticesTab, ownersOnly: false },
  { key: 'keys', label: 'API keys', show: KeysTab, ownersOnly: false },
  { key: 'people', label: 'People', show: PeopleTab, ownersOnly: true },
  { key: 'audit', label: 'Audit', show: AuditTab, ownersOnly: true },
] as const

/** What can be chosen, who one is here, and what this server is made of. */
export function SettingsPage() {
  const auth = useAuth()
  const [params, setParams] = useSearchParams()
  const isOwner = auth.status === 'signed-in' && auth.user.role === 'owner'
  const tabs = TABS.filter((tab) => isOwner || !tab.ownersOnly)
  const { key, show: Shown } = tabs.find((tab) => tab.key === params.get('tab')) ?? TABS[0]
  return (
    <Page name="Settings" title="Settings" className="max-w-5xl">
      <Tabs
        label="Settings"
        items={tabs}
        value={key}
        onChange={(tab) => setParams(tab === 'general' ? {} : { tab }, { replace: true })}
      >
        <Suspense fallback={<Skeleton className="h-64" />}>
          <Shown />
        </Suspense>
      </Tabs>
    </Page>
  )
}
