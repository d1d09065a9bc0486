import { createBrowserRouter } from 'react-router'
import type { Config } from '@/api/types'
import { BootScreen } from '@/components/boot-screen'
import { ErrorPage } from './error-page'
import { Root } from './root'

// The chunk that the composer fetches ahead, and no other before it.
const jobPage = async () => ({ Component: (await import('@/features/jobs/job-page')).JobPage })

/** The app's addresses. Each page is a chunk of its own. */
export const createRouter = (config: Config) =>
  createBrowserRouter([
    {
      element: <Root config={config} />,
      errorElement: <ErrorPage />,
      HydrateFallback: BootScreen,
      children: [
        {
          errorElement: <ErrorPage />,
          children: [
            { index: true, lazy: () => import('./routes/new') },
            { path: 'jobs', lazy: () => import('./routes/jobs') },
            { path: 'jobs/:id', lazy: jobPage },
            { path: 'models', lazy: () => import('./routes/models') },
            { path: 'playground', lazy: () => import('./routes/playground') },
            { path: 'settings', lazy: () => import('./routes/settings') },
            { path: 'join', lazy: () => import('./routes/joined') },
            { path: '*', lazy: () => import('./routes/not-found') },
          ],
        },
      ],
    },
  ])
