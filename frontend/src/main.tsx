import '@/styles/app.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router/dom'
import { createRouter } from '@/app/router'
import { loadConfig } from '@/lib/config'
import { beginReports } from '@/lib/report'

// The likely next chunks come while the server is asked about itself.
if (location.pathname === '/') void import('@/app/routes/new')
void import('@/auth/local-auth')

const root = createRoot(document.getElementById('root') as HTMLElement)
try {
  const config = await loadConfig()
  if (config.sentry_dsn) beginReports(config.sentry_dsn, `darkroom@${config.version}`)
  root.render(
    <StrictMode>
      <RouterProvider router={createRouter(config)} />
    </StrictMode>,
  )
} catch {
  root.render(
    <main className="grid min-h-dvh place-items-center p-8 text-center">
      <div>
        <h1 className="font-display text-5xl">The darkroom is locked</h1>
        <p className="mt-3 text-muted-foreground">
          The server does not answer. Look whether it is running, then{' '}
          <a className="underline" href="/">
            try again
          </a>
          .
        </p>
      </div>
    </main>,
  )
}
