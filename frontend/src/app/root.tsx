import { QueryClient, QueryClientProvider, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Outlet, ScrollRestoration, useNavigate, useNavigation } from 'react-router'
import { ApiProvider } from '@/api/context'
import { ApiError } from '@/api/problem'
import type { Config } from '@/api/types'
import { AuthProvider } from '@/auth/auth-provider'
import { useAuth } from '@/auth/context'
import { BootScreen } from '@/components/boot-screen'
import { Button } from '@/components/ui/button'
import { Toaster } from '@/components/ui/toaster'
import { useShortcuts } from '@/lib/shortcuts'
import { AppHeader, MobileBar } from './app-header'
import { JobWatch } from './job-watch'
import { FirstTour } from './tour-gate'

const CommandPalette = lazy(() => import('./command-palette'))
const KeyboardSheet = lazy(() => import('./keyboard-sheet'))
const NoticePanel = lazy(() => import('@/features/notices/notice-panel'))

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: true,
      retry: (count, error) => !(error instanceof ApiError && error.problem.status < 500) && count < 2,
    },
  },
})

function Frame() {
  const [open, setOpen] = useState<'palette' | 'keys' | 'notices' | null>(null)
  const navigate = useNavigate()
  const busy = useNavigation().state === 'loading'
  useShortcuts({
    '?': () => setOpen('keys'),
    'g n': () => void navigate('/'),
    'g j': () => void navigate('/jobs'),
    'g p': () => void navigate('/playground'),
    'g m': () => void navigate('/models'),
    'g s': () => void navigate('/settings'),
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'k') return
      event.preventDefault()
      setOpen('palette')
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:z-50 focus:m-2 focus:rounded-md focus:bg-popover focus:px-3 focus:py-2 focus:shadow-lg"
      >
        Skip to content
      </a>
      {busy && <div aria-hidden className="fixed inset-x-0 top-0 z-50 h-0.5 animate-lamp bg-primary" />}
      <AppHeader
        onPalette={() => setOpen('palette')}
        onKeys={() => setOpen('keys')}
        onNotices={() => setOpen('notices')}
      />
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col pb-20 outline-none sm:pb-8">
        <Outlet />
      </main>
      <MobileBar />
      <JobWatch />
      <FirstTour />
      <Suspense fallback={null}>
        {open === 'palette' && (
          <CommandPalette onClose={() => setOpen(null)} onKeys={() => setOpen('keys')} />
        )}
        {open === 'keys' && <KeyboardSheet onClose={() => setOpen(null)} />}
        {open === 'notices' && <NoticePanel onClose={() => setOpen(null)} />}
      </Suspense>
    </div>
  )
}

/** Shows the app to whoever is signed in, and the way in to everybody else. */
function Gate() {
  const auth = useAuth()
  const cache = useQueryClient()
  const signedOut = auth.status === 'signed-out'
  useEffect(() => {
    if (signedOut) cache.clear()
  }, [signedOut, cache])
  if (auth.status === 'loading') return <BootScreen />
  if (auth.status === 'signed-in') return <Frame />
  return (
    <main id="main" className="mx-auto flex min-h-dvh max-w-5xl flex-col p-6">
      <p className="flex items-center gap-2 font-display text-2xl">
        <span aria-hidden className="lamp" />
        Darkroom
      </p>
      <div className="grid flex-1 place-items-center py-10">
        {auth.status === 'error' ? (
          <div role="alert" className="max-w-md text-center">
            <h1 className="font-display text-5xl">The door is stuck</h1>
            <p className="mt-3 text-muted-foreground">{auth.message}</p>
            <Button className="mt-6" onClick={() => window.location.reload()}>
              Try again
            </Button>
          </div>
        ) : (
          <auth.SignIn />
        )}
      </div>
    </main>
  )
}

/** Everything that stands around the pages. */
export function Root({ config }: { config: Config }) {
  return (
    <QueryClientProvider client={queryClient}>
      <AuthProvider config={config}>
        <ApiProvider config={config}>
          <Gate />
        </ApiProvider>
      </AuthProvider>
      <Toaster />
      <ScrollRestoration />
    </QueryClientProvider>
  )
}
