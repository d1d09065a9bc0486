import { type FormEvent, type ReactNode, useCallback, useEffect, useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { Input } from '@/components/ui/input'
import { readStored, writeStored } from '@/lib/storage'
import { AuthContext, useAuth } from './context'
import { readPasted } from './sign-in-link'
import type { Auth, AuthState } from './types'

// The session cookie is the usual way. A token pasted by hand lives as long as its tab.
const TOKEN_KEY = 'token'
let token = readStored('sessionStorage', TOKEN_KEY)

function keep(value: string | null) {
  token = value
  writeStored('sessionStorage', TOKEN_KEY, value)
}

async function whoAmI(): Promise<AuthState> {
  try {
    const response = await fetch('/api/v1/me', {
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      cache: 'no-store',
    })
    if (response.ok) {
      const me = (await response.json()) as { owner: string }
      return { status: 'signed-in', user: { id: me.owner, name: me.owner } }
    }
    if (response.status === 401 || response.status === 403) {
      keep(null)
      return { status: 'signed-out' }
    }
    return {
      status: 'error',
      message: `The server answered ${response.status} to the question who is there.`,
    }
  } catch {
    return { status: 'error', message: 'The server does not answer.' }
  }
}

let checkAgain: () => Promise<AuthState> = whoAmI

function SignInView() {
  const [error, setError] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const pasted = readPasted(String(new FormData(event.currentTarget).get('secret')))
    if (pasted.kind === 'unknown')
      return setError(
        'This is neither a sign-in link nor a token. Paste the whole line that the server printed.',
      )
    // The server opens the session and sends the browser back to where the app stands.
    if (pasted.kind === 'code') return window.location.assign(`/signin?code=${pasted.code}`)
    setBusy(true)
    keep(pasted.token)
    const state = await checkAgain()
    setBusy(false)
    if (state.status === 'signed-out')
      setError('The server does not know this token. Print it again and paste all of it.')
    if (state.status === 'error') setError(state.message)
  }
  return (
    <div className="w-full max-w-md animate-rise">
      <h1 className="font-display text-5xl leading-none tracking-tight">Come in, the light is safe</h1>
      <p className="mt-4 text-muted-foreground">
        Darkroom runs on your own machine. When it starts it prints a link that works once: open it, or paste
        it here. The token of the data folder works too.
      </p>
      <form onSubmit={submit} className="mt-6 grid gap-3 rounded-xl border bg-card p-5">
        <label htmlFor="secret" className="text-sm font-medium">
          Sign-in link or token
        </label>
        <Input
          id="secret"
          name="secret"
          type="password"
          autoComplete="off"
          required
          aria-invalid={error !== null}
          aria-describedby={error ? 'secret-error' : 'secret-hint'}
        />
        {error ? (
          <p id="secret-error" role="alert" className="text-sm text-destructive">
            {error}
          </p>
        ) : (
          <p id="secret-hint" className="text-sm text-muted-foreground">
            In the terminal:{' '}
            <code className="rounded bg-code px-1 py-0.5 font-mono text-xs">darkroom token</code>
          </p>
        )}
        <Button type="submit" size="lg" disabled={busy}>
          {busy ? 'Asking…' : 'Sign in'}
        </Button>
      </form>
    </div>
  )
}

function UserMenu() {
  const { signOut } = useAuth()
  return signOut ? (
    <Button variant="ghost" size="sm" onClick={() => void signOut()}>
      Sign out
    </Button>
  ) : null
}

/** Signing in on one's own machine: by one-time link (a session cookie) or by the token of the data folder. */
export default function LocalAuth({ children }: { children: ReactNode }) {
  const [state, setState] = useState<AuthState>({ status: 'loading' })
  const check = useCallback(async () => {
    const found = await whoAmI()
    setState(found)
    return found
  }, [])
  useEffect(() => {
    checkAgain = check
    void check()
  }, [check])

  const value = useMemo<Auth>(
    () => ({
      ...state,
      mode: 'local',
      getToken: async (options) => {
        // Refused once: look whether the session still stands, so that the page can ask to sign in.
        if (options?.fresh) await check()
        return token
      },
      // A session by cookie ends on the server's side only; a pasted token is forgotten here.
      signOut: token
        ? async () => {
            keep(null)
            setState({ status: 'signed-out' })
          }
        : undefined,
      SignIn: SignInView,
      UserMenu,
    }),
    [state, check],
  )
  return <AuthContext value={value}>{children}</AuthContext>
}
