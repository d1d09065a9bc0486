import { lazy, type ReactNode, Suspense, useCallback, useEffect, useMemo, useState } from 'react'
import type { Config } from '@/api/types'
import { BootScreen } from '@/components/boot-screen'
import { Button } from '@/components/ui/button'
import { readStored, writeStored } from '@/lib/storage'
import { AuthContext, useAuth } from './context'
import { Door, type WaysIn } from './door-context'
import { askWho } from './me'
import type { Auth, AuthState } from './types'

// Only strangers need it.
const SignIn = lazy(() => import('./sign-in'))

// The session cookie is the usual way. A token pasted by hand lives as long as its tab.
const TOKEN_KEY = 'token'
let token = readStored('sessionStorage', TOKEN_KEY)

function keep(value: string | null) {
  token = value
  writeStored('sessionStorage', TOKEN_KEY, value)
}

const SignInView = () => (
  <Suspense fallback={<BootScreen />}>
    <SignIn />
  </Suspense>
)

function UserMenu() {
  const { signOut } = useAuth()
  return signOut ? (
    <Button variant="ghost" size="sm" onClick={() => void signOut()}>
      Sign out
    </Button>
  ) : null
}

/** Signing in with this server itself: by password, one-time link, token, or by an issuer that it trusts. A cookie stands for it. */
export default function LocalAuth({ config, children }: { config: Config; children: ReactNode }) {
  const [state, setState] = useState<AuthState>({ status: 'loading' })
  const check = useCallback(async () => {
    const found = await askWho(token)
    if (found.status === 'signed-out') keep(null)
    setState(found)
    return found
  }, [])
  useEffect(() => {
    // Without a session and a token nobody is there: asking would only put a refusal on the console.
    if (config.has_session || token) void check()
    else setState({ status: 'signed-out' })
  }, [check, config.has_session])

  const value = useMemo<Auth>(
    () => ({
      ...state,
      mode: config.sign_in,
      getToken: async (options) => {
        // Refused once: look whether the session still stands, so that the page can ask to sign in.
        if (options?.fresh) await check()
        return token
      },
      signOut: async () => {
        // A pasted token is forgotten here; a session ends on the server's side. Where that fails the person is still there,
        // and is shown to be.
        if (token) keep(null)
        else await fetch('/api/v1/auth/sign-out', { method: 'POST' }).catch(() => undefined)
        await check()
      },
      refresh: async () => {
        await check()
      },
      SignIn: SignInView,
      UserMenu,
    }),
    [state, check, config.sign_in],
  )
  const door = useMemo<WaysIn>(
    () => ({
      config,
      enter: check,
      enterWithToken: (given) => {
        keep(given)
        return check()
      },
    }),
    [config, check],
  )
  return (
    <AuthContext value={value}>
      <Door value={door}>{children}</Door>
    </AuthContext>
  )
}
