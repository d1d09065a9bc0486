import { lazy, type ReactNode, Suspense } from 'react'
import type { Config } from '@/api/types'
import { BootScreen } from '@/components/boot-screen'

// Each way of signing in is its own chunk: whoever uses one never downloads the other.
const ClerkAuth = lazy(() => import('./clerk-auth'))
const LocalAuth = lazy(() => import('./local-auth'))

/** Chooses the way of signing in that the server asks for. */
export function AuthProvider({ config, children }: { config: Config; children: ReactNode }) {
  return (
    <Suspense fallback={<BootScreen />}>
      {config.sign_in === 'clerk' && config.clerk_publishable_key ? (
        <ClerkAuth publishableKey={config.clerk_publishable_key}>{children}</ClerkAuth>
      ) : (
        <LocalAuth config={config}>{children}</LocalAuth>
      )}
    </Suspense>
  )
}
