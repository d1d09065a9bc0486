import { createBrowserRouter } from 'react-router'
import type { Config } from '@/api/types'
import { BootScreen } from '@/components/boot-screen'
import { ErrorPage } from './error-page'
import { Root } from './root'

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
            { path: 'jobs/:id', lazy: () => import('./routes/job') },
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
